"""`PUT`, `PATCH` and `DELETE /products/{id}` at the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import ValidationError

from services.contracts.batches import BatchLine
from services.gateway.admission.access import key_hash
from services.gateway.app import create_app
from services.gateway.settings import GatewaySettings
from tests.support.gateway_stack import assert_problem
from tests.support.lifespan import LifespanManager

ADMIN, SEARCH = "admin-key-of-a-test", "search-key-of-a-test"
MUG = {"title": "A mug"}
SETTINGS = GatewaySettings(
    admin_key_sha256=(key_hash(ADMIN),), search_key_sha256=(key_hash(SEARCH),)
)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(SETTINGS)
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client,
    ):
        yield client


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_nobody_but_an_administrator_changes_products(
    http: httpx.AsyncClient, method: str
) -> None:
    for key, status, slug in [
        (None, 401, "unauthorized"),
        ("guess", 401, "unauthorized"),
        (SEARCH, 403, "forbidden"),
        (ADMIN, 503, "dependency-unavailable"),  # no writer is set up here
    ]:
        headers = {} if key is None else {"X-API-Key": key}
        response = await http.request(method, "/products/mug", json=MUG, headers=headers)
        assert_problem(response, status, slug)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_an_id_that_is_not_utf8_is_refused(http: httpx.AsyncClient, method: str) -> None:
    http.headers["X-API-Key"] = ADMIN
    response = await http.request(method, "/products/caf%E9", json=MUG)
    problem = assert_problem(response, 422, "invalid-request")
    assert problem["errors"][0]["field"] == "path.product_id"
    # In UTF-8 only the writer is missing.
    response = await http.request(method, "/products/caf%C3%A9%2F1", json=MUG)
    assert_problem(response, 503, "dependency-unavailable")


async def test_a_stranger_is_refused_before_the_body_is_read(http: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 50:
            read += 1
            yield b" " * 100_000

    response = await http.put("/products/mug", content=endless())
    assert_problem(response, 401, "unauthorized")
    # httpx's transport hands over one piece at a time, and only on request.
    assert read <= 1


async def test_a_body_of_another_type_or_too_large_is_refused(http: httpx.AsyncClient) -> None:
    http.headers["X-API-Key"] = ADMIN
    response = await http.put("/products/mug", content=b"{}", headers={"Content-Type": "text/csv"})
    assert_problem(response, 415, "unsupported-media-type")
    large = {"Content-Type": "application/json", "Content-Length": "16000001"}
    response = await http.put("/products/mug", content=b"{}", headers=large)
    assert_problem(response, 413, "payload-too-large")
    problem = assert_problem(
        await http.put("/products/mug", json={"title": ""}), 422, "invalid-request"
    )
    assert problem["errors"][0]["field"] == "body.title"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("patch", ['{"price": %s}', '{"attributes": {"a": [1, %s]}}'])
async def test_a_number_that_is_none_is_refused_and_removes_no_field(
    http: httpx.AsyncClient, patch: str, number: str
) -> None:
    http.headers["X-API-Key"] = ADMIN
    response = await http.patch(
        "/products/mug",
        content=patch % number,
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert_problem(response, 422, "invalid-request")
    line = f'{{"op": "patch", "product_id": "mug", "patch": {patch % number}}}'
    with pytest.raises(ValidationError, match="finite"):
        BatchLine.model_validate_json(line)


@pytest.mark.parametrize("field", ["price", "list_price"])
async def test_true_is_no_price(http: httpx.AsyncClient, field: str) -> None:
    http.headers["X-API-Key"] = ADMIN
    problem = assert_problem(
        await http.put("/products/mug", json={**MUG, field: True}), 422, "invalid-request"
    )
    assert problem["errors"][0]["field"] == f"body.{field}"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/products/mug", "DELETE, GET, HEAD, PATCH, PUT"),
        ("/products/mug/similar", "GET, HEAD"),
        ("/products/batch", "POST"),
    ],
)
async def test_a_refused_method_is_told_those_of_its_own_path(
    http: httpx.AsyncClient, path: str, allowed: str
) -> None:
    response = await http.options(path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)
