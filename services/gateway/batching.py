"""Batches of changes: lines as they arrive, to the writer in groups, and their results in order.

A group is as large as the writer can store in about a second. A group that the writer cannot take
now is sent again, if that cannot make a change twice.
"""

from __future__ import annotations

import asyncio
import codecs
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from services.common.client import ServiceClient
from services.common.context import deadline
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    ServiceError,
    problem_document,
)
from services.contracts.batches import (
    BATCH_MEDIA_TYPE,
    BATCH_PATH,
    IDEMPOTENCY_HEADER,
    MAX_BATCH_LINES,
    MAX_GROUP_BYTES,
    MAX_GROUP_LINES,
    MAX_LINE_BYTES,
    BatchResult,
)

_FIRST_GROUP = 100
_SMALLEST_GROUP = 10
_GROUP_S = 1.0
"""Time that a group should take."""
_PATIENCE_S = 10.0
"""Time for which a group is sent again."""
_RETRY_S = 0.2

_NOT_MADE = (NotReady, Overloaded)
"""The writer refused the whole group, so no line of it is stored."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the request. `error`: why it cannot be sent to the writer."""

    number: int
    content: bytes
    error: ServiceError | None = None


async def split(chunks: AsyncIterator[bytes]) -> AsyncIterator[Line]:
    """The lines of a body. Ends after the first line above the limit of lines."""
    number, kept, dropping = 1, b"", False
    async for chunk in chunks:
        *whole, rest = (kept + chunk).split(b"\n")
        for content in whole:
            yield _line(number, content, too_long=dropping)
            if number > MAX_BATCH_LINES:
                return
            number, dropping = number + 1, False
        # A line that is too long is dropped whole.
        dropping = dropping or len(rest) > MAX_LINE_BYTES
        kept = b"" if dropping else rest
    if kept or dropping:
        yield _line(number, kept, too_long=dropping)


def _line(number: int, content: bytes, *, too_long: bool) -> Line:
    if number > MAX_BATCH_LINES:
        detail = f"A batch has at most {MAX_BATCH_LINES} lines. This one and the rest are not read."
        return Line(number, b"", PayloadTooLarge(detail))
    if too_long or len(content) > MAX_LINE_BYTES:
        detail = f"The line is longer than {MAX_LINE_BYTES} bytes, the limit here."
        return Line(number, b"", PayloadTooLarge(detail))
    if number == 1:
        content = content.removeprefix(codecs.BOM_UTF8)  # some programs begin a file so
    return Line(number, content)


class BatchOfChanges:
    """One request. `results` gives them as they come; reading never waits for who reads them."""

    def __init__(self, writer: ServiceClient, key: str | None) -> None:
        self._writer = writer
        self._key = key
        self._lines: list[Line] = []
        self._arrived = asyncio.Event()
        self._all_read = False
        self._size = _FIRST_GROUP
        self._stopped: ServiceError | None = None
        """Why the rest of the lines is not made."""

    async def results(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The lines of the answer, in groups. Never raises: an error is a result."""
        reading = asyncio.create_task(self._read(body))
        try:
            while group := await self._next():
                results = await self._results_of(group)
                lines = [results[one.number].model_dump_json(exclude_none=True) for one in group]
                yield "\n".join([*lines, ""]).encode()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, body: AsyncIterator[bytes]) -> None:
        number = 0
        try:
            async for line in split(body):
                number = line.number
                if line.content.strip() or line.error is not None:
                    self._lines.append(line)
                    self._arrived.set()
        except ServiceError as error:  # too large, or too slow
            self._lines.append(Line(number + 1, b"", error))
        finally:
            self._all_read = True
            self._arrived.set()

    async def _next(self) -> list[Line]:
        """The next group; empty after the last line."""
        while not self._lines and not self._all_read:
            self._arrived.clear()
            await self._arrived.wait()
        taken, size = 0, 0
        for line in self._lines[: self._size]:
            size += len(line.content)
            if taken and size > MAX_GROUP_BYTES:
                break
            taken += 1
        group, self._lines = self._lines[:taken], self._lines[taken:]
        return group

    async def _results_of(self, group: Sequence[Line]) -> dict[int, BatchResult]:
        results = {one.number: _failed(one.number, one.error) for one in group if one.error}
        sent = [one for one in group if one.error is None]
        if sent and self._stopped is None:
            started = time.monotonic()
            try:
                for result in await self._stored(sent):
                    results[result.line] = result
            except ServiceError as error:
                self._stopped = error
                if not isinstance(error, (*_NOT_MADE, InvalidRequest)):
                    results |= {one.number: _failed(one.number, error, "unknown") for one in sent}
            self._adapt(len(sent), time.monotonic() - started)
        for one in sent:
            if one.number not in results:
                stopped = self._stopped or DependencyUnavailable("The writer left out a line.")
                results[one.number] = _failed(one.number, stopped)
        return results

    def _adapt(self, lines: int, seconds: float) -> None:
        """Make groups larger or smaller, so that each takes about the time it should."""
        fitting = round(lines * _GROUP_S / max(seconds, 0.001))
        within = min(max(fitting, self._size // 2), self._size * 2)
        self._size = min(max(within, _SMALLEST_GROUP), MAX_GROUP_LINES)

    async def _stored(self, sent: Sequence[Line]) -> list[BatchResult]:
        """Send a group until the writer takes it. Raises ServiceError when it does not."""
        give_up = time.monotonic() + _PATIENCE_S
        due = deadline.get()
        if due is not None:
            give_up = min(give_up, due.at - _RETRY_S)
        while True:
            try:
                return await self._send(sent)
            except (*_NOT_MADE, DependencyUnavailable, DeadlineExceeded) as error:
                # Without a key, a change may be made twice if the connection was lost.
                repeatable = isinstance(error, _NOT_MADE) or self._key is not None
                if not repeatable or time.monotonic() + _RETRY_S > give_up:
                    raise
                await asyncio.sleep(_RETRY_S)

    async def _send(self, sent: Sequence[Line]) -> list[BatchResult]:
        first, last = sent[0].number, sent[-1].number
        # Lines between them that are blank, or are not sent, keep their numbers.
        by_number = {one.number: one.content for one in sent}
        body = b"\n".join(by_number.get(number, b"") for number in range(first, last + 1))
        headers = {"Content-Type": BATCH_MEDIA_TYPE}
        if self._key is not None:
            headers[IDEMPOTENCY_HEADER] = self._key
        return await self._writer.post_and_read(
            f"{BATCH_PATH}?first_line={first}",
            body,
            lambda content: list(_results(content)),
            headers,
            repeatable=self._key is not None,
        )


def _results(content: bytes) -> Iterator[BatchResult]:
    """Raises ValueError if a line breaks the contract."""
    for line in content.splitlines():
        yield BatchResult.model_validate_json(line)


def _failed(
    number: int, error: ServiceError, status: Literal["refused", "unknown"] = "refused"
) -> BatchResult:
    return BatchResult(line=number, status=status, problem=problem_document(error))
