"""Admission: decides about a request before any part of its body is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.types import Scope

from services.common.problems import ServiceError

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Names in lower case, as ASGI has them."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Ticket:
    """The decision about one request."""

    headers: RawHeaders = ()
    """Headers for the answer, also for a refusal."""
    refusal: ServiceError | None = None
    leave: Callable[[], None] = _nothing
    """Called when an admitted request has ended."""


class Gate(Protocol):
    """Decides about requests."""

    async def enter(self, scope: Scope) -> Ticket:
        """The decision about this request."""


class OpenGate:
    """Admits everything."""

    _ticket = Ticket()

    async def enter(self, _: Scope) -> Ticket:
        return self._ticket


OPEN = OpenGate()
