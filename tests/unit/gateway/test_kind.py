"""Words beside a picture change it, and the picture keeps its kind."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from services.contracts.gateway import SearchResponse
from services.contracts.products import ScoredProduct
from services.contracts.retriever import RetrievalRequest
from services.contracts.search import Match
from services.gateway.searching.picture_ids import EncodedPicture, picture_id
from tests.support.gateway_stack import MODEL, Stack, answering, dead

MUGS, BOWLS, BAGS = "Kitchen > Mugs", "Kitchen > Bowls", "Bags > Handbags"

Nearest = Sequence[str | None]


def _found(categories: Nearest, said: str | None = None) -> list[ScoredProduct]:
    """Products of these categories; `said` is a word that is in all of them."""
    matched = [Match(word=said, found=[said], fields=["category"])] if said else []
    return [
        ScoredProduct(
            product_id=f"p{place}",
            title="A thing",
            category=one,
            score=0.5,
            strength="strong",
            matched=matched,
        )
        for place, one in enumerate(categories)
    ]


def _finds(stack: Stack, looks: Nearest, words: Nearest = (), said: str | None = None) -> None:
    """The retriever's products for the picture alone, and for the words alone."""

    def products(request: RetrievalRequest) -> list[ScoredProduct]:
        if any(term.kind == "words" and term.vector for term in request.terms):
            return _found(words, said)
        return _found(looks)

    stack.products = products


async def _search(stack: Stack, **body: Any) -> SearchResponse:  # noqa: ANN401
    picture = picture_id(EncodedPicture([0.6, 0.8], MODEL, int(time.time() + 60)))
    whole = {"query": "blue", "terms": [{"picture_id": picture}], "rewrite": False, **body}
    response = await stack.http.post("/search", json=whole)
    assert response.status_code == 200, response.text
    return SearchResponse.model_validate_json(response.content)


def _searched_within(stack: Stack) -> list[str] | None:
    filters = stack.searched[-1].filters
    return filters.category if filters else None


@pytest.mark.parametrize(
    ("nearest", "kept"),
    [
        ([MUGS] * 10, MUGS),
        # A filter takes 256 characters; above that, the level before.
        ([f"{MUGS} > {'long' * 70}"] * 10, MUGS),
        (["long" * 70] * 10, None),
        # The nearest count most.
        ([MUGS, MUGS, *[BAGS] * 8], MUGS),
        ([MUGS, BOWLS, BAGS, BOWLS, MUGS, BAGS, BOWLS], MUGS),
        ([MUGS, BOWLS, "Kitchen > Plates", "Kitchen > Jars", BAGS], MUGS),
        (["Kitchen > Jars", BOWLS, "Kitchen > Plates", MUGS, "Kitchen > Cups"], "Kitchen > Jars"),
        ([BAGS, *[f"Kitchen > {name}" for name in "abcdefghi"]], "Kitchen"),
        ([f"{name} > x" for name in "abcdefghij"], None),
        ([None] * 10, None),
        ([], None),
    ],
)
async def test_the_nearest_products_of_a_picture_vote_for_its_category(
    stack: Stack, nearest: Nearest, kept: str | None
) -> None:
    _finds(stack, nearest)
    answer = await _search(stack)
    assert answer.kept_category == kept
    assert _searched_within(stack) == ([kept] if kept else None)


async def test_the_picture_and_the_words_are_asked_alone_and_in_one_call(stack: Stack) -> None:
    _finds(stack, [MUGS] * 10)
    await _search(stack, filters={"color": ["blue"]})
    looks, words, search = stack.searched
    assert [[term.kind for term in one.terms] for one in (looks, words)] == [["picture"], ["words"]]
    assert looks.filters is None
    assert search.filters is not None
    assert (search.filters.category, search.filters.color) == ([MUGS], ["blue"])
    paths = [request.url.path for request in stack.retriever.requests]
    assert paths == ["/understand", "/search/batch", "/search"]


async def test_words_that_name_another_category_win(stack: Stack) -> None:
    _finds(stack, [MUGS] * 10, [BAGS] * 3, said="handbag")
    assert (await _search(stack, query="handbag")).kept_category is None


async def test_words_that_name_the_same_category_change_nothing(stack: Stack) -> None:
    _finds(stack, [MUGS] * 10, [MUGS] * 3, said="mug")
    assert (await _search(stack, query="blue mug")).kept_category == MUGS


@pytest.mark.parametrize(
    "body",
    [
        {"keep_category": False},
        {"filters": {"category": ["Bags"]}},
        {"filters": {"attributes": {"category": ["Bags"]}}},
        {"query": None},
        {"terms": []},
        {"query": None, "terms": [{"text": "mug"}, {"product_id": "p", "weight": -1}]},
    ],
    ids=[
        "turned off",
        "a category is chosen",
        "one is chosen as an attribute",
        "no words",
        "no picture",
        "only unlike a product",
    ],
)
async def test_otherwise_the_search_is_everywhere(stack: Stack, body: dict[str, Any]) -> None:
    _finds(stack, [MUGS] * 10)
    assert (await _search(stack, **body)).kept_category is None
    assert _searched_within(stack) == body.get("filters", {}).get("category")


async def test_a_product_keeps_its_kind_too(stack: Stack) -> None:
    _finds(stack, [MUGS] * 10)
    assert (await _search(stack, terms=[{"product_id": "p"}])).kept_category == MUGS


async def test_a_picture_of_nothing_sold_keeps_nothing(stack: Stack) -> None:
    _finds(stack, [MUGS] * 10)
    stack.confidence = 0.2
    assert (await _search(stack)).kept_category is None


async def test_a_further_page_is_of_the_same_category(stack: Stack) -> None:
    _finds(stack, [MUGS] * 10)
    first = await _search(stack)
    stack.searched.clear()
    further = await stack.http.post("/search", json={"cursor": first.cursor})
    assert further.json()["kept_category"] == MUGS
    (search,) = stack.searched
    assert search.filters is not None
    assert search.filters.category == [MUGS]


@pytest.mark.parametrize("fault", [dead, answering(200, b'{"answers":[]}')])
async def test_a_search_does_without_the_category_that_cannot_be_found(
    stack: Stack,
    fault: Any,  # noqa: ANN401
) -> None:
    _finds(stack, [MUGS] * 10)
    stack.retriever.fault_of["/search/batch"] = fault
    assert (await _search(stack)).kept_category is None


async def test_a_batch_asks_for_all_categories_at_once(stack: Stack) -> None:
    _finds(stack, [MUGS] * 10)
    picture = picture_id(EncodedPicture([0.6, 0.8], MODEL, int(time.time() + 60)))
    mixed = {"query": "blue", "terms": [{"picture_id": picture}], "rewrite": False}
    searches = [mixed, {"query": "red", "rewrite": False}, *[mixed] * 40]
    response = await stack.http.post("/search/batch", json={"searches": searches})
    kept = [one["kept_category"] for one in response.json()["answers"]]
    assert kept == [MUGS, None, *[MUGS] * 40]
