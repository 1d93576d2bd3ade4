"""The fault matrix: each dependency broken in each way while 32 clients ask. `make chaos`.

Prints the table that docs/reliability.md sums up, and ends with 1 where an answer was wrong, hung,
was a 500 or was cut, or where a part that is not needed cost anybody an answer.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.crash import crash_loop
from tests.chaos.proxy import Mode, Proxy
from tests.chaos.shoppers import Answer, count_kinds, percentile, shopping, wrong_results
from tests.support.gemini_server import GeminiRequest, Reply, gemini_server, written
from tests.support.launcher import small_catalogue
from tests.support.printing import say
from tests.support.redis_server import RedisAddress
from tests.support.whole_stack import NO_RATE_LIMIT, WholeStack, whole_stack

NEEDED = ("encoder", "retriever")
PARTS = (*NEEDED, "rewriter", "gemini", "redis")
FAULTS = ("killed", "frozen", "slow", "garbage", "refusing", "restarted empty")
SERVICES = ("encoder", "retriever", "rewriter", "gateway")
BROKEN_S = 4.0
STEADY_S = 1.5
RECOVERY_S = 30.0

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault, as the clients saw it."""

    part: str
    fault: str
    during: Sequence[Answer]
    recovered_s: float
    faults: Sequence[str]

    def row(self) -> str:
        good = sum(answer.is_good for answer in self.during) / max(1, len(self.during))
        return (
            f"| {self.part} | {self.fault} | {100 * good:.0f} % | "
            f"{percentile(self.during, 0.99):.0f} | {count_kinds(self.during)} | "
            f"{self.recovered_s:.1f} |"
        )


@dataclass
class Chaos:
    """The stack, and a proxy before each part of it."""

    stack: WholeStack
    catalogue: Path
    proxies: dict[str, Proxy]

    def steps(self, part: str, fault: str) -> tuple[Step, Step]:
        """The steps that break a part and that repair it."""
        proxy = self.proxies[part]
        modes: dict[str, Mode] = {"slow": "slow", "garbage": "garbage", "refusing": "refuse"}
        if part == "gemini":
            modes |= {"killed": "refuse", "frozen": "silent"}

        async def mend_proxy() -> None:
            await proxy.become("pass")

        if fault in modes:

            async def break_proxy() -> None:
                await proxy.become(modes[fault])

            return break_proxy, mend_proxy

        async def gone() -> None:
            # The socket is ours and would go on listening without the process.
            await proxy.become("refuse")
            if part == "redis":
                await asyncio.to_thread(lambda: self.stack.redis.stop(at_once=True))
            elif part != "gemini":
                self.stack.processes[part].send(signal.SIGKILL)
                await asyncio.to_thread(self.stack.processes[part].process.wait)

        async def back() -> None:
            if part == "redis":
                await asyncio.to_thread(self.stack.redis.start)
            elif part != "gemini":
                process = await asyncio.to_thread(self.stack.start, part)
                await asyncio.to_thread(process.wait_until_said, "Application startup complete")
            await proxy.become("pass")

        async def emptied() -> None:
            await gone()
            if part == "redis":
                await asyncio.to_thread(self._forget)
            await back()

        async def loaded_again() -> None:
            if part == "redis":
                await asyncio.to_thread(self.stack.load, self.catalogue)

        async def freeze() -> None:
            self._signal(part, signal.SIGSTOP)

        async def thaw() -> None:
            self._signal(part, signal.SIGCONT)

        return {
            "killed": (gone, back),
            "frozen": (freeze, thaw),
            "restarted empty": (emptied, loaded_again),
        }[fault]

    def _forget(self) -> None:
        """Remove what Redis has written, under the names of its sixth version and of later ones."""
        folder = self.stack.folder / "redis"
        shutil.rmtree(folder / "appendonlydir", ignore_errors=True)
        (folder / "appendonly.aof").unlink(missing_ok=True)

    def _signal(self, part: str, number: signal.Signals) -> None:
        if part == "redis":
            self.stack.redis.send(number)
        else:
            self.stack.processes[part].send(number)

    async def cell(self, part: str, fault: str) -> Cell:
        """Break, watch, repair, and wait until every answer is full again."""
        break_it, repair = self.steps(part, fault)
        async with shopping(self.stack.url) as shoppers:
            await asyncio.sleep(1)
            began = time.monotonic()
            await break_it()
            await asyncio.sleep(BROKEN_S)
            repaired = time.monotonic()
            await repair()
            while True:
                last_bad = max(
                    (one.ended for one in shoppers.answers if one.said != "full"), default=repaired
                )
                now = time.monotonic()
                if now - max(last_bad, repaired) > STEADY_S or now - repaired > RECOVERY_S:
                    break
                await asyncio.sleep(0.05)
            # A part that was restarted at once has been recovering since then.
            since = began if fault == "restarted empty" else repaired
            bad = [one.ended for one in shoppers.answers if one.said != "full"]
            recovered_s = max(0.0, max(bad, default=since) - since)
        answers = shoppers.answers
        during = [one for one in answers if began <= one.began < repaired]
        faults = sorted({one.fault for one in answers if one.fault is not None})
        faults += await wrong_results(self.stack.url, answers)
        if recovered_s >= RECOVERY_S - STEADY_S:
            faults.append(f"not recovered after {RECOVERY_S:g} s")
        if part not in NEEDED and not all(one.is_good for one in answers):
            faults.append("an answer was lost for a part that is not needed")
        return Cell(part, fault, during, recovered_s, faults)

    async def rolling(self, name: str) -> Cell:
        """Replace a service's process while clients ask; no request may fail."""
        async with shopping(self.stack.url) as shoppers:
            await asyncio.sleep(1)
            began = time.monotonic()
            before = self.stack.processes[name]
            after = await asyncio.to_thread(self.stack.start, name)
            await asyncio.to_thread(after.wait_until_said, "Application startup complete")
            if name == "retriever":
                await asyncio.to_thread(after.wait_until_said, "serving catalogue")
            await asyncio.to_thread(before.stop)
            await asyncio.sleep(2)
        answers = [one for one in shoppers.answers if one.began >= began]
        faults = [one.fault or one.said for one in answers if one.said != "full"]
        faults += await wrong_results(self.stack.url, answers)
        return Cell(name, "replaced", answers, 0.0, faults)


