"""The client of one service for another: deadlines, retries, problems."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from services.common.client import ServiceClient
from services.common.context import (
    DEADLINE_HEADER,
    REQUEST_ID_HEADER,
    Deadline,
    deadline,
    own_deadline,
    request_id,
)
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    NotFound,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    ServiceError,
)
from services.common.retry_budget import RetryBudget
from services.contracts.base import Contract
from services.contracts.health import Dependency, Health, Readiness
from tests.support.waiting import until
from tests.unit.common.conftest import Echo, Message, Switches


class Nothing(Contract):
    """An answer without fields."""


HEALTHY = {"status": "alive", "service": "sample", "version": "1"}


def _client(transport: httpx.AsyncBaseTransport, timeout_s: float = 5.0) -> ServiceClient:
    return ServiceClient("sample", "http://sample", timeout_s=timeout_s, transport=transport)


def _fixed(status: int, **content: object) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(status, **content))  # type: ignore[arg-type]


@pytest.fixture
def client(app: FastAPI) -> ServiceClient:
    return _client(httpx.ASGITransport(app))


async def test_answers_come_as_contracts(client: ServiceClient) -> None:
    async with client:
        assert (await client.get("/health", Health)).status == "alive"
        assert (await client.post("/message", Message(text="ä👟"), Message)).text == "ä👟"
        sent = await client.post_files("/upload", "images", [b"one", b"two"], Echo)
        assert sent.received > 6


async def test_request_id_and_deadline_travel_along(client: ServiceClient) -> None:
    token = request_id.set("request-1")
    try:
        async with client, own_deadline(1.0):
            echo = await client.get("/echo/0", Echo)
    finally:
        request_id.reset(token)
    assert echo.request_id == "request-1"
    assert 0 < echo.deadline_ms <= 1_000


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/not-ready", NotReady), ("/overloaded", Overloaded), ("/nothing", NotFound)],
)
async def test_what_concerns_the_caller_is_passed_on(
    client: ServiceClient, path: str, kind: type[Exception]
) -> None:
    async with client:
        with pytest.raises(kind):
            await client.get(path, Health)


async def test_retry_after_is_passed_on(client: ServiceClient) -> None:
    async with client:
        with pytest.raises(NotReady) as raised:
            await client.get("/not-ready", Health)
    assert raised.value.retry_after_s == 3


async def test_a_body_over_the_other_sides_limit_is_the_callers_problem(
    client: ServiceClient,
) -> None:
    async with client:
        with pytest.raises(PayloadTooLarge):
            await client.post("/message", Message(text="x" * 200), Message)


async def test_a_bug_of_the_other_side_is_its_own(client: ServiceClient) -> None:
    async with client:
        with pytest.raises(DependencyUnavailable, match="sample failed"):
            await client.get("/bug", Health)


async def test_a_status_that_carries_an_answer_is_one(
    client: ServiceClient, switches: Switches
) -> None:
    switches.state = Dependency(status="unavailable")
    async with client:
        readiness = await client.get("/ready", Readiness, also_status=(503,))
        assert readiness.status == "not_ready"
        with pytest.raises(DependencyUnavailable):
            await client.get("/ready", Readiness)


@pytest.mark.parametrize(
    "transport",
    [
        _fixed(200, content=b"<html>"),
        _fixed(200, json={}),
        _fixed(200, json={**HEALTHY, "unknown": 1}),
        _fixed(204),
        _fixed(302, headers={"Location": "http://elsewhere"}),
        _fixed(404, content=b"not here"),
        _fixed(500, json={"detail": "no problem document"}),
    ],
)
async def test_an_answer_that_breaks_the_contract_is_none(
    transport: httpx.MockTransport,
) -> None:
    async with _client(transport) as client:
        with pytest.raises(DependencyUnavailable, match="sample"):
            await client.get("/health", Health)


async def test_a_call_ends_with_its_time_out(app: FastAPI) -> None:
    async with _client(httpx.ASGITransport(app), timeout_s=0.05) as hurried:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            await hurried.get("/echo/30000", Echo)
        assert time.monotonic() - started < 20  # it would be answered after 30 s


async def test_a_call_ends_with_the_requests_deadline(client: ServiceClient) -> None:
    async with client:
        with pytest.raises(DeadlineExceeded):
            async with own_deadline(0.05):
                await client.get("/echo/30000", Echo)
        with pytest.raises(DeadlineExceeded):
            async with own_deadline(0):
                await client.get("/health", Health)


async def test_an_own_deadline_never_exceeds_the_one_given_and_ends_with_its_block() -> None:
    token = deadline.set(Deadline.after_ms(100))
    try:
        given = deadline.get()
        async with own_deadline(60):
            inner = deadline.get()
            assert inner is not None
            assert inner.remaining_s() <= 0.1
        assert deadline.get() is given
    finally:
        deadline.reset(token)


def _failing(
    times: int, error: type[httpx.TransportError]
) -> tuple[httpx.MockTransport, list[str]]:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers[DEADLINE_HEADER])
        assert REQUEST_ID_HEADER in request.headers
        if len(seen) <= times:
            raise error("gone", request=request)
        return httpx.Response(200, json=HEALTHY)

    return httpx.MockTransport(handle), seen


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.RemoteProtocolError])
async def test_a_connection_that_fails_once_is_tried_once_more(
    error: type[httpx.TransportError],
) -> None:
    transport, seen = _failing(1, error)
    async with _client(transport) as client:
        assert (await client.get("/health", Health)).status == "alive"
    assert len(seen) == 2


@asynccontextmanager
async def _closing_when_reused() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that answers the first request of a connection and closes it with the second, as a
    server does that closes an idle connection at the moment when a client reuses it."""
    paths: list[str] = []
    answer = json.dumps(HEALTHY).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for last in (False, True):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            await reader.readexactly(
                int(head.lower().partition("content-length:")[2].partition("\r\n")[0] or 0)
            )
            paths.append(head.split()[1])
            if not last:
                await asyncio.sleep(0.05)  # so that side by side each client needs its own
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer))
                writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}", paths


