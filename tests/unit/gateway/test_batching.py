"""Batches in the gateway: lines of any shape, limits, groups, and a writer that comes and goes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from services.common.client import ServiceClient
from services.common.problems import NotReady, Overloaded, problem_response
from services.contracts.batches import (
    IDEMPOTENCY_HEADER,
    MAX_BATCH_LINES,
    MAX_GROUP_LINES,
    MAX_LINE_BYTES,
    BatchResult,
)
from services.gateway.batching import BatchOfChanges, Line, split


class StrictWriter(httpx.AsyncBaseTransport):
    """Answers as the writer does, and notes the groups that it got."""

    def __init__(self) -> None:
        self.groups: list[tuple[int, list[bytes]]] = []
        self.keys: list[str | None] = []
        self.faults: list[Callable[[httpx.Request], httpx.Response]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.faults:
            return self.faults.pop(0)(request)
        assert request.headers["Content-Type"] == "application/x-ndjson"
        first = int(request.url.params["first_line"])
        lines = (await request.aread()).split(b"\n")
        self.groups.append((first, lines))
        self.keys.append(request.headers.get(IDEMPOTENCY_HEADER))
        results = [
            BatchResult(line=number, product_id="p", status="stored", change="c")
            for number, line in enumerate(lines, first)
            if line
        ]
        assert len(results) <= MAX_GROUP_LINES
        text = "\n".join(one.model_dump_json(exclude_none=True) for one in results)
        return httpx.Response(200, content=text, request=request)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def lines_of(*parts: bytes) -> list[Line]:
    return [line async for line in split(chunks(*parts))]


async def results_of(
    writer: StrictWriter, *parts: bytes, key: str | None = None
) -> list[BatchResult]:
    async with ServiceClient("writer", "http://writer", timeout_s=60, transport=writer) as client:
        batch = BatchOfChanges(client, key)
        answer = b"".join([some async for some in batch.results(chunks(*parts))])
    return [BatchResult.model_validate_json(line) for line in answer.splitlines()]


async def test_lines_are_the_same_however_the_body_is_cut() -> None:
    body = b'{"a": 1}\n\n{"b": 2}\r\n{"c": "\xc3\xa4"}'
    wanted = [(1, b'{"a": 1}'), (2, b""), (3, b'{"b": 2}\r'), (4, b'{"c": "\xc3\xa4"}')]
    for size in (1, 3, 7, 1_000):
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        assert [(line.number, line.content) for line in await lines_of(*parts)] == wanted
    assert await lines_of(b"") == []
    assert [line.number for line in await lines_of(b"x\n")] == [1]


@pytest.mark.parametrize("size", [1_000, 10_000_000])
async def test_a_line_that_is_too_long_costs_itself_alone_and_no_memory(size: int) -> None:
    body = b"a\n" + b"x" * (3 * MAX_LINE_BYTES) + b"\nb\n"
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    before, long, after = await lines_of(*parts)
    assert (before.content, after.content) == (b"a", b"b")
    assert (long.number, long.content) == (2, b"")
    assert long.error is not None
    assert long.error.slug == "payload-too-large"


async def test_no_more_lines_than_the_limit_are_read() -> None:
    writer = StrictWriter()
    results = await results_of(writer, b"{}\n" * (MAX_BATCH_LINES + 500))
    assert [one.line for one in results] == list(range(1, MAX_BATCH_LINES + 2))
    assert {one.status for one in results[:-1]} == {"stored"}
    assert results[-1].status == "refused"
    assert results[-1].problem is not None
    assert results[-1].problem.type == "/problems/payload-too-large"


async def test_every_line_has_its_result_in_order_and_blank_lines_have_none() -> None:
    writer = StrictWriter()
    body = b"".join(b"\n" if number % 7 == 0 else b"{}\n" for number in range(1, 2_001))
    results = await results_of(writer, body, key="k")
    assert [one.line for one in results] == [n for n in range(1, 2_001) if n % 7]
    assert set(writer.keys) == {"k"}
    assert max(len(lines) for _, lines in writer.groups) > 100


async def test_a_writer_that_is_not_ready_or_busy_gets_the_group_again() -> None:
    writer = StrictWriter()

    def refuse(error: NotReady | Overloaded) -> Callable[[httpx.Request], httpx.Response]:
        answer = problem_response(error)
        return lambda request: httpx.Response(
            answer.status_code, content=bytes(answer.body), headers=answer.headers, request=request
        )

    writer.faults = [refuse(NotReady("starting")), refuse(Overloaded("busy"))]
    assert [one.status for one in await results_of(writer, b"{}\n{}\n")] == ["stored", "stored"]


async def test_a_lost_connection_leaves_it_open_without_a_key_and_is_repeated_with_one() -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("gone", request=request)

    writer = StrictWriter()
    writer.faults = [lost]
    assert [one.status for one in await results_of(writer, b"{}\n{}\n")] == ["unknown"] * 2
    writer.faults = [lost]
    again = await results_of(writer, b"{}\n{}\n", key="k")
    assert [one.status for one in again] == ["stored"] * 2


async def test_what_comes_after_a_group_that_failed_is_not_sent() -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("gone", request=request)

    writer = StrictWriter()
    writer.faults = [lost]
    results = await results_of(writer, b"{}\n" * 300)
    assert {one.status for one in results[:100]} == {"unknown"}
    assert {one.status for one in results[100:]} == {"refused"}
    assert len(results) == 300
    assert writer.groups == []


async def test_an_answer_that_breaks_the_contract_is_no_result() -> None:
    writer = StrictWriter()
    writer.faults = [lambda request: httpx.Response(200, content=b"{}", request=request)]
    (result,) = await results_of(writer, b"{}\n")
    assert (result.status, result.line) == ("unknown", 1)
    text = json.dumps({"line": 7, "status": "stored"})
    writer.faults = [lambda request: httpx.Response(200, content=text.encode(), request=request)]
    (result,) = await results_of(writer, b"{}\n")
    assert (result.status, result.line) == ("refused", 1)
