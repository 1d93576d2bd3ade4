"""Answers to shoppers while something happens to a machine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.chaos.shoppers import Answer, count_kinds, percentile, shopping


@dataclass
class Seen:
    """Answers to requests that began after `began`."""

    began: float
    answers: list[Answer] = field(default_factory=list)

    @property
    def lost(self) -> list[Answer]:
        return [one for one in self.answers if not one.is_good]

    def last_lost_s(self, since: float, until: float) -> float:
        """Seconds from `since` until the last request began before `until` that was lost; or 0."""
        began = [one.began - since for one in self.lost if since <= one.began < until]
        return max(began, default=0.0)

    @property
    def row(self) -> str:
        """Cells: requests, lost ones, p99, kinds of answers."""
        return (
            f"{len(self.answers)} | {len(self.lost)} | {percentile(self.answers, 0.99):.0f} | "
            f"{count_kinds(self.answers)}"
        )


@asynccontextmanager
async def watched(url: str) -> AsyncIterator[Seen]:
    """32 clients ask during the block; what they saw is known at its end."""
    async with shopping(url) as shoppers:
        seen = Seen(time.monotonic())
        yield seen
    seen.answers = [one for one in shoppers.answers if one.began >= seen.began]
