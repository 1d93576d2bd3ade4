"""Queries that come again: what is remembered, and what makes it invalid."""

from __future__ import annotations

import time
from itertools import chain, repeat

import pytest

from services.common.context import CHANGE_HEADER
from services.contracts.understanding import UnderstoodQuery
from services.gateway.searching import rewriting
from services.gateway.searching.picture_ids import EncodedPicture, picture_id
from services.gateway.searching.recent import MOST, Recent
from services.gateway.searching.rewriting import Rewriting
from tests.support.gateway_stack import Stack

QUERY = "a red mug 5"


@pytest.fixture
def remembering(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A gateway whose retriever names its snapshots, and whose rewriter is off for good."""
    monkeypatch.setattr(rewriting, "DISABLED_KEPT_S", float("inf"))
    stack.source, stack.snapshot = "disabled", "v1+1"
    return stack


async def test_a_query_that_comes_again_is_only_searched(remembering: Stack) -> None:
    answers = [(await remembering.predict(query=QUERY)).json() for _ in range(3)]
    assert remembering.encoded == [QUERY]
    assert remembering.to_understand == [[QUERY]]
    assert len(remembering.searched) == 3
    assert {answer["results"][0]["product_id"] for answer in answers} == {"product-5"}
    for answer in answers:
        answer.pop("took_ms"), answer.pop("request_id")
    assert answers[0] == answers[1] == answers[2]


async def test_the_explanation_says_that_a_vector_was_remembered(remembering: Stack) -> None:
    for cached in ([], [QUERY]):
        answer = await remembering.http.post("/search?explain=true", json={"query": QUERY})
        assert answer.json()["explanation"]["cached"] == cached


async def test_after_a_change_of_the_catalogue_a_query_is_understood_again(
    remembering: Stack,
) -> None:
    await remembering.predict(query=QUERY)
    remembering.snapshot = "v1+2"
    remembering.meant[QUERY] = UnderstoodQuery(text="a blue mug 7", corrected_query="a blue mug 7")
    for _ in range(2):
        answer = (await remembering.predict(query=QUERY)).json()
        assert answer["corrected_query"] == "a blue mug 7"
        assert answer["results"][0]["product_id"] == "product-7"
    # Once with the old meaning, which the answer shows to be old.
    assert [one.terms[0].text for one in remembering.searched[1:]] == [
        QUERY,
        "a blue mug 7",
        "a blue mug 7",
    ]


async def test_a_search_that_waits_for_a_change_asks_for_the_meaning(remembering: Stack) -> None:
    await remembering.predict(query=QUERY)
    change = {CHANGE_HEADER: f"{int(time.time() * 1_000_000):x}-v1-2"}
    answer = await remembering.http.post("/predict", json={"query": QUERY}, headers=change)
    assert answer.status_code == 200, answer.text
    assert remembering.to_understand == [[QUERY], [QUERY]]


async def test_a_retriever_without_snapshots_is_asked_each_time(remembering: Stack) -> None:
    remembering.snapshot = ""
    for _ in range(2):
        await remembering.predict(query=QUERY)
    assert (remembering.to_understand, remembering.checked) == ([[QUERY]], [QUERY])


async def test_a_new_query_of_plain_words_is_understood_with_its_search(
    remembering: Stack,
) -> None:
    queries = (QUERY, "a mug 7", "a mug 7")
    answers = [(await remembering.predict(query=query)).json() for query in queries]
    found = [one["results"][0]["product_id"] for one in answers]
    assert found == ["product-5", "product-7", "product-7"]
    assert remembering.to_understand == [[QUERY]]
    # The second time its meaning is known.
    assert remembering.checked == ["a mug 7"]
    assert remembering.encoded == [QUERY, "a mug 7"]


async def test_a_query_of_plain_words_that_means_more_is_searched_by_its_meaning(
    remembering: Stack,
) -> None:
    await remembering.predict(query=QUERY)
    meaning = UnderstoodQuery(text="a red 7", exclusions=["mug 9"])
    remembering.meant["a red mug 8"] = meaning
    for _ in range(2):
        answer = (await remembering.predict(query="a red mug 8")).json()
        assert answer["results"][0]["product_id"] == "product-7"
        assert [one.text for one in remembering.searched[-1].exclusions] == ["mug 9"]
    assert remembering.checked == ["a red mug 8"]
    # Its words are not taken for plain any more.
    await remembering.predict(query="a red mug 6")
    assert remembering.to_understand[-1] == ["a red mug 6"]


async def test_an_older_retriever_that_checks_no_meaning_is_asked_for_it(
    remembering: Stack,
) -> None:
    remembering.checks = False
    await remembering.predict(query=QUERY)
    remembering.meant["a red mug 8"] = UnderstoodQuery(text="a blue mug 7")
    answer = (await remembering.predict(query="a red mug 8")).json()
    assert answer["results"][0]["product_id"] == "product-7"


async def test_the_meaning_of_a_rewritten_text_is_not_taken_for_the_querys(
    remembering: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remembering.predict(query=QUERY)
    # It is switched on between the guess and the request to it.
    disabled = chain([True], repeat(False))
    monkeypatch.setattr(Rewriting, "disabled", property(lambda _: next(disabled)))
    remembering.source = "gemini"
    answer = (await remembering.predict(query="a mug 7")).json()
    assert answer["rewritten_query"] == "better a mug 7"
    assert remembering.checked == ["better a mug 7"]
    assert remembering.to_understand[1] == ["a mug 7"]


async def test_after_a_change_of_the_model_a_query_is_encoded_again(remembering: Stack) -> None:
    await remembering.predict(query=QUERY)
    remembering.model = remembering.served = "test-clip@2"
    for _ in range(2):
        assert (await remembering.predict(query=QUERY)).status_code == 200
    assert remembering.encoded == [QUERY, QUERY, QUERY]
    assert remembering.searched[-1].model == "test-clip@2"


async def test_a_request_of_another_model_leaves_the_memory_as_it_is(remembering: Stack) -> None:
    await remembering.predict(query=QUERY)
    picture = picture_id(EncodedPicture([0.6, 0.8], "test-clip@0", int(time.time() + 60)))
    outdated = {"query": QUERY, "terms": [{"picture_id": picture}]}
    assert (await remembering.http.post("/search", json=outdated)).status_code == 409
    encoded = list(remembering.encoded)
    assert (await remembering.predict(query=QUERY)).status_code == 200
    assert remembering.encoded == encoded


async def test_an_encoder_of_another_model_than_the_catalogue_is_reported(
    remembering: Stack,
) -> None:
    remembering.served = "test-clip@2"
    for _ in range(2):
        assert (await remembering.predict(query=QUERY)).status_code == 409


def test_the_memory_is_bounded_and_drops_the_oldest() -> None:
    recent = Recent()
    for number in range(MOST + 10):
        recent.keep_vectors("m", {str(number): [1.0]})
    assert recent.vectors(["9"]) is None
    assert recent.vectors(["10", str(MOST + 9)]) is not None
    recent.keep_vectors("m", {"long" * 100: [1.0]})
    assert recent.vectors(["long" * 100]) is None
