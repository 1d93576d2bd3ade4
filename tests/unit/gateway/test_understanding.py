"""Queries that the retriever understands: encoded text, filters and answer."""

from __future__ import annotations

from typing import Any

import pytest

from services.contracts.limits import QueryLimit
from services.contracts.search import Filters, PriceRange
from services.contracts.understanding import Understood, UnderstoodQuery
from tests.support.gateway_stack import Fault, Stack, dead, frozen

QUERY = "red strped mug under 20, not blue, in stock"
MEANT = UnderstoodQuery(
    text="red striped mug",
    corrected_query="red striped mug under 20, not blue, in stock",
    understood=[
        Understood(
            kind="price",
            text="under 20",
            without="red striped mug, not blue, in stock",
            price=PriceRange(max=19.999),
        ),
        Understood(
            kind="exclude",
            text="not blue",
            without="red striped mug under 20, in stock",
            excluded=["blue"],
        ),
        Understood(kind="in_stock", text="in stock", without="red striped mug under 20, not blue"),
    ],
    price=PriceRange(max=19.999),
    in_stock=True,
    exclusions=["blue"],
)
LIMITS_ALONE = UnderstoodQuery(text="", price=PriceRange(max=20), in_stock=True)


@pytest.fixture
def understanding(stack: Stack) -> Stack:
    """A gateway whose retriever understands `QUERY`, and whose rewriter is off."""
    stack.source = "disabled"
    stack.meant = {QUERY: MEANT, "under 20": LIMITS_ALONE}
    return stack


async def ask(stack: Stack, **body: Any) -> dict[str, Any]:  # noqa: ANN401
    response = await stack.http.post("/search", json={"query": QUERY, **body})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_the_corrected_words_are_encoded_and_the_limits_are_filters(
    understanding: Stack,
) -> None:
    answer = await ask(understanding)
    assert understanding.encoded == ["red striped mug", "blue"]
    (searched,) = understanding.searched
    assert [term.text for term in searched.terms] == ["red striped mug"]
    assert searched.filters == Filters(price=PriceRange(max=19.999), in_stock=True)
    assert [(one.text, one.vector is not None) for one in searched.exclusions] == [("blue", True)]
    assert answer["corrected_query"] == MEANT.corrected_query
    assert [one["text"] for one in answer["understood"]] == ["under 20", "not blue", "in stock"]
    assert (answer["original_query"], answer["degraded"]) == (QUERY, [])


async def test_a_query_is_searched_as_written_if_asked_so(understanding: Stack) -> None:
    answer = await ask(understanding, interpret=False)
    assert understanding.to_understand == []
    assert understanding.encoded == [QUERY]
    assert (answer["corrected_query"], answer["understood"]) == (None, [])
    assert understanding.searched[0].filters is None


async def test_predict_understands_too(understanding: Stack) -> None:
    answer = (await understanding.predict(query=QUERY)).json()
    assert answer["corrected_query"] == MEANT.corrected_query
    assert (await understanding.predict(query=QUERY, interpret=False)).json()["understood"] == []


@pytest.mark.parametrize("fault", [dead, frozen], ids=["dead", "late"])
async def test_without_understanding_the_query_is_searched_as_written(
    understanding: Stack, fault: Fault
) -> None:
    understanding.retriever.fault_of["/understand"] = fault
    answer = await ask(understanding)
    assert understanding.encoded == [QUERY]
    assert answer["degraded"] == ["understanding"]
    assert answer["results"]


async def test_limits_alone_browse_within_them(understanding: Stack) -> None:
    await ask(understanding, query="under 20")
    (searched,) = understanding.searched
    assert searched.terms == []
    assert searched.filters == Filters(price=PriceRange(max=20), in_stock=True)
    assert understanding.encoded == []


async def test_limits_beside_less_of_something_are_searched_as_words(
    understanding: Stack,
) -> None:
    terms = [{"text": "stripes", "weight": -1}]
    answer = await ask(understanding, query="under 20", terms=terms)
    assert understanding.searched[0].terms[0].text == "under 20"
    assert answer["understood"] == []


