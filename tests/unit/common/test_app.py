"""Features of every service whose app comes from `services.common`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Scope

from services.common.context import DEADLINE_HEADER, REQUEST_ID_HEADER
from services.common.problems import error_types
from services.contracts.health import Dependency
from tests.unit.common.conftest import Switches


async def test_health_follows_the_workers(http: httpx.AsyncClient, switches: Switches) -> None:
    assert (await http.get("/health")).json()["status"] == "alive"
    switches.alive = False
    response = await http.get("/health")
    assert (response.status_code, response.json()["status"]) == (503, "dead")


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [("ok", 200, "ready"), ("degraded", 200, "ready"), ("unavailable", 503, "not_ready")],
)
async def test_readiness_follows_the_dependencies(
    http: httpx.AsyncClient, switches: Switches, status: str, code: int, word: str
) -> None:
    switches.state = Dependency.model_validate({"status": status, "detail": "why"})
    response = await http.get("/ready")
    assert (response.status_code, response.json()["status"]) == (code, word)
    assert response.json()["dependencies"]["thing"] == {"status": status, "detail": "why"}


async def test_every_kind_of_problem_is_explained_at_its_type(http: httpx.AsyncClient) -> None:
    for kind in error_types():
        explained = (await http.get(kind.type_path())).json()
        assert explained["type"] == kind.type_path()
        assert explained["description"]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/health/", "../health"),
        ("/problems/not-found/?a=b%26c", "../not-found?a=b%26c"),
    ],
)
async def test_a_slash_too_many_leads_back_to_wherever_the_client_came_from(
    http: httpx.AsyncClient, path: str, location: str
) -> None:
    """Proxies do not pass on the port, the scheme and the prefix that the client used."""
    answer = await http.get(path)
    assert (answer.status_code, answer.headers["location"]) == (307, location)
    shown = httpx.URL(f"https://shop.example:8443/find{path}")
    bare = path.partition("?")[0].rstrip("/")
    assert shown.join(location).copy_with(query=None) == f"https://shop.example:8443/find{bare}"


@pytest.mark.parametrize("offered", ["abc-1.2_3", "x" * 64])
async def test_a_harmless_request_id_is_kept(http: httpx.AsyncClient, offered: str) -> None:
    response = await http.get("/echo/0", headers={REQUEST_ID_HEADER: offered})
    assert response.headers[REQUEST_ID_HEADER] == offered
    assert response.json()["request_id"] == offered


@pytest.mark.parametrize("offered", [None, "", "x" * 65, "a b", "a\tb", 'a"b', "<b>", "ä"])
async def test_any_other_request_id_is_replaced(
    http: httpx.AsyncClient, offered: str | None
) -> None:
    headers = [] if offered is None else [_header(REQUEST_ID_HEADER, offered)]
    identifiers = {
        (await http.get("/echo/0", headers=headers)).headers[REQUEST_ID_HEADER] for _ in range(2)
    }
    assert len(identifiers) == 2
    assert offered not in identifiers


def _header(name: str, value: str) -> tuple[bytes, bytes]:
    return name.encode(), value.encode("latin-1")


async def test_requests_side_by_side_keep_their_ids_apart(http: httpx.AsyncClient) -> None:
    responses = await asyncio.gather(
        *(
            http.get(f"/echo/{number % 7}", headers={REQUEST_ID_HEADER: f"request-{number}"})
            for number in range(50)
        )
    )
    for number, response in enumerate(responses):
        assert response.json()["request_id"] == f"request-{number}"


@pytest.mark.parametrize(
    ("offered", "most_ms"),
    [("1000", 1_000), ("60000", 5_000), ("", 5_000), ("-1", 5_000), ("1e3", 5_000), ("²", 5_000)],
)
async def test_a_callers_deadline_counts_where_it_is_shorter(
    http: httpx.AsyncClient, offered: str, most_ms: float
) -> None:
    response = await http.get("/echo/0", headers=[_header(DEADLINE_HEADER, offered)])
    assert most_ms / 2 < response.json()["deadline_ms"] <= most_ms


async def test_a_bug_becomes_a_problem_that_keeps_it_secret(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = await http.get("/bug")
    assert response.status_code == 500
    assert response.json()["type"] == "/problems/internal-error"
    assert response.json()["instance"] == response.headers[REQUEST_ID_HEADER]
    assert "swordfish" not in response.text
    assert "swordfish" in caplog.text


async def test_a_bug_half_way_through_an_answer_breaks_the_connection(
    http: httpx.AsyncClient,
) -> None:
    with pytest.raises(RuntimeError, match="other half"):
        await http.get("/half")
    assert (await http.get("/echo/0")).status_code == 200


async def test_an_error_raised_on_purpose_carries_its_retry_after(http: httpx.AsyncClient) -> None:
    response = await http.get("/not-ready")
    assert (response.status_code, response.headers["retry-after"]) == (503, "3")
    assert response.json()["detail"] == "Still loading."


@pytest.mark.parametrize(("path", "limit"), [("/message", 100), ("/upload", 1_000)])
async def test_bodies_are_limited_by_path(http: httpx.AsyncClient, path: str, limit: int) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"text": "a"}'
    fits = await http.post(path, content=body.ljust(limit), headers=headers)
    assert fits.status_code == 200
    for content in (body.ljust(limit + 1), _chunks(body.ljust(limit + 1))):
        response = await http.post(path, content=content, headers=headers)
        assert response.status_code == 413
        assert response.json()["type"] == "/problems/payload-too-large"
        assert str(limit) in response.json()["detail"]


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 64):
        yield content[start : start + 64]


@pytest.mark.parametrize("declared", [b"9" * 5_000, b"\xb2", b"-1", b"many", b""])
async def test_a_declared_length_that_is_no_number_harms_nobody(
    app: FastAPI, declared: bytes
) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope("/upload", [(b"content-length", declared)]), receive, send)
    assert sent[0]["status"] in (200, 413)


async def test_a_caller_who_leaves_is_no_error_of_ours(
    app: FastAPI, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError("nobody is there")

    caplog.set_level(logging.INFO, logger="services.access")
    await app(_scope("/upload", []), receive, send)
    (record,) = [record for record in caplog.records if record.name == "services.access"]
    assert record.__dict__["status"] == 499
    assert 'status="499"' in (await http.get("/metrics")).text


def _scope(path: str, headers: list[tuple[bytes, bytes]]) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("172.18.0.5", {}, 200),
        ("100.64.0.9", {}, 200),
        ("::ffff:10.0.0.7", {}, 200),
        ("fe80::1%eth0", {}, 200),
        ("8.8.8.8", {}, 404),
        ("::ffff:8.8.8.8", {}, 404),
        ("2606:4700::1111", {}, 404),
        ("10.0.0.7", {"X-Forwarded-For": "8.8.8.8"}, 404),
        ("10.0.0.7", {"X-Forwarded-For": "10.0.0.8"}, 404),
        ("10.0.0.7", {"Forwarded": "for=8.8.8.8"}, 404),
        ("10.0.0.7", {"X-Real-IP": "8.8.8.8"}, 404),
    ],
)
async def test_metrics_are_for_the_services_own_network_only(
    peer: str, headers: dict[str, str], status: int, app: FastAPI
) -> None:
    transport = httpx.ASGITransport(app, client=(peer, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status


async def test_requests_are_counted_by_template_and_logged_once(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="services.access")
    await http.get("/echo/1", headers={REQUEST_ID_HEADER: "request-1"})
    await http.get("/echo/2")
    await http.get("/nothing-here")
    await http.get("/health")
    metrics = (await http.get("/metrics")).text
    assert 'http_requests_total{method="GET",route="/echo/{wait_ms}",status="200"} 2.0' in metrics
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in metrics
    assert "http_requests_in_flight 1.0" in metrics
    logged = [record.__dict__ for record in caplog.records if record.name == "services.access"]
    assert [record["route"] for record in logged] == ["/echo/{wait_ms}"] * 2 + ["unmatched"]


async def test_the_schema_names_our_errors_and_all_its_references_resolve(
    http: httpx.AsyncClient,
) -> None:
    response = await http.get("/openapi.json")
    assert "HTTPValidationError" not in response.text
    schema = response.json()
    for reference in _references(schema):
        place = schema
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
    body = schema["paths"]["/message"]["post"]["responses"]["422"]["content"]
    assert list(body) == ["application/problem+json"]


def _references(value: object) -> set[str]:
    match value:
        case dict():
            own = {value["$ref"]} if "$ref" in value else set()
            return own.union(*(_references(part) for part in value.values()))
        case list():
            return set().union(*(_references(part) for part in value))
    return set()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/echo/0", "GET, HEAD"),
        ("GET", "/message", "POST"),
        ("HEAD", "/message", "POST"),
        ("POST", "/health", "GET, HEAD"),
    ],
)
async def test_a_refused_method_is_told_the_others(
    http: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await http.request(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/health", "/ready", "/echo/0", "/nowhere"])
async def test_head_is_answered_as_get_without_its_body(http: httpx.AsyncClient, path: str) -> None:
    got, headed = await http.get(path), await http.head(path)
    assert (headed.status_code, headed.content) == (got.status_code, b"")
    assert headed.headers["Content-Type"] == got.headers["Content-Type"]
    assert int(headed.headers["Content-Length"]) > 0


async def test_a_head_request_is_counted_under_its_route(
    http: httpx.AsyncClient, app: FastAPI
) -> None:
    await http.head("/echo/0")
    metrics = (await http.get("/metrics")).text
    assert 'http_requests_total{method="HEAD",route="/echo/{wait_ms}",status="200"} 1.0' in metrics


@pytest.mark.parametrize(("encoding", "status"), [("gzip", 415), ("br", 415), ("identity", 200)])
async def test_a_compressed_body_is_refused_by_its_encoding(
    http: httpx.AsyncClient, encoding: str, status: int
) -> None:
    headers = {"Content-Encoding": encoding}
    response = await http.post("/message", json={"text": "a"}, headers=headers)
    assert response.status_code == status