def _written(request: GeminiRequest) -> Reply:
    return written(f"a {request.query.rpartition('something ')[2].partition(' ')[0]} mug")


async def main(parts: Sequence[str], faults: Sequence[str]) -> int:
    async with AsyncExitStack() as at_end:
        folder = Path(at_end.enter_context(tempfile.TemporaryDirectory()))
        proxies = {part: Proxy() for part in PARTS}
        for proxy in proxies.values():
            await proxy.open()
            at_end.push_async_callback(proxy.close)
        gemini = await at_end.enter_async_context(gemini_server(_written))
        host, _, port = gemini.url.removeprefix("http://").rpartition(":")
        proxies["gemini"].target = RedisAddress(host, int(port))

        def through(name: str, address: RedisAddress) -> RedisAddress:
            proxies[name].target = address
            return proxies[name].address

        settings = {
            **NO_RATE_LIMIT,
            "REWRITER_GEMINI_API_KEY": "of-no-use-elsewhere",  # pragma: allowlist secret
            "REWRITER_GEMINI_URL": f"http://{proxies['gemini'].address.connection_string}",
            "REWRITER_CALLS_PER_MINUTE": "1000000",
            "REWRITER_CALLS_PER_DAY": "100000000",
            # Ten seconds without Gemini would be the recovery time of every one of its cells.
            "REWRITER_BREAKER_PAUSE_S": "1",
        }
        catalogue = small_catalogue(folder, [f"sample-{n:04d}" for n in range(1, 101)])
        running = whole_stack(folder / "stack", catalogue, settings, through)
        stack = await asyncio.to_thread(running.__enter__)
        at_end.push_async_callback(asyncio.to_thread, running.__exit__, None, None, None)
        chaos = Chaos(stack, catalogue, proxies)
        cells = []
        say("| part | fault | answered | p99 ms | kinds of answers | recovered after s |")
        say("| --- | --- | --- | --- | --- | --- |")
        for fault in faults:
            for part in parts:
                cells.append(await chaos.cell(part, fault))
                _tell(cells[-1])
        for name in SERVICES:
            cells.append(await chaos.rolling(name))
            _tell(cells[-1])
    return 1 if any(cell.faults for cell in cells) else 0


def _tell(cell: Cell) -> None:
    """Its row, and below it what must not be."""
    say(cell.row())
    for fault in cell.faults[:5]:
        say(f"    NOT AS IT SHOULD BE: {fault}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="make chaos")
    arguments.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    arguments.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS)
    arguments.add_argument("--crash", action="store_true", help="kill processes under changes")
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--every", type=float, default=3.0, help="seconds between two kills")
    arguments.add_argument("--seed", type=int, default=0, help="another one makes other choices")
    given = arguments.parse_args()
    if given.crash:
        folder = Path(tempfile.mkdtemp(prefix="crash-loop-"))
        wrong = asyncio.run(crash_loop(folder, given.kills, given.every, given.seed))
        if wrong:
            sys.exit(f"the logs are in {folder}")
        shutil.rmtree(folder)
        sys.exit(0)
    sys.exit(asyncio.run(main(given.parts, given.faults)))
