"""Many changes in one request: each line is a change of its own; a bad one costs itself alone."""

from __future__ import annotations

import asyncio
import weakref

from pydantic import ValidationError

from services.common.places import Places
from services.common.problems import (
    DependencyUnavailable,
    InvalidRequest,
    NotReady,
    PayloadTooLarge,
    ServiceError,
    field_problems,
    problem_document,
)
from services.contracts.batches import (
    MAX_GROUP_LINES,
    MAX_GROUPS,
    MAX_LINE_BYTES,
    BatchLine,
    BatchResult,
)
from services.pipeline.catalogue.ledger import Published
from services.writer.batch_log import StoredLine, line_digest, token_of
from services.writer.change import Change, answer_of
from services.writer.writer import LiveWriter, own_time


class Batches:
    """Writes groups of lines. Groups of one key are written one after the other."""

    def __init__(self, writer: LiveWriter) -> None:
        self._writer = writer
        self.places = Places(MAX_GROUPS, "groups of changes")
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def write(self, body: bytes, first_line: int, key: str | None) -> list[BatchResult]:
        """The result of each line that is not blank, in order; those stored are on the disk.

        Raises InvalidRequest, NotReady, Overloaded; then no line is stored.
        """
        lines = {
            number: line
            for number, line in enumerate(body.split(b"\n"), first_line)
            if line.strip()
        }
        if len(lines) > MAX_GROUP_LINES:
            raise InvalidRequest(f"Send at most {MAX_GROUP_LINES} lines at once.")
        if key is None:
            return await self._written(lines, None, {})
        async with self._locks.setdefault(key, asyncio.Lock()):
            return await self._written(lines, key, await self._writer.stored_lines(key))

    async def _written(
        self, lines: dict[int, bytes], key: str | None, stored: dict[int, StoredLine]
    ) -> list[BatchResult]:
        results: dict[int, BatchResult] = {}
        changes: dict[int, Change] = {}
        for number, line in lines.items():
            product_id = None
            try:
                read = _read(line)
                product_id = read.product_id
                earlier = stored.get(number)
                if earlier is None:
                    changes[number] = _change(read, key, number, line)
                else:
                    results[number] = _repeated(number, read, line, earlier)
            except ServiceError as error:
                results[number] = _refused(number, product_id, error)
        try:
            self._writer.enqueue(list(changes.values()))
        except DependencyUnavailable as error:
            # Not this, which leaves open whether the lines are made.
            raise NotReady(error.detail) from error
        for number, change in changes.items():
            try:
                results[number] = _stored(number, change.product_id, await answer_of(change))
            except ServiceError as error:
                results[number] = _refused(number, change.product_id, error)
        return [results[number] for number in lines]


def _read(line: bytes) -> BatchLine:
    """Raises InvalidRequest, PayloadTooLarge."""
    if len(line) > MAX_LINE_BYTES:
        raise PayloadTooLarge(f"The line is longer than {MAX_LINE_BYTES} bytes, the limit here.")
    try:
        return BatchLine.model_validate_json(line)
    except ValidationError as error:
        problems = field_problems(error, "line")
        where = ", ".join(problem.field for problem in problems)
        raise InvalidRequest(f"The line is invalid. Correct: {where}.", errors=problems) from error


def _change(read: BatchLine, key: str | None, number: int, line: bytes) -> Change:
    mark = None if key is None else (key, number, line_digest(line))
    return Change(read.product_id, own_time(), read.product, read.patch, read.if_match, mark)


def _repeated(number: int, read: BatchLine, line: bytes, earlier: StoredLine) -> BatchResult:
    """Raises InvalidRequest for another line than the one that is stored."""
    if earlier.digest != line_digest(line):
        raise InvalidRequest(
            f"The batch of this `Idempotency-Key` had another line {number}, which is stored. "
            "Use another key for other lines."
        )
    return BatchResult(
        line=number,
        product_id=read.product_id,
        status="stored",
        change=earlier.token,
        repeated=True,
    )


def _stored(number: int, product_id: str, published: Published) -> BatchResult:
    return BatchResult(
        line=number, product_id=product_id, status="stored", change=token_of(published)
    )


def _refused(number: int, product_id: str | None, error: ServiceError) -> BatchResult:
    return BatchResult(
        line=number, product_id=product_id, status="refused", problem=problem_document(error)
    )
