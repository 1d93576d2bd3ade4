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
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import httpx

from tests.chaos.crash_changes import CLIENTS, client, keep_loading, load
from tests.chaos.crash_check import check
from tests.chaos.crash_state import ADMIN_KEY, NUMBERS, Crash, start
from tests.support.launcher import processes, small_catalogue
from tests.support.printing import say
from tests.support.waiting import until

VICTIMS = ("writer", "redis", "retriever", "encoder", "launcher", "loader")
RECOVERY_S = 240.0
CHANGES_BETWEEN = 10
"""Acknowledged changes between two rounds of kills in the short loop."""
_UNTIL_FOUND = {"wait": "searchable"}
_COMMANDS = {
    "writer": "-m services.writer",
    "redis": "redis-server",
    "retriever": "-m services.retriever",
    "encoder": "-m services.encoder",
}


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
    """Wait until searches work and a change is found; returns the seconds. Raises TimeoutError."""
    began = time.monotonic()
    async with (
        asyncio.timeout(RECOVERY_S),
        httpx.AsyncClient(
            base_url=crash.launcher.url,
            trust_env=False,
            timeout=20,
            headers={"X-API-Key": ADMIN_KEY},
        ) as http,
    ):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                found = await http.post("/predict", json={"query": f"red mug {next(NUMBERS)}"})
                body = {"title": f"Probe {next(NUMBERS)}", "price": 1}
                changed = await http.put("/products/probe", json=body, params=_UNTIL_FOUND)
                if found.status_code == 200 and changed.json().get("status") == "searchable":
                    return time.monotonic() - began
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def running(folder: Path, seed: int) -> AsyncIterator[Crash]:
    """`make run` under changes, until the end of the block. `faults`: what was wrong."""
    catalogue = small_catalogue(folder / "catalogue", [f"sample-{n:04d}" for n in range(1, 41)])
    crash = Crash(folder, start(folder, catalogue), catalogue, seed=seed)
    tasks = crash.tasks
    try:
        await asyncio.to_thread(crash.launcher.until_said, "ready in")
        crash.going.set()
        tasks += [asyncio.create_task(client(crash, number)) for number in range(CLIENTS)]
        tasks.append(asyncio.create_task(keep_launched(crash)))
        yield crash
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


async def crash_loop(folder: Path, kills: int, every_s: float, seed: int) -> list[str]:
    """Kill something every few seconds. Returns what was wrong; prints the recovery times."""
    async with running(folder, seed) as crash:
        crash.tasks.append(asyncio.create_task(keep_loading(crash)))
        dice = crash.dice("killer")
        while crash.kills.total() < kills and not crash.faults:
            await asyncio.sleep(dice.uniform(0.5, 1.5) * every_s)
            victim = dice.choice(VICTIMS)
            if not await kill(crash, victim):
                continue
            crash.kills[victim] += 1
            if crash.kills.total() % 10 == 0 or crash.kills.total() == kills:
                crash.recovered_s.setdefault(victim, []).append(await until_whole(crash))
                await settle(crash)
    _report(crash)
    return crash.faults


async def kill_in_turn(folder: Path, rounds: Sequence[Sequence[str]], seed: int) -> list[str]:
    """Kill some after a few acknowledged changes, the next ones after as many more, then check.

    rounds: victims that are killed together, while a load runs unless the launcher is one of them.

    It waits for changes and not for a time, so a slow machine makes it slower and no different.
    """
    async with running(folder, seed) as crash:
        # More changes would say no more, and take the time of the processes that start.
        crash.rest_s = 0.2
        for victims in rounds:
            await _acknowledged(crash, CHANGES_BETWEEN)
            if "launcher" not in victims:
                crash.tasks.append(asyncio.create_task(_load_once(crash)))
            for victim in victims:
                await until(partial(kill, crash, victim), deadline_s=RECOVERY_S)
                crash.kills[victim] += 1
        await _acknowledged(crash, CHANGES_BETWEEN)
        await settle(crash)
    return crash.faults


async def _load_once(crash: Crash) -> None:
    async with crash.turn():
        await load(crash)


async def _acknowledged(crash: Crash, more: int) -> None:
    """Wait for so many more acknowledged changes."""
    wanted = crash.outcomes["done"] + more
    await until(lambda: crash.outcomes["done"] >= wanted, deadline_s=RECOVERY_S)


async def settle(crash: Crash) -> None:
    """Let changes and loads end, check all, and go on."""
    crash.going.clear()
    await until(lambda: crash.under_way == 0, deadline_s=RECOVERY_S)
    await until_whole(crash)
    await check(crash)
    say(f"{crash.kills.total()} kills, {dict(crash.outcomes)}")
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