@pytest.mark.parametrize(
    ("given", "searched"),
    [
        ({"min": 5}, {"min": 5, "max": 19.999}),
        ({"max": 10}, {"min": None, "max": 10}),
        ({"min": 30}, {"min": 30, "max": None}),
        ({"min": 5, "currency": "SEK"}, {"min": 5, "max": 19.999, "currency": "SEK"}),
    ],
    ids=[
        "both hold",
        "the lower one holds",
        "the caller's own wins over a contradiction",
        "in the caller's currency",
    ],
)
async def test_the_limits_hold_beside_the_callers_filters(
    understanding: Stack, given: dict[str, float], searched: dict[str, float]
) -> None:
    await ask(understanding, filters={"price": given, "color": ["red"]})
    filters = understanding.searched[0].filters
    assert filters is not None
    assert filters.price is not None
    assert filters.price.model_dump() == {"currency": None, **searched}
    assert filters.color == ["red"]


async def test_a_rewritten_query_is_compared_with_the_shoppers_own_words(
    understanding: Stack,
) -> None:
    understanding.source = "gemini"
    rewritten = f"better {QUERY}"
    understanding.meant[rewritten] = UnderstoodQuery(text="better mug", exclusions=["other"])
    understanding.proposed = [QueryLimit(kind="exclude", text="not blue", excluded=["blue"])]
    answer = await ask(understanding)
    assert understanding.to_understand == [[QUERY]]
    (compared,) = understanding.compared
    assert (compared.query, compared.rewritten_query) == (QUERY, rewritten)
    assert compared.understood == understanding.proposed
    assert understanding.encoded == ["better mug", "blue"]
    assert [one.text for one in understanding.searched[0].exclusions] == ["blue"]
    assert answer["rewritten_query"] == rewritten
    assert [one["kind"] for one in answer["understood"]] == ["price", "exclude", "in_stock"]


async def test_a_rewritten_query_that_cannot_be_compared_keeps_the_shoppers_own_limits(
    understanding: Stack,
) -> None:
    understanding.source, understanding.snapshot = "gemini", "v1+1"
    await ask(understanding)
    # Its own words are in memory now; what Gemini makes of it changes.
    understanding.proposed = [QueryLimit(kind="in_stock", text="in stock")]
    understanding.retriever.fault_of["/understand"] = dead
    answer = await ask(understanding)
    assert [one["kind"] for one in answer["understood"]] == ["price", "exclude", "in_stock"]
    assert understanding.searched[-1].filters == understanding.searched[0].filters


async def test_what_gemini_made_of_a_query_is_compared_once(understanding: Stack) -> None:
    understanding.source, understanding.snapshot = "gemini", "v1+1"
    answers = [await ask(understanding) for _ in range(3)]
    assert len(understanding.compared) == 1
    assert len({str(one["understood"]) for one in answers}) == 1


async def test_a_query_to_which_gemini_adds_nothing_keeps_its_own_meaning_without_a_comparison(
    understanding: Stack,
) -> None:
    understanding.source = "cache"  # of the query as it is
    answer = await ask(understanding)
    assert understanding.compared == []
    assert understanding.encoded == ["red striped mug", "blue"]
    assert answer["corrected_query"] == MEANT.corrected_query
    understanding.proposed = [QueryLimit(kind="in_stock", text="in stock")]
    await ask(understanding)
    assert len(understanding.compared) == 1


async def test_a_further_page_keeps_the_limits_and_tells_them(understanding: Stack) -> None:
    first = await ask(understanding)
    response = await understanding.http.post("/search", json={"cursor": first["cursor"]})
    second = response.json()
    assert second["understood"] == first["understood"]
    assert second["corrected_query"] == first["corrected_query"]
    before, after = understanding.searched
    assert after.exclusions == before.exclusions
    assert after.filters == before.filters
    assert len(understanding.to_understand) == 1


async def test_a_batch_is_understood_in_one_request(understanding: Stack) -> None:
    searches = [{"query": QUERY}, {"query": "green hat"}, {"query": QUERY, "interpret": False}]
    response = await understanding.http.post("/search/batch", json={"searches": searches})
    told = [one["corrected_query"] for one in response.json()["answers"]]
    assert told == [MEANT.corrected_query, None, None]
    assert understanding.to_understand == [[QUERY, "green hat"]]
