"""Valid and invalid requests to `POST /predict`."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from services.contracts.products import Product, product_etag
from services.gateway.searching.search import Search
from tests.support.gateway_stack import Stack, assert_problem
from tests.unit.gateway.conftest import RunStack


async def _post(
    stack: Stack, content: bytes, media_type: str = "application/json"
) -> httpx.Response:
    return await stack.http.post("/predict", content=content, headers={"Content-Type": media_type})


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"k": 0}, "body.k"),
        ({"k": 101}, "body.k"),
        ({"k": -1}, "body.k"),
        ({"k": 2.5}, "body.k"),
        ({"k": "many"}, "body.k"),
        ({"k": None}, "body.k"),
        ({"k": True}, "body.k"),
        ({"k": "5"}, "body.k"),
        ({"rewrite": 0}, "body.rewrite"),
        ({"threshold": True}, "body.threshold"),
        ({"weights": {"text": True, "image": 1}}, "body.weights.text"),
        ({"k": [5]}, "body.k"),
        ({"k": 10**30}, "body.k"),
        ({"top_k": 0}, "body.top_k"),
        ({"k": 5, "top_k": 5}, "body.top_k"),
        ({"threshold": 1.5}, "body.threshold"),
        ({"threshold": "high"}, "body.threshold"),
        ({"threshold": {}}, "body.threshold"),
        ({"rewrite": "perhaps"}, "body.rewrite"),
        ({"weights": {"text": 0, "image": 0}}, "body.weights"),
        ({"weights": {"text": 1}}, "body.weights.image"),
        ({"weights": {"text": 2, "image": 1}}, "body.weights.text"),
        ({"weights": "text"}, "body.weights"),
        ({"colour": "red"}, "body.colour"),
        ({"query": ""}, "body.query"),
        ({"query": " \n\t "}, "body.query"),
        ({"query": "x" * 1_001}, "body.query"),
        ({"query": 7}, "body.query"),
        ({"query": None}, "body.query"),
        ({"query": ["mug"]}, "body.query"),
    ],
)
async def test_a_field_at_fault_is_named(
    stack: Stack, extra: dict[str, object], field: str
) -> None:
    problem = assert_problem(
        await stack.predict(**{"query": "red mug", **extra}), 422, "invalid-request"
    )
    assert field in [error["field"] for error in problem["errors"]]
    assert stack.encoder.requests == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"query": "mug", "threshold": NaN}', id="NaN"),
        pytest.param(b'{"query": "mug", "threshold": Infinity}', id="infinity"),
        pytest.param(b'{"query": "mug", "threshold": 1e999}', id="too large to be a float"),
        pytest.param(b'{"query": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"query": "mug"', id="cut off"),
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"mug"', id="a string"),
        pytest.param(b"query=mug", id="a form"),
        pytest.param(b"\xff\xfe\x00", id="not text"),
        pytest.param(b"[" * 30_000, id="nested deep"),
        pytest.param(b'{"query":' * 6_000 + b"1" + b"}" * 6_000, id="objects nested deep"),
        pytest.param(b'{"query": "mug", "k": ' + b"9" * 6_000 + b"}", id="endless number"),
        pytest.param(b"{}", id="no query"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(stack: Stack, content: bytes) -> None:
    assert_problem(await _post(stack, content), 422, "invalid-request")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"query": "mug",}', "Invalid JSON: .* at character 17"),
        ('{"query": "café"}'.encode("cp1252"), "JSON in UTF-8"),
        (b"[" * 30_000, "not nested deeply"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_with_the_reason(
    stack: Stack, content: bytes, reason: str
) -> None:
    problem = assert_problem(await _post(stack, content), 422, "invalid-request")
    errors = problem.get("errors", [])
    assert [one["field"] for one in errors] in ([], ["body"])
    assert re.search(reason, " ".join([problem["detail"], *(one["message"] for one in errors)]))


@pytest.mark.parametrize(
    "query",
    [
        "👟🔴",
        "a\u0000b",
        "<script>alert(1)</script>",
        "'; DROP TABLE--",
        "\u202emug",
        "mug\nmug",
        "é" * 1_000,
    ],
)
async def test_any_text_can_be_asked_for_and_comes_back_as_it_was(stack: Stack, query: str) -> None:
    response = await stack.predict(query=query, rewrite=False)
    assert response.status_code == 200
    assert response.json()["original_query"] == query
    assert response.headers["content-type"] == "application/json"
    assert stack.encoded == [query]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_a_body_of_another_type_is_refused_by_its_type(stack: Stack, media_type: str) -> None:
    response = await _post(stack, b'{"query": "mug"}', media_type)
    problem = assert_problem(response, 415, "unsupported-media-type")
    assert "application/json" in problem["detail"]


async def test_json_with_a_charset_is_json(stack: Stack) -> None:
    body = json.dumps({"query": "mug"}).encode()
    assert (await _post(stack, body, "Application/JSON; charset=utf-8")).status_code == 200


async def test_a_huge_body_is_refused_by_its_declared_length(stack: Stack) -> None:
    response = await _post(stack, b'{"query": "' + b"x" * 1_000_000 + b'"}')
    assert_problem(response, 413, "payload-too-large")


async def test_a_huge_body_without_a_length_is_refused_on_the_way(stack: Stack) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 10_000
            yield b"x" * 10_000

    response = await stack.http.post(
        "/predict", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert_problem(response, 413, "payload-too-large")
    assert sent < 200_000


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nothing-here", 404, "not-found"),
        ("POST", "/nothing-here", 404, "not-found"),
        ("GET", "/predict", 405, "method-not-allowed"),
        ("POST", "/products/1", 405, "method-not-allowed"),
        ("PUT", "/", 405, "method-not-allowed"),
        ("GET", "/problems/nothing", 404, "not-found"),
    ],
)
async def test_a_wrong_address_gets_a_problem_too(
    stack: Stack, method: str, path: str, status: int, slug: str
) -> None:
    assert_problem(await stack.http.request(method, path), status, slug)


@pytest.mark.parametrize(
    "name", ["a b", "ö/é", "..", ".", "a/../b", "%2e", "x?y=1#z", "👟", "\x00"]
)
async def test_any_product_id_reaches_the_retriever_as_it_is(stack: Stack, name: str) -> None:
    url = httpx.URL("http://gateway").copy_with(
        raw_path=b"/products/" + "".join(f"%{byte:02X}" for byte in name.encode()).encode()
    )
    response = await stack.http.get(url)
    assert response.status_code == 200, response.text
    assert response.json()["product_id"] == name


async def test_a_product_comes_with_the_tag_that_a_change_may_name(stack: Stack) -> None:
    response = await stack.http.get("/products/mug")
    tag = response.headers["etag"]
    assert tag == f'"{product_etag(Product(**response.json()))}"'
    for held, status in ((tag, 304), (f'"another", W/{tag}', 304), ('"another"', 200)):
        again = await stack.http.get("/products/mug", headers={"If-None-Match": held})
        assert (again.status_code, again.headers["etag"]) == (status, tag)
        assert bool(again.content) == (status == 200)


async def test_a_missing_product_is_not_found(stack: Stack) -> None:
    problem = assert_problem(await stack.http.get("/products/missing"), 404, "not-found")
    assert "missing" in problem["detail"]
    assert_problem(await stack.http.get("/products/" + "x" * 129), 422, "invalid-request")


async def test_an_error_within_is_told_without_its_inside(
    run_stack: RunStack, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Search, *__: object, **___: object) -> None:
        raise RuntimeError("a secret of the inside")

    async with run_stack() as stack:
        monkeypatch.setattr(Search, "one", broken)
        problem = assert_problem(await stack.predict(query="mug"), 500, "internal-error")
    assert "secret" not in json.dumps(problem)
    assert "secret" in caplog.text
