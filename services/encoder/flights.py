"""One computation for all who ask for the same thing at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.common.problems import DeadlineExceeded

Value = TypeVar("Value")


class Flights(Generic[Value]):
    """Values by key while they are being computed.

    Who asks for a key that is under way waits for it. Should that computation end for a reason that
    was its caller's alone (its deadline passed, or it went away), those who waited ask again.
    """

    def __init__(self) -> None:
        self._flying: dict[str, asyncio.Future[Value]] = {}

    async def fetch(
        self,
        keys: Sequence[str],
        compute: Callable[[Sequence[int]], Awaitable[Sequence[Value]]],
    ) -> list[Value]:
        """Values in the order of `keys`; `compute` gets the places in `keys` that are its to give.

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
                    continue  # theirs, not ours: the next round asks
                except asyncio.CancelledError:
                    if not flight.cancelled():
                        raise  # we are the ones who are cancelled

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
                    flight.exception()  # seen: nobody may be waiting for it
                else:
                    flight.cancel()
            raise
        finally:
            for key in ours:
                del self._flying[key]
