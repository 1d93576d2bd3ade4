"""`POST /search`, `/search/batch`, `/products/{id}/similar`: terms, pages, what is refused."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from services.common.problems import InvalidRequest, NotFound
from services.contracts.base import ModalityWeights
from services.contracts.gateway import SearchResponse
from services.contracts.problems import FieldProblem
from services.contracts.retriever import QueryTerm, RetrievalRequest
from services.gateway.searching.cursors import Asked, cursor_of, read_cursor
from services.gateway.searching.picture_ids import EncodedPicture, picture_id
from services.gateway.searching.tokens import BadToken, seal, unseal
from tests.support.gateway_stack import MODEL, Stack, assert_problem, dead


async def _search(stack: Stack, **body: Any) -> httpx.Response:  # noqa: ANN401
    return await stack.http.post("/search", json=body)


def _picture(*, model: str = MODEL, age_s: float = 0.0) -> str:
    return picture_id(EncodedPicture([0.6, 0.8], model, int(time.time() + 60 - age_s)))


async def test_words_a_picture_and_a_product_are_sought_at_once(stack: Stack) -> None:
    response = await _search(
        stack,
        query="red mug 7",
        terms=[
            {"text": "blue 3", "weight": -0.5},
            {"picture_id": _picture(), "weight": 2},
            {"product_id": "sample-1", "weights": {"text": 1, "image": 0}},
        ],
        filters={"color": ["red"]},
        facets=["color"],
        sort="price_asc",
        exclude=["sample-2"],
        cutoff="off",
        group_variants=False,
        threshold=0.1,
        k=3,
    )
    answer = SearchResponse.model_validate_json(response.content)
    assert (answer.original_query, answer.rewritten_query) == ("red mug 7", "better red mug 7")
    assert answer.rewrite_source == "gemini"
    assert answer.explanation is None
    # The query alone is rewritten, and all the words are encoded in one call.
    assert stack.encoded == ["better red mug 7", "blue 3"]
    assert (len(stack.encoder.requests), len(stack.rewriter.requests)) == (1, 1)
    search = stack.searched[-1]
    assert [term.weight for term in search.terms] == [1, -0.5, 2, 1]
    # The catalogue's ranking fills in the weights that the caller left out.
    own = ModalityWeights(text=1, image=0)
    assert [term.weights for term in search.terms] == [None, None, None, own]
    assert [term.kind for term in search.terms[:3]] == ["words", "words", "picture"]
    assert [term.product_id for term in search.terms] == [None, None, None, "sample-1"]
    # Products are read for the words that were searched for.
    texts = ["better red mug 7", "blue 3", None, None]
    assert [term.text for term in search.terms] == texts
    assert search.terms[2].vector == pytest.approx([0.6, 0.8], abs=0.01)
    assert search.filters is not None
    assert search.filters.color == ["red"]
    assert (search.facets, search.sort, search.exclude) == (["color"], "price_asc", ["sample-2"])
    assert (search.cutoff, search.group_variants) == ("off", False)
    assert (search.threshold, search.k, search.model) == (0.1, 3, MODEL)
    for stage in ("rewrite", "encode", "search", "total"):
        assert f"{stage};dur=" in response.headers["server-timing"]


async def test_the_next_page_asks_the_same_without_rewriting_or_encoding(stack: Stack) -> None:
    first = (await _search(stack, query="red mug 7", facets=["color"], k=2)).json()
    stack.encoder.fault = stack.rewriter.fault = dead
    response = await _search(stack, cursor=first["cursor"])
    assert response.status_code == 200, response.text
    one, two = stack.searched
    assert (one.after, two.after) == (None, "the next")
    assert two == one.model_copy(update={"after": "the next"})
    second = response.json()
    assert second["rewritten_query"] == first["rewritten_query"]
    assert second["cursor"] is None
    await _search(stack, cursor=first["cursor"], k=5)
    assert stack.searched[-1].k == 5


async def test_a_cursor_holds_vectors_to_the_bit() -> None:
    vector = [0.10000000149011612, -0.30000001192092896, 1.0]  # float32 values
    weights = ModalityWeights(text=0.2, image=0.8)
    asked = Asked(
        search=RetrievalRequest(
            model=MODEL,
            terms=[
                QueryTerm(product_id="sample-1", weights=weights),
                QueryTerm(vector=vector, weights=weights, weight=-0.5),
                QueryTerm(vector=vector, weights=weights),
            ],
            k=7,
            after="x",
        ),
        labels=["a", "b", "c"],
        original_query="ä",
        rewritten_query="a",
        rewrite_source="cache",
    )
    assert read_cursor(cursor_of(asked)) == asked


@pytest.mark.parametrize("change", ["cut", "swapped", "longer", "another kind", "nonsense"])
async def test_a_bad_cursor_is_refused_by_name(stack: Stack, change: str) -> None:
    cursor: str = (await _search(stack, query="red mug 7")).json()["cursor"]
    bad = {
        "cut": cursor[:-3],
        "swapped": cursor[:40] + ("A" if cursor[40] != "A" else "B") + cursor[41:],
        "longer": cursor + "AAAA",
        "another kind": _picture(),
        "nonsense": "A",
    }[change]
    problem = assert_problem(await _search(stack, cursor=bad), 422, "invalid-request")
    assert [error["field"] for error in problem["errors"]] == ["body.cursor"]


async def test_nothing_but_k_may_stand_beside_a_cursor(stack: Stack) -> None:
    problem = assert_problem(
        await _search(stack, cursor="AAAA", query="mug"), 422, "invalid-request"
    )
    assert "remove query" in str(problem["errors"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [("AAAA", "Invalid picture id"), (_picture(age_s=120), "expired")],
    ids=["nonsense", "expired"],
)
async def test_a_bad_picture_id_is_refused_by_name(stack: Stack, text: str, reason: str) -> None:
    response = await _search(stack, terms=[{"text": "mug"}, {"picture_id": text}])
    problem = assert_problem(response, 422, "invalid-request")
    (error,) = problem["errors"]
    assert error["field"] == "body.terms.1.picture_id"
    assert reason in error["message"]
    assert stack.encoder.requests == []


async def test_a_picture_of_another_model_is_refused(stack: Stack) -> None:
    response = await _search(stack, query="mug", terms=[{"picture_id": _picture(model="old@1")}])
    assert "old@1" in assert_problem(response, 409, "model-mismatch")["detail"]


async def test_products_alone_need_no_encoder(stack: Stack) -> None:
    stack.encoder.fault = dead
    response = await _search(stack, terms=[{"product_id": "sample-1"}])
    assert response.status_code == 200, response.text
    (search,) = stack.searched
    assert search.model is None
    assert search.terms[0].weights is None


async def test_an_explanation_tells_terms_and_stages(stack: Stack) -> None:
    response = await stack.http.post(
        "/search?explain=true",
        json={"query": "mug", "terms": [{"picture_id": _picture()}, {"product_id": "p"}]},
    )
    explanation = response.json()["explanation"]
    assert explanation["terms"] == ["better mug", "picture", "p"]
    assert set(explanation["stages_ms"]) == {*("rewrite", "understand", "encode", "kind", "search")}
    assert stack.searched[-1].explain


async def test_an_explanation_tells_which_texts_were_not_encoded_anew(stack: Stack) -> None:
    stack.kept.add("better mug")
    response = await stack.http.post(
        "/search?explain=true", json={"query": "mug", "terms": [{"text": "blue"}]}
    )
    assert response.json()["explanation"]["cached"] == ["better mug"]


async def test_without_the_rewriter_the_query_is_searched_for_as_it_came(stack: Stack) -> None:
    stack.rewriter.fault = dead
    answer = (await _search(stack, query="red mug 7")).json()
    assert (answer["rewritten_query"], answer["degraded"]) == ("red mug 7", ["rewriter"])
    assert answer["results"][0]["product_id"] == "product-7"


@pytest.mark.parametrize("name", ["encoder", "retriever"])
async def test_without_what_is_needed_the_answer_is_a_503(stack: Stack, name: str) -> None:
    getattr(stack, name).fault = dead
    response = await _search(stack, query="red mug")
    assert_problem(response, 503, "dependency-unavailable")
    assert response.headers["retry-after"]


@pytest.mark.parametrize(
    "body",
    [
        {"terms": [{"text": "mug", "weight": -1}]},
        {"terms": [{"text": "mug", "product_id": "p"}]},
        {"query": "mug", "k": "5"},
        {"query": "mug", "filters": {"size": ["L"]}},
        {"query": "mug", "sort": "name"},
        {"query": "mug", "surprise": 1},
    ],
)
async def test_what_is_no_search_is_refused_before_anybody_is_asked(
    stack: Stack, body: dict[str, Any]
) -> None:
    assert_problem(await _search(stack, **body), 422, "invalid-request")
    assert not (stack.encoder.requests)
    assert not (stack.rewriter.requests)
    assert not (stack.searched)


async def test_what_the_caller_said_and_the_retriever_refuses_is_passed_on(stack: Stack) -> None:
    stack.refusal = InvalidRequest(
        "'size' cannot be counted",
        errors=[FieldProblem(field="body.facets", message="'size' cannot be counted")],
    )
    problem = assert_problem(
        await _search(stack, query="mug", facets=["size"]), 422, "invalid-request"
    )
    assert problem["errors"][0]["field"] == "body.facets"
    stack.refusal = NotFound("The catalogue has no product 'p'.")
    assert_problem(await _search(stack, terms=[{"product_id": "p"}]), 404, "not-found")


async def test_a_refusal_of_what_the_caller_never_sent_is_our_fault(stack: Stack) -> None:
    stack.refusal = InvalidRequest(
        "not of unit length",
        errors=[FieldProblem(field="body.terms.0.vector", message="not of unit length")],
    )
    assert_problem(await _search(stack, query="mug"), 503, "dependency-unavailable")


async def test_a_batch_is_encoded_and_searched_in_one_call_each(stack: Stack) -> None:
    searches: list[dict[str, Any]] = [{"query": f"mug {number}"} for number in range(64)]
    searches[3]["rewrite"] = False
    searches[5] = {"terms": [{"product_id": "sample-1"}]}
    response = await stack.http.post("/search/batch", json={"searches": searches})
    answers = response.json()["answers"]
    assert len(answers) == 64
    for number, answer in enumerate(answers):
        # A search by a product has no vector to read the number from.
        expected = 0 if number == 5 else number
        assert answer["results"][0]["product_id"] == f"product-{expected}"
    assert answers[3]["rewritten_query"] == "mug 3"
    assert answers[4]["rewritten_query"] == "better mug 4"
    assert len(stack.encoder.requests) == 1
    assert [request.url.path for request in stack.retriever.requests].count("/search/batch") == 1


@pytest.mark.parametrize("number", [0, 1])
async def test_a_refused_batch_names_the_search(stack: Stack, number: int) -> None:
    searches: list[dict[str, Any]] = [{"query": "mug"}] * number + [{"cursor": "none"}]
    response = await stack.http.post("/search/batch", json={"searches": searches})
    problem = assert_problem(response, 422, "invalid-request")
    assert [one["field"] for one in problem["errors"]] == [f"body.searches.{number}.cursor"]
    field = f"body.searches.{number}.facets.shoe_size"
    stack.refusal = InvalidRequest("unknown", errors=[FieldProblem(field=field, message="unknown")])
    searches = [{"query": "mug", "facets": ["shoe_size"]}] * (number + 1)
    response = await stack.http.post("/search/batch", json={"searches": searches})
    problem = assert_problem(response, 422, "invalid-request")
    assert [one["field"] for one in problem["errors"]] == [field]


async def test_a_batch_has_an_end(stack: Stack) -> None:
    response = await stack.http.post("/search/batch", json={"searches": [{"query": "mug"}] * 65})
    assert_problem(response, 422, "invalid-request")


@pytest.mark.parametrize(
    ("by", "weights"),
    [
        ("look", ModalityWeights(text=0, image=1)),
        ("words", ModalityWeights(text=1, image=0)),
        ("both", None),
    ],
)
async def test_products_like_one_are_found_by_look_words_or_both(
    stack: Stack, by: str, weights: ModalityWeights | None
) -> None:
    response = await stack.http.get(f"/products/shop/a%2Fb/similar?by={by}&k=4")
    assert response.status_code == 200, response.text
    (search,) = stack.searched
    (term,) = search.terms
    assert (term.product_id, search.k, search.cutoff) == ("shop/a/b", 4, "off")
    assert term.weights == weights
    assert "search;dur=" in response.headers["server-timing"]


async def test_a_token_that_inflates_beyond_all_bounds_is_refused() -> None:
    bomb = seal(b"C1", b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(BadToken, match="too large"):
        unseal(b"C1", bomb, 1 << 20)


@pytest.mark.parametrize("body", [{}, {"terms": []}, {"filters": {"category": ["Kitchen"]}}])
async def test_a_search_without_a_query_browses_and_asks_no_encoder(
    stack: Stack, body: dict[str, Any]
) -> None:
    first = await _search(stack, **body, sort="price_asc", k=1)
    assert first.status_code == 200, first.text
    assert first.json()["model"] == MODEL

    second = await _search(stack, cursor=first.json()["cursor"])

    assert second.status_code == 200, second.text
    assert [one.terms for one in stack.searched] == [[], []]
    assert [one.after for one in stack.searched] == [None, "the next"]
    assert stack.searched[1].sort == "price_asc"
    assert not stack.encoder.requests
    assert not stack.rewriter.requests


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filters": {"in_stock": "no"}}, "body.filters.in_stock"),
        ({"filters": {"in_stock": 1}}, "body.filters.in_stock"),
        ({"terms": [{"text": "mug", "weight": "2"}]}, "body.terms.0.weight"),
        ({"terms": [{"text": "mug", "weight": True}]}, "body.terms.0.weight"),
    ],
)
async def test_text_is_no_number_and_no_boolean_at_any_depth(
    stack: Stack, body: dict[str, Any], field: str
) -> None:
    problem = assert_problem(await stack.http.post("/search", json=body), 422, "invalid-request")
    assert [error["field"] for error in problem["errors"]] == [field]
