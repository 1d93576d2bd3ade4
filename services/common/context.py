"""Request context: the id, the deadline and the log fields of the current request."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

REQUEST_ID_HEADER = "X-Request-ID"
DEADLINE_HEADER = "X-Deadline-Ms"
CHANGE_HEADER = "X-Catalogue-Change"

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time after which nobody waits for the answer."""

    at: float  # seconds on time.monotonic()

    @classmethod
    def after_ms(cls, milliseconds: float) -> Deadline:
        return cls(time.monotonic() + milliseconds / 1000)

    def remaining_s(self) -> float:
        """Seconds left; 0 once it has passed."""
        return max(0.0, self.at - time.monotonic())


request_id: ContextVar[str] = ContextVar("request_id", default="")
deadline: ContextVar[Deadline | None] = ContextVar("deadline", default=None)
awaited_change: ContextVar[str | None] = ContextVar("awaited_change", default=None)
"""The change that the answer must show. It travels with every call to another service."""


def accept_request_id(offered: str | None) -> str:
    """The caller's request id if it is a harmless token, otherwise a new one."""
    if offered is not None and _REQUEST_ID.fullmatch(offered):
        return offered
    return secrets.token_hex(16)


def accept_deadline(offered: str | None, default_ms: int) -> Deadline:
    """A deadline after the caller's milliseconds, but never later than our own default."""
    if offered is not None and offered.isascii() and offered.isdigit() and len(offered) < 10:
        return Deadline.after_ms(min(int(offered), default_ms))
    return Deadline.after_ms(default_ms)


request_notes: ContextVar[dict[str, Any] | None] = ContextVar("request_notes", default=None)


def note(**fields: Any) -> None:  # noqa: ANN401 - any JSON value
    """Add fields to the log line of the current request."""
    notes = request_notes.get()
    if notes is not None:
        notes.update(fields)


@asynccontextmanager
async def own_deadline(seconds: float, *, share: float = 1.0) -> AsyncIterator[None]:
    """Give the calls inside less time than the request has, so that time is left to answer.

    share: the part of the request's remaining time that they get at most.
    """
    given = deadline.get()
    if given is not None:
        seconds = min(seconds, share * given.remaining_s())
    token = deadline.set(Deadline.after_ms(seconds * 1000))
    try:
        yield
    finally:
        deadline.reset(token)
