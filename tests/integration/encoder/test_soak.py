"""The encoder as a process of its own, under many callers who send good things and bad."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.support.clip_reference import random_weights
from tests.support.pictures import BAD, READABLE
from tests.support.redis_server import RedisAddress
from tests.support.torch_archive import write_archive
from tests.support.waiting import until

REQUESTS = 10_000
FIRST = 3_000
"""By then most sizes of passes have come, for each of which OpenVINO prepares once."""
CLIENTS = 64
BY_DESIGN = {503, 504}


@pytest_asyncio.fixture
async def encoder(
    tmp_path: Path, redis_address: RedisAddress
) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    """A client of the running encoder, and its process id."""
    write_archive(tmp_path / "clip.pt", random_weights())
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        environment = {
            **os.environ,
            "ENCODER_MODEL": str(tmp_path / "clip.pt"),
            "ENCODER_MODEL_CACHE_DIR": str(tmp_path / "cache"),
            "ENCODER_CACHE_REDIS_URL": f"{redis_address.url[:-1]}1",
            "ENCODER_LISTEN_FD": str(listener.fileno()),
        }
        with (tmp_path / "encoder.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - it only starts here
                [sys.executable, "-m", "services.encoder"],
                env=environment,
                pass_fds=[listener.fileno()],
                stdout=log,
                stderr=log,
            )
        port = listener.getsockname()[1]
        try:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False
            ) as client:

                async def ready() -> bool:
                    assert process.poll() is None, (tmp_path / "encoder.log").read_text()
                    return (await client.get("/ready")).status_code == 200

                await until(ready, deadline_s=60)
                yield client, process.pid
        finally:
            process.terminate()
            process.wait(20)


def resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


@pytest.mark.long
async def test_ten_thousand_good_and_bad_requests_leave_it_as_it_was(
    encoder: tuple[httpx.AsyncClient, int],
) -> None:
    client, pid = encoder
    pictures = [make() for make in (*READABLE.values(), *BAD.values())]
    words = ["red shoes", "猫 🐈", "<b>", "", "a wooden chair with a very long description " * 9]
    draw = random.Random(7)
    statuses: Counter[int] = Counter()

    async def ask() -> None:
        kind = draw.random()
        if kind < 0.45:
            texts = [
                f"{draw.choice(words)} {draw.randrange(5_000)}"
                for _ in range(draw.choice([1, 1, 1, 8]))
            ]
            answer = await client.post("/embed/texts", json={"texts": texts})
        elif kind < 0.55:
            answer = await client.post(
                "/embed/texts", content=draw.choice([b"", b"{", b"[]", b'{"texts":[1]}'])
            )
        elif kind < 0.6:
            answer = await client.post("/embed/texts", json={"texts": ["x" * 20_000]})
        else:
            count = draw.choice([1, 1, 2])
            files = [("images", draw.choice(pictures)) for _ in range(count)]
            bulk = {"X-Priority": "bulk"} if draw.random() < 0.3 else {}
            answer = await client.post("/embed/images", files=files, headers=bulk)
        statuses[answer.status_code] += 1

    async def ask_many(count: int) -> None:
        left = iter(range(count))

        async def caller() -> None:
            for _ in left:
                await ask()

        await asyncio.gather(*(caller() for _ in range(CLIENTS)))

    await ask_many(FIRST)
    settled = resident_kib(pid)
    await ask_many(REQUESTS - FIRST)
    assert sum(statuses.values()) == REQUESTS
    assert not {status for status in statuses if status >= 500} - BY_DESIGN, statuses
    assert statuses[200] > REQUESTS / 2
    assert resident_kib(pid) <= 1.1 * settled
    assert (await client.get("/health")).status_code == 200
    answer = await client.post("/embed/texts", json={"texts": ["still here"]})
    assert answer.status_code == 200
