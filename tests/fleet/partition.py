"""Retrievers that cannot hear Redis, and a Redis whose disk is slow."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.fleet.fleet import Fleet
from tests.fleet.watch import watched
from tests.support.launcher import small_catalogue
from tests.support.printing import say, table
from tests.support.waiting import until
from tests.support.whole_stack import SAMPLE

_STALE_S = 5.0
"""Seconds for which the retrievers are watched after all have said that they are stale."""
_FSYNC_US = 1_000_000


async def cut_retrievers_off(fleet: Fleet) -> int:
    """Print what happened. Returns how many requests were lost."""
    store, retrievers = fleet.one("store").host, fleet.machines["retriever"]
    hosts = [one.host for one in retrievers]
    with httpx.Client(timeout=2, trust_env=False) as http:

        def all_say(test: Callable[[str], bool]) -> bool:
            return all(test(machine.readiness(http)[1]) for machine in retrievers)

        before = {_version(machine.readiness(http)[1]) for machine in retrievers}
        async with watched(fleet.url) as seen:
            await asyncio.sleep(1)
            cut_at = time.monotonic()
            await asyncio.to_thread(store.cut_off, hosts)
            await _until(lambda: all_say(lambda said: "stale" in said))
            stale_s = time.monotonic() - cut_at
            await asyncio.to_thread(fleet.load, _fewer(fleet.folder / "fewer"))
            await asyncio.sleep(_STALE_S)
            still = {_version(machine.readiness(http)[1]) for machine in retrievers}
            healed_at = time.monotonic()
            await asyncio.to_thread(store.heal, hosts)
            await _until(
                lambda: all_say(
                    lambda said: "stale" not in said and _version(said) not in {*before, ""}
                )
            )
            healed_s = time.monotonic() - healed_at
            await asyncio.sleep(1)
    table("partition", "seconds", "requests", "lost", "p99 ms", "answers")
    say(f"| until all three retrievers state `stale` at `/ready` | {stale_s:.1f} | | | | |")
    say(f"| cut off, another version published meanwhile | {healed_at - cut_at:.1f} | {seen.row} |")
    say(f"| until all three serve that version, healed | {healed_s:.1f} | | | | |")
    if still != before:
        say(f"NOT AS IT SHOULD BE: cut off, they served {still} and not {before}")
    return len(seen.lost) + (still != before)


async def slow_disk(fleet: Fleet) -> int:
    """Each fsync of the online store takes a second more. Returns how many requests were lost."""
    if shutil.which("strace") is None:
        say("\nNo slow disk: it needs the program strace, which delays a process's system calls.")
        return 0
    table(
        "disk of the online store", "load of the sample, s", "requests", "lost", "p99 ms", "answers"
    )
    lost = 0
    for name, delayed in (("as it is", False), ("each fsync a second longer", True)):
        # Another version each time, so that there is something to write.
        await asyncio.to_thread(fleet.load, _fewer(fleet.folder / f"fewer-{name}"))
        async with watched(fleet.url) as seen, _slow_fsync(fleet, delayed=delayed) as slowed:
            started = time.monotonic()
            await asyncio.to_thread(fleet.load, SAMPLE)
            took_s = time.monotonic() - started
            await asyncio.sleep(3)
        say(f"| {name} | {took_s:.1f} | {seen.row} |")
        lost += len(seen.lost)
        if delayed:
            say(f"\nDelayed by a second each: {slowed.calls} calls.")
        if delayed and not slowed.calls:
            say(
                f"NOT AS IT SHOULD BE: the disk was not slow; strace: {slowed.refusal or 'nothing'}"
            )
            lost += 1
    return lost


@dataclass
class _Slowed:
    """The work of strace, known at its end."""

    calls: int = 0
    refusal: str = ""
    """Its error output."""


@asynccontextmanager
async def _slow_fsync(fleet: Fleet, *, delayed: bool) -> AsyncIterator[_Slowed]:
    slowed = _Slowed()
    if not delayed:
        yield slowed
        return
    (redis,) = fleet.one("store").programs
    calls, log = "fsync,fdatasync", fleet.folder / "strace.log"
    strace = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-qq", "-p", str(redis.pid), "-o", str(log), "-e", f"trace={calls}"),
        *("-e", f"inject={calls}:delay_enter={_FSYNC_US}"),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield slowed
    finally:
        with contextlib.suppress(ProcessLookupError):  # it refused
            strace.send_signal(signal.SIGINT)
        _, said = await strace.communicate()
        slowed.refusal = said.decode(errors="replace").strip()
        traced = await asyncio.to_thread(_text_of, log)
        slowed.calls = traced.count("(DELAYED)")


def _text_of(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""


async def _until(condition: Callable[[], bool]) -> None:
    """As `until`, for a condition that blocks."""

    async def asked() -> bool:
        await asyncio.sleep(0.05)
        return await asyncio.to_thread(condition)

    await until(asked)


def _version(said: str) -> str:
    """The version that `/ready` of a retriever names."""
    found = re.search(r"version (\S+?)[,:]", said)
    return found[1] if found else ""


def _fewer(folder: Path) -> Path:
    """The sample without its last fifty products."""
    with SAMPLE.open(newline="", encoding="utf-8") as file:
        ids = [row["product_id"] for row in csv.DictReader(file)]
    return small_catalogue(folder, ids[:-50])