async def test_connections_closed_as_they_are_reused_cost_no_answer() -> None:
    """All at once, and more than the retry budget allows."""
    async with (
        _closing_when_reused() as (url, paths),
        ServiceClient("sample", url, timeout_s=10) as client,
    ):
        for _ in range(2):
            await asyncio.gather(
                *(client.post("/read", Message(text="x"), Health) for _ in range(20))
            )
    assert len(paths) == 60


async def test_a_change_that_must_not_run_twice_is_not_repeated() -> None:
    async with (
        _closing_when_reused() as (url, paths),
        ServiceClient("sample", url, timeout_s=10) as client,
    ):
        await client.post("/read", Message(text="x"), Health)
        with pytest.raises(DependencyUnavailable):
            await client.post_and_read("/change", b"x", bytes, {}, repeatable=False)
    assert paths == ["/read", "/change"]


async def test_a_connection_that_keeps_failing_is_given_up() -> None:
    transport, seen = _failing(1_000, httpx.ConnectError)
    async with _client(transport) as client:
        with pytest.raises(DependencyUnavailable, match="cannot be reached"):
            await client.get("/health", Health)
    assert len(seen) == 2


async def test_an_answer_once_begun_is_not_asked_for_again() -> None:
    transport, seen = _failing(1_000, httpx.ReadError)
    async with _client(transport) as client:
        with pytest.raises(DependencyUnavailable):
            await client.get("/health", Health)
    assert len(seen) == 1


