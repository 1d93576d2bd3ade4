"""The crash loop: writers change products while a random process is killed. `make chaos`.

`make run` as it stands serves; clients put, patch and delete through the gateway, and a loader
upserts a file again and again. Every few seconds one of writer, Redis, retriever, encoder,
launcher and loader is killed with SIGKILL; only the launcher is started again from outside, as
systemd or Docker would do. At the end every product must be what was acknowledged, Redis must
agree with the Parquet parts, and the retriever with both.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from services.contracts.catalogue import METADATA_VIEW
from services.gateway.admission.access import key_hash
from services.pipeline.catalogue.ledger import Ledger
from services.pipeline.catalogue.needed_rows import find_rows, needed_rows, whole_rows
from services.pipeline.catalogue.offline_store import OfflineStore
from tests.chaos.ledger import Known, Outcome
from tests.support.launcher import Launcher, processes, small_catalogue
from tests.support.waiting import until
from tests.support.whole_stack import NO_RATE_LIMIT

VICTIMS = ("writer", "redis", "retriever", "encoder", "launcher", "loader")
CLIENTS = 6
PRODUCTS_PER_CLIENT = 5
LOADED = 8
RECOVERY_S = 240.0
_KEY = "key-of-the-crash-loop"
_MERGE = {"Content-Type": "application/merge-patch+json"}
_NUMBERS = itertools.count(1)
_COMMANDS = {
    "writer": "-m services.writer",
    "redis": "redis-server",
    "retriever": "-m services.retriever",
    "encoder": "-m services.encoder",
}


@dataclass
class Crash:
    """State of one loop."""

    folder: Path
    launcher: Launcher
    catalogue: Path
    known: dict[str, Known] = field(default_factory=dict)
    loads: Known = field(default_factory=Known)
    outcomes: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    recovered_s: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    """Last words of launchers that ended by themselves."""
    loader: asyncio.subprocess.Process | None = None
    going: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while changes and loads may begin."""
    under_way: int = 0
    """Changes and loads that have begun and not ended."""

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One change or load, begun only while they may."""
        await self.going.wait()
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    @property
    def state(self) -> Path:
        """The launcher's folder of this catalogue."""
        return next(one for one in self.launcher.state.iterdir() if (one / "redis").is_dir())


def start(folder: Path, catalogue: Path, port: str | None = None) -> Launcher:
    variables = {} if port is None else {"PORT": port}
    return Launcher(
        folder,
        CATALOG=str(catalogue),
        GATEWAY_ADMIN_KEY_SHA256=key_hash(_KEY),
        WRITER_SWEEP_PAUSE_S="3",
        **NO_RATE_LIMIT,
        **variables,
    )


def outcome_of(answer: httpx.Response) -> Outcome:
    """A refusal promises that the change is never made; an answer that never came, nothing."""
    if answer.status_code == 200:
        return "done"
    if answer.status_code == 504 or "cannot be reached" in answer.text:
        return "unknown"  # it was sent, and the writer's answer was lost
    return "refused"


async def client(crash: Crash, number: int) -> None:
    """Change a few products of its own, one after the other, without an end."""
    ids = [f"crash-{number}-{one}" for one in range(PRODUCTS_PER_CLIENT)]
    async with httpx.AsyncClient(
        base_url=crash.launcher.url, trust_env=False, timeout=30, headers={"X-API-Key": _KEY}
    ) as http:
        while True:
            product_id = random.choice(ids)
            known = crash.known.setdefault(product_id, Known())
            try:
                async with crash.turn():
                    outcome = await change(http, product_id, known)
            except httpx.HTTPError:
                continue  # noted as unknown
            crash.outcomes[outcome] += 1
            await asyncio.sleep(0.02 if outcome == "done" else 0.2)


async def change(http: httpx.AsyncClient, product_id: str, known: Known) -> Outcome:
    kind = random.choices(["put", "patch", "delete"], [4, 5, 1])[0]
    turn = next(_NUMBERS)
    title, price = f"Something red, number {turn}", turn + 0.25
    path = f"/products/{product_id}"
    outcome: Outcome = "unknown"
    try:
        if kind == "put":
            body = {"title": title, "price": price, "currency": "EUR"}
            answer = await http.put(path, json=body)
        elif kind == "patch":
            answer = await http.patch(path, json={"price": price}, headers=_MERGE)
            if answer.status_code == 404:
                known.missing()
                return "refused"
        else:
            answer = await http.delete(path)
        outcome = outcome_of(answer)
    except httpx.ConnectError:
        outcome = "refused"
        raise
    finally:
        # Also when the loop ends in the middle of it.
        if kind == "put":
            known.put(title, price, outcome)
        elif kind == "patch":
            known.patched(price, outcome)
        else:
            known.deleted(outcome)
    return outcome


