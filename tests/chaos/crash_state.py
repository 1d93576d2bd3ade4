"""State of one crash loop, and the launcher that it kills."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from services.gateway.admission.access import key_hash
from tests.chaos.ledger import Known
from tests.support.launcher import Launcher
from tests.support.whole_stack import NO_RATE_LIMIT

ADMIN_KEY = "key-of-the-crash-loop"
NUMBERS = itertools.count(1)
"""Each title and price is another one."""


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
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    loader: asyncio.subprocess.Process | None = None
    going: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while changes and loads may begin."""
    under_way: int = 0
    """Changes and loads that have begun and not ended."""
    seed: int = 0
    rest_s: float = 0.02
    """Time between two changes of a client."""

    def dice(self, of: str) -> random.Random:
        """The choices of one client, loader or killer: the same in each run of a seed."""
        return random.Random(f"{self.seed} {of}")

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
        GATEWAY_ADMIN_KEY_SHA256=key_hash(ADMIN_KEY),
        WRITER_SWEEP_PAUSE_S="3",
        **NO_RATE_LIMIT,
        **variables,
    )
