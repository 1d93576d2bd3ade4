"""Benchmark `service`: what the model's speed becomes in the service.

Batching, priorities, memory, start, wire. `--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from safetensors.numpy import load

from services.common.metrics import Metrics
from services.contracts.encoder import BINARY_MEDIA_TYPE, EMBEDDINGS_TENSOR, EmbeddingsResponse
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import choose_graphs
from services.encoder.outcome import Outcome
from services.encoder.routes import to_safetensors
from services.encoder.service import Encoder, Picture
from services.encoder.settings import EncoderSettings
from services.encoder.source import source_of_files
from services.encoder.tokenizer import Tokenizer
from tests.benchmarks.encoder.contenders import clip_b32, save_weights
from tests.benchmarks.machine import measured_by
from tests.benchmarks.report import table, write_section
from tests.benchmarks.timing import in_turns, percentile

CLIENTS = (1, 8, 32, 128)
SECONDS = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=12, help="of the wire's forms")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights, cache = Path(folder) / "b32.pt", Path(folder) / "cache"
        save_weights(clip_b32(), weights)
        sections = [
            f"{measured_by('service', ('openvino',))} {options.threads} threads, random "
            "weights in ViT-B/32's shape.",
            asyncio.run(start_and_memory(weights, cache)),
            asyncio.run(batching(weights, cache, options.threads)),
            asyncio.run(bulk(weights, cache)),
            wire(options.rounds),
        ]
    text = "\n\n".join(sections)
    print(text)
    if options.write:
        write_section("Encoder service", text)


@asynccontextmanager
async def _encoder(
    weights: Path, cache: Path, *, max_batch: int = 32, threads: int = 0
) -> AsyncIterator[Encoder]:
    files = choose_graphs(source_of_files((weights,)), cache, "auto")
    engine = OpenVinoEngine(files, threads=threads)
    chosen = EncoderSettings(max_queue=100_000, max_wait_ms=600_000, max_batch=max_batch)
    encoder = Encoder(engine, Tokenizer(), chosen, Metrics("encoder"))
    await encoder.start()
    try:
        yield encoder
    finally:
        await encoder.stop()


async def _load(ask: Callable[[int], Awaitable[object]], clients: int) -> tuple[float, list[float]]:
    """Requests a second, and the seconds that each took, of clients who ask without a pause."""
    seconds: list[float] = []
    end = time.perf_counter() + SECONDS
    number = 0

    async def client() -> None:
        nonlocal number
        while (started := time.perf_counter()) < end:
            number += 1
            await ask(number)
            seconds.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return len(seconds) / (time.perf_counter() - started), seconds


async def batching(weights: Path, cache: Path, threads: int) -> str:
    """Distinct short texts, so that nobody shares another's computation."""
    found: dict[tuple[int, str], list[object]] = {}
    for clients in CLIENTS:
        for name, size in (("on", 32), ("off", 1)):
            async with _encoder(weights, cache, max_batch=size, threads=threads) as encoder:

                async def ask(number: int, encoder: Encoder = encoder) -> None:
                    await encoder.embed_texts([f"red shoes {number}"])

                rate, seconds = await _load(ask, clients)
            milliseconds = [1000 * percentile(seconds, percent) for percent in (50, 99)]
            found[clients, name] = [rate, *milliseconds]
    rows = [[clients, *found[clients, "on"], *found[clients, "off"]] for clients in CLIENTS]
    head = ["clients", "texts/s", "p50 ms", "p99 ms", "texts/s, off", "p50 ms, off", "p99 ms, off"]
    return "### Micro-batching, short texts, no cache\n\n" + table(head, rows)