async def keep_loading(crash: Crash) -> None:
    """Upsert the same few products again and again, each time with another title."""
    while True:
        await asyncio.sleep(random.uniform(0, 2))
        async with crash.turn():
            await load(crash)


async def load(crash: Crash) -> None:
    urls = [line for line in crash.launcher.said().splitlines() if line.startswith("encoder")]
    try:
        state, encoder = crash.state, urls[-1].split()[-1]
    except (StopIteration, IndexError, FileNotFoundError):
        return  # it has not started that far
    turn = next(_NUMBERS)
    rows = [f"loaded-{n},Loaded in turn {turn},{turn}.5,EUR" for n in range(LOADED)]
    feed = crash.folder / "loaded.csv"
    feed.write_text("\n".join(["product_id,title,price,currency", *rows]) + "\n")
    values = {
        "PIPELINE_FEATURE_STORE": str(state),
        "PIPELINE_MEDIA_DIR": str(state / "media"),
        "PIPELINE_ENCODER_URL": encoder,
        "PIPELINE_ENCODER_WAIT_S": "5",
        "PIPELINE_REJECTS_PATH": str(crash.folder / "rejects.csv"),
    }
    crash.loader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.pipeline", "upsert", str(feed)),
        env={**os.environ, **values},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    outcome: Outcome = "unknown"
    try:
        code = await crash.loader.wait()
        outcome = "done" if code == 0 else "unknown"
    finally:
        if crash.loader.returncode is None:
            crash.loader.kill()
        crash.loads.put(f"Loaded in turn {turn}", turn + 0.5, outcome)


async def kill(crash: Crash, victim: str) -> bool:
    """Returns whether there was such a process."""
    if victim == "launcher":
        crash.launcher.process.kill()
        await asyncio.to_thread(crash.launcher.process.wait)
        return True
    if victim == "loader":
        if crash.loader is None or crash.loader.returncode is not None:
            return False
        crash.loader.kill()
        return True
    for pid, command in crash.launcher.children().items():
        if _COMMANDS[victim] in command:
            os.kill(pid, signal.SIGKILL)
            return True
    return False


async def keep_launched(crash: Crash) -> None:
    """Start the launcher again when it has ended, as an init would."""
    while True:
        await asyncio.sleep(0.2)
        if crash.launcher.process.poll() is not None:
            crash.outcomes["launcher started again"] += 1
            if crash.launcher.process.returncode != -signal.SIGKILL:
                last = crash.launcher.said().strip().splitlines()[-1:]
                crash.gave_up.append(" ".join(last))
            # Its children have had SIGTERM, and may hold the port for a moment.
            await asyncio.sleep(1)
            crash.launcher = await asyncio.to_thread(
                start, crash.folder, crash.catalogue, str(crash.launcher.port)
            )


async def until_whole(crash: Crash) -> float:
    """Wait until searches and changes work; returns the seconds. Raises TimeoutError."""
    began = time.monotonic()
    async with (
        asyncio.timeout(RECOVERY_S),
        httpx.AsyncClient(
            base_url=crash.launcher.url, trust_env=False, timeout=20, headers={"X-API-Key": _KEY}
        ) as http,
    ):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                found = await http.post("/predict", json={"query": f"red mug {next(_NUMBERS)}"})
                body = {"title": f"Probe {next(_NUMBERS)}", "price": 1}
                changed = await http.put("/products/probe", json=body)
                if found.status_code == changed.status_code == 200:
                    return time.monotonic() - began
            await asyncio.sleep(0.1)


async def check(crash: Crash) -> None:
    """Every product is as acknowledged; both stores and the retriever agree."""
    async with httpx.AsyncClient(base_url=crash.launcher.url, trust_env=False, timeout=10) as http:
        give_up = time.monotonic() + 20
        while wrong := [one async for one in _wrong(crash, http)]:
            if time.monotonic() > give_up:
                crash.faults += wrong
                return
            await asyncio.sleep(0.2)
        stored = await asyncio.to_thread(_stored, crash.state)
        for product_id, row in stored.items():
            product = await _product(http, product_id)
            if product is None or any(
                (product[name] or None) != (row[name] or None)
                for name in ("title", "description", "brand", "category", "currency", "image_url")
            ):
                crash.faults.append(f"{product_id}: stored {row}, served {product}")
    await verify(crash)


