"""Shared computations: callers who request the same value at the same time share one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.common.problems import DeadlineExceeded

Value = TypeVar("Value")


class Flights(Generic[Value]):
    """Values by key while they are being computed.

    A caller waits if its key is already being computed. If that computation ends for a reason of
    its own caller (its deadline passed, or it disconnected), the waiting callers start again.
    """

    def __init__(self) -> None:
        self._flying: dict[str, asyncio.Future[Value]] = {}

    async def fetch(
        self,
        keys: Sequence[str],
        compute: Callable[[Sequence[int]], Awaitable[Sequence[Value]]],
    ) -> list[Value]:
        """Values in the order of `keys`. `compute` gets the positions in `keys` to compute.

        Raises what `compute` raises.
        """
        answers: dict[str, Value] = {}
        while True:
            missing = {key: place for place, key in enumerate(keys) if key not in answers}
            if not missing:
                return [answers[key] for key in keys]
            theirs = {key: self._flying[key] for key in missing if key in self._flying}
            ours = {key: place for key, place in missing.items() if key not in theirs}
            if ours:
                answers.update(await self._compute(ours, compute))
            for key, flight in theirs.items():
                try:
                    answers[key] = await asyncio.shield(flight)
                except DeadlineExceeded:
                    continue  # the other caller's deadline, not ours: try again in the next round
                except asyncio.CancelledError:
                    if not flight.cancelled():
                        raise  # our own caller was cancelled

    async def _compute(
        self,
        ours: dict[str, int],
        compute: Callable[[Sequence[int]], Awaitable[Sequence[Value]]],
    ) -> dict[str, Value]:
        loop = asyncio.get_running_loop()
        flights = {key: loop.create_future() for key in ours}
        self._flying.update(flights)
        try:
            values = dict(zip(ours, await compute(list(ours.values())), strict=True))
            for key, flight in flights.items():
                flight.set_result(values[key])
            return values
        except BaseException as error:
            for flight in flights.values():
                if isinstance(error, Exception):
                    flight.set_exception(error)
                    flight.exception()  # mark as retrieved: there may be no waiting caller
                else:
                    flight.cancel()
            raise
        finally:
            for key in ours:
                del self._flying[key]
