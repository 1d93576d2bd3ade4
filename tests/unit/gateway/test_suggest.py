"""`GET /suggest`: completions of the catalogue."""

from __future__ import annotations

import pytest

from services.contracts.suggestions import MAX_TYPED_CHARACTERS, Suggestions
from services.gateway.admission.access import API_KEY_HEADER, key_hash
from tests.support.gateway_stack import Stack, assert_problem
from tests.unit.gateway.conftest import RunStack


async def test_what_is_typed_reaches_the_retriever_as_it_is(stack: Stack) -> None:
    typed = "café & mug #1 +100%/ü 马克"
    response = await stack.http.get("/suggest", params={"q": f"  {typed} ", "limit": 5})
    answer = Suggestions.model_validate_json(response.content)
    assert stack.suggested == [(typed, 5)]
    assert [one.text for one in answer.suggestions] == [f"{typed} mug"]
    assert [one.product_id for one in answer.products] == ["product-0"]
    assert "suggest;dur=" in response.headers["server-timing"]
    assert (
        'gateway_stage_duration_seconds_count{stage="suggest"}'
        in (await stack.http.get("/metrics")).text
    )


@pytest.mark.parametrize(
    "params",
    [{}, {"q": ""}, {"q": "  "}, {"q": "x" * (MAX_TYPED_CHARACTERS + 1)}, {"q": "a", "limit": 0},
     {"q": "a", "limit": 21}],
)  # fmt: skip
async def test_invalid_parameters_are_refused(stack: Stack, params: dict[str, str | int]) -> None:
    assert_problem(await stack.http.get("/suggest", params=params), 422, "invalid-request")
    assert stack.suggested == []


async def test_suggestions_need_the_search_key_if_there_is_one(run_stack: RunStack) -> None:
    key = "a key that searches"
    async with run_stack(search_key_sha256=(key_hash(key),)) as stack:
        assert_problem(await stack.http.get("/suggest?q=m"), 401, "unauthorized")
        headers = {API_KEY_HEADER: key}
        assert (await stack.http.get("/suggest?q=m", headers=headers)).status_code == 200


async def test_a_page_of_another_origin_may_read_suggestions(run_stack: RunStack) -> None:
    origin = "https://shop.example"
    async with run_stack(cors_origins=(origin,)) as stack:
        answer = await stack.http.get("/suggest?q=m", headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin


async def test_a_page_of_another_origin_may_change_products_without_lost_updates(
    run_stack: RunStack,
) -> None:
    """As a shop's back office in a browser does, with its administrator's key."""
    origin = "https://shop.example"
    async with run_stack(cors_origins=(origin,)) as stack:
        for method in ("PUT", "PATCH", "DELETE"):
            asked = {
                "Origin": origin,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "x-api-key, if-match, if-none-match",
            }
            preflight = await stack.http.options("/products/p-1", headers=asked)
            assert preflight.status_code == 200, preflight.text
        asked |= {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-api-key, idempotency-key",
        }
        batch = await stack.http.options("/products/batch", headers=asked)
        answer = await stack.http.get("/suggest?q=m", headers={"Origin": origin})
    assert batch.status_code == 200, batch.text
    assert "ETag" in answer.headers["access-control-expose-headers"].split(", ")