async def _wrong(crash: Crash, http: httpx.AsyncClient) -> AsyncIterator[str]:
    for product_id, known in crash.known.items():
        product = await _product(http, product_id)
        if not known.allows(product):
            yield f"{product_id} is {product}, not {known.states}"
    loaded = [await _product(http, f"loaded-{number}") for number in range(LOADED)]
    if not all(crash.loads.allows(one) for one in loaded):
        yield f"loaded products are {loaded[0]}, not {crash.loads.states}"
    if len({one and one["title"] for one in loaded}) > 1:
        yield f"a load was made in part: {[one and one['title'] for one in loaded]}"


async def _product(http: httpx.AsyncClient, product_id: str) -> dict[str, Any] | None:
    for _ in range(50):
        with contextlib.suppress(httpx.HTTPError):
            answer = await http.get(f"/products/{product_id}")
            if answer.status_code == 404:
                return None
            if answer.status_code == 200:
                product: dict[str, Any] = answer.json()
                return product
        await asyncio.sleep(0.2)
    raise RuntimeError(f"{product_id} cannot be read")


def _stored(state: Path) -> dict[str, dict[str, Any]]:
    """The metadata of every product, as the Parquet parts have them."""
    offline = OfflineStore(state / "offline")
    ledger = Ledger(offline)
    ledger.refresh()
    published = ledger.head()
    assert published is not None
    needed = next(one for one in needed_rows(ledger, [published.head]) if one.view == METADATA_VIEW)
    rows: dict[str, dict[str, Any]] = {}
    for part, _, places in find_rows(offline, needed):
        for row in whole_rows(part, METADATA_VIEW, places).to_pylist():
            rows[row["product_id"]] = row
    return rows


async def verify(crash: Crash) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.pipeline", "verify"),
        env={**os.environ, "PIPELINE_FEATURE_STORE": str(crash.state)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, errors = await process.communicate()
    if process.returncode != 0:
        crash.faults.append(f"verify: {said.decode()[-800:]}{errors.decode()[-800:]}")


async def crash_loop(
    folder: Path, kills: int, every_s: float, victims: Sequence[str] = VICTIMS
) -> list[str]:
    """Returns what was wrong; prints a table of the recovery times."""
    catalogue = small_catalogue(folder / "catalogue", [f"sample-{n:04d}" for n in range(1, 41)])
    crash = Crash(folder, start(folder, catalogue), catalogue)
    tasks: list[asyncio.Task[None]] = []
    try:
        await asyncio.to_thread(crash.launcher.until_said, "ready in")
        crash.going.set()
        tasks = [asyncio.create_task(client(crash, number)) for number in range(CLIENTS)]
        tasks += [
            asyncio.create_task(keep_loading(crash)),
            asyncio.create_task(keep_launched(crash)),
        ]
        while crash.kills.total() < kills and not crash.faults:
            await asyncio.sleep(random.uniform(0.5, 1.5) * every_s)
            victim = random.choice(victims)
            if not await kill(crash, victim):
                continue
            crash.kills[victim] += 1
            if crash.kills.total() % 10 == 0 or crash.kills.total() == kills:
                crash.recovered_s.setdefault(victim, []).append(await until_whole(crash))
                await settle(crash)
        for task in tasks:
            if task.done():
                task.result()
    except TimeoutError:
        crash.faults.append(f"not whole again after {RECOVERY_S:g} s")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if crash.launcher.process.poll() is None:
            await asyncio.to_thread(crash.launcher.stop)
        await asyncio.to_thread(_end, crash)
    _report(crash)
    return crash.faults


async def settle(crash: Crash) -> None:
    """Let changes and loads end, check all, and go on."""
    crash.going.clear()
    await until(lambda: crash.under_way == 0, deadline_s=RECOVERY_S)
    await until_whole(crash)
    await check(crash)
    sys.stdout.write(f"{crash.kills.total()} kills, {dict(crash.outcomes)}\n")
    sys.stdout.flush()
    crash.going.set()


def _end(crash: Crash) -> None:
    """No process of ours stays: those of the state folder, by their ids."""
    for pid, (_, command) in processes().items():
        if str(crash.folder) in command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _report(crash: Crash) -> None:
    lines = ["| killed | times | whole again after s |", "| --- | --- | --- |"]
    for victim, count in sorted(crash.kills.items()):
        seconds = sorted(crash.recovered_s.get(victim, []))
        shown = f"{seconds[0]:.1f} to {seconds[-1]:.1f}" if seconds else ""
        lines.append(f"| {victim} | {count} | {shown} |")
    lines.append(f"changes: {dict(crash.outcomes)}")
    lines += [f"the launcher ended: {words}" for words in crash.gave_up]
    lines += [f"NOT AS IT SHOULD BE: {fault}" for fault in crash.faults[:10]]
    sys.stdout.write("\n".join(lines) + "\n")