async def test_in_an_outage_calls_are_refused_at_once_and_only_probes_are_sent() -> None:
    transport, seen = _failing(10_000, httpx.ConnectError)
    async with _client(transport) as client:
        for _ in range(200):
            with pytest.raises(DependencyUnavailable):
                await client.get("/health", Health)
        assert client.circuit_open
    # Five failures and as many retries as the budget's burst, whatever is asked after them.
    assert len(seen) <= 10


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(httpx.ConnectError("refused"), id="refused"),
        pytest.param(httpx.ConnectTimeout("a hole"), id="no answer to connect"),
        pytest.param(httpx.ReadError("cut off"), id="cut off"),
        pytest.param(httpx.Response(200, content=b"<html>"), id="garbage"),
        pytest.param(httpx.Response(500, content=b"oops"), id="500 of another program"),
    ],
)
async def test_what_keeps_failing_is_left_alone_until_it_is_back(
    fault: httpx.Response | httpx.TransportError,
) -> None:
    broken = True
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/health":
            asked.append(request.url.path)
        if not broken:
            return httpx.Response(200, json=HEALTHY if request.url.path == "/health" else {})
        if isinstance(fault, httpx.Response):
            return httpx.Response(fault.status_code, content=fault.content)
        raise fault

    async with _client(httpx.MockTransport(handle)) as client:
        while not client.circuit_open:
            with pytest.raises(DependencyUnavailable):
                await client.get("/thing", Nothing)
        assert len(set(asked)) == 1
        before = len(asked)
        with pytest.raises(DependencyUnavailable, match="is unavailable"):
            await client.get("/thing", Nothing)
        assert len(asked) == before
        broken = False
        await until(lambda: not client.circuit_open)
        await client.get("/thing", Nothing)


async def test_one_that_took_the_whole_time_out_is_left_alone_only_if_it_is_dead() -> None:
    frozen = asyncio.Event()

    async def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/health" or frozen.is_set():
            await asyncio.sleep(60)
        return httpx.Response(200, json=HEALTHY)

    async with _client(httpx.MockTransport(handle), timeout_s=0.5) as client:
        with pytest.raises(DeadlineExceeded):
            await client.get("/slow", Health)
        # It was busy, not dead.
        await until(lambda: not client.circuit_open)
        assert (await client.get("/health", Health)).status == "alive"
        frozen.set()
        with pytest.raises(DeadlineExceeded):
            await client.get("/slow", Health)
        for _ in range(20):
            with pytest.raises(DependencyUnavailable):
                await client.get("/slow", Health)
        frozen.clear()
        await until(lambda: not client.circuit_open)


async def test_callers_in_a_hurry_and_the_other_sides_bugs_open_nothing(
    client: ServiceClient,
) -> None:
    async with client:
        for _ in range(20):
            with pytest.raises(DeadlineExceeded):
                async with own_deadline(0.005):
                    await client.get("/echo/30000", Echo)
            for path in ("/bug", "/not-ready", "/overloaded", "/nothing"):
                with pytest.raises(ServiceError):
                    await client.get(path, Health)
        assert not client.circuit_open
        assert (await client.get("/health", Health)).status == "alive"


async def test_a_client_that_is_closed_stops_probing() -> None:
    transport, _ = _failing(10_000, httpx.ConnectError)
    async with _client(transport) as client:
        while not client.circuit_open:
            with pytest.raises(DependencyUnavailable):
                await client.get("/health", Health)
    assert not client.circuit_open
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_the_budget_starts_with_its_burst_and_earns_by_calls() -> None:
    budget = RetryBudget(ratio=0.5, burst=2)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()
    for _ in range(100):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


async def test_callers_side_by_side_get_their_own_answers(client: ServiceClient) -> None:
    async def ask(number: int) -> str:
        request_id.set(f"request-{number}")
        return (await client.get(f"/echo/{number % 5}", Echo)).request_id

    async with client:
        answers = await asyncio.gather(*(asyncio.create_task(ask(n)) for n in range(50)))
    assert answers == [f"request-{number}" for number in range(50)]