async def bulk(weights: Path, cache: Path) -> str:
    """A shopper's text and picture while a catalogue's pictures are encoded."""

    def picture(seed: int) -> Picture:
        buffer = io.BytesIO()
        pixels = np.random.default_rng(seed).integers(0, 256, (224, 224, 3), np.uint8)
        Image.fromarray(pixels).save(buffer, "JPEG")
        return Picture(buffer.getvalue())

    catalogue = [picture(seed) for seed in range(64)]
    rows: list[list[object]] = []
    for name, how in (("none", None), ("bulk", True), ("the same, as interactive", False)):
        async with _encoder(weights, cache) as encoder:

            async def fill(encoder: Encoder = encoder, how: bool | None = how) -> None:
                # Uncached and distinct either way: the flights join only what is the same.
                while how is not None:
                    await encoder.embed_pictures(catalogue, bulk=how)

            others = [asyncio.create_task(fill()) for _ in range(2)]
            await asyncio.sleep(0.2)
            seconds: list[float] = []
            for number in range(100):
                started = time.perf_counter()
                await encoder.embed_pictures([picture(1000 + number)])
                seconds.append(time.perf_counter() - started)
            for other in others:
                other.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        rows.append([name, 1000 * percentile(seconds, 50), 1000 * percentile(seconds, 99)])
    return "### Latency of one picture beside two bulk clients, 64 pictures a request\n\n" + table(
        ["meanwhile", "p50 ms", "p99 ms"], rows
    )


async def start_and_memory(weights: Path, cache: Path) -> str:
    """The program from nothing to its first answer, and its memory after mixed batches."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        environment = {
            **os.environ,
            "ENCODER_MODEL": str(weights),
            "ENCODER_MODEL_CACHE_DIR": str(cache),
            "ENCODER_LISTEN_FD": str(listener.fileno()),
            "ENCODER_LOG_LEVEL": "warning",
        }
        command = [sys.executable, "-m", "services.encoder"]
        subprocess.run([*command, "prepare"], env=environment, check=True, pass_fds=[])  # noqa: ASYNC221
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()])  # noqa: ASYNC220
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:

                async def texts(count: int) -> httpx.Response:
                    words = [f"red wooden shoes {number}" for number in range(count)]
                    return await client.post("/embed/texts", json={"texts": words})

                # The socket listens already, so the first request waits for the start.
                (await texts(1)).raise_for_status()
                first_s = time.perf_counter() - started
                pixels = np.zeros((4, 4, 3), np.uint8)
                pictures = [_png(pixels + number) for number in range(32)]
                for _ in range(3):
                    await asyncio.gather(*(texts(count) for count in (1, 2, 3, 7, 20, 32, 100)))
                    for count in (1, 3, 16, 32):
                        files = [("images", data) for data in pictures[:count]]
                        (await client.post("/embed/images", files=files)).raise_for_status()
            resident, anonymous = _memory_mib(process.pid)
        finally:
            process.terminate()
            process.wait(20)
    return (
        f"From `python -m services.encoder` to its first answer, once exported: "
        f"**{first_s:.2f} s**. Memory after batches of up to 100 texts and 32 pictures: "
        f"**{resident} MiB** resident, of it **{anonymous} MiB** anonymous (the rest is the "
        "mapped graphs and libraries)."
    )


def _memory_mib(pid: int) -> tuple[int, int]:
    """Resident, and of it anonymous."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return kib["Rss"] // 1024, kib["Anonymous"] // 1024


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def wire(rounds: int) -> str:
    """256 vectors as JSON and as bytes: written, and read to an array."""
    vectors = np.random.default_rng(0).standard_normal((256, 512), np.float32)
    outcome = Outcome(list(vectors), {})
    report = EmbeddingsResponse.model_construct(
        model="benchmark", dimension=512, embeddings=[], errors=[]
    )

    def as_json() -> bytes:
        rows = [row.tolist() for row in vectors]
        answer = EmbeddingsResponse.model_construct(
            model="benchmark", dimension=512, embeddings=rows, errors=[]
        )
        return answer.model_dump_json().encode()

    def as_bytes() -> bytes:
        return to_safetensors(report, outcome)

    text, compact = as_json(), as_bytes()
    seconds = in_turns(
        {
            "write json": as_json,
            "read json": lambda: np.array(json.loads(text)["embeddings"], np.float32),
            "write bytes": as_bytes,
            "read bytes": lambda: load(compact)[EMBEDDINGS_TENSOR],
        },
        rounds=5 * rounds,
    )
    rows = [
        ["JSON", len(text) / 1000, 1000 * seconds["write json"], 1000 * seconds["read json"]],
        [
            f"`{BINARY_MEDIA_TYPE}`",
            len(compact) / 1000,
            1000 * seconds["write bytes"],
            1000 * seconds["read bytes"],
        ],
    ]
    return "### Wire format, 256 vectors of 512\n\n" + table(
        ["form", "kB", "ms to write", "ms to read"], rows
    )


if __name__ == "__main__":
    main()
