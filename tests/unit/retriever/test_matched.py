"""Explanations of results: matched words by field, and every part of the relevance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.contracts.products import ScoredProduct
from services.contracts.retriever import Exclusion, QueryTerm, RetrievalRequest
from services.contracts.synonyms import Synonym
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.index import ExactIndex, LiveIndex
from services.retriever.searching import matching
from services.retriever.searching.matching import matches
from services.retriever.searching.sought import SoughtWords
from services.retriever.searching.words import sought_words
from services.retriever.words.synonyms import SynonymTable
from tests.unit.retriever.searches import search
from tests.unit.retriever.test_words import Row, catalogue, changed

D = 4
COLOURS = ("red", "blue")


def rows() -> dict[str, Row]:
    found: dict[str, Row] = {}
    for n in range(60):
        colour = COLOURS[n % 2]
        # Every fifth product does not say its colour; its picture shows it.
        named = n % 5 != 4
        found[f"p{n:02}"] = {
            "title": f"{colour if named else 'Nice'} mugs, striped",
            "description": "With stripes of glaze.",
            "attributes": {"color": colour, "sku": f"SK-{n:02}"} if named else {},
        }
    return found


def sample() -> Catalogue:
    """Half of the pictures look red, half blue; texts are all alike."""
    made = catalogue(rows())
    vectors = np.zeros((60, 2 * D), np.float32)
    vectors[:, 0] = 1
    for n in range(60):
        look = np.array([0.5, 1.0 - n % 2, n % 2, 0.02 * (n % 7)], np.float32)
        vectors[n, D:] = look / np.linalg.norm(look)
    index = LiveIndex(ExactIndex(vectors), sorted(rows()))
    info = made.info.model_copy(update={"dimension": D})
    table = SynonymTable([Synonym(words=["mug", "cup"])])
    return replace(made, info=info, index=index, moments=Moments.of(vectors), synonyms=table)


QUERY = [1.0, 0.0, 0.0, 0.0]
RED = [0.0, 1.0, 0.0, 0.0]
BLUE = [0.0, 0.0, 1.0, 0.0]


def ask(text: str, **options: object) -> list[ScoredProduct]:
    request = RetrievalRequest.model_validate(
        {
            "model": "mini@1",
            "terms": [QueryTerm(vector=QUERY, text=text)],
            "k": 100,
            "cutoff": "off",
            "group_variants": False,
            **options,
        }
    )
    return search(sample(), request).results


def test_each_result_tells_which_words_it_says_and_where() -> None:
    first = ask("red striped cup")[0]
    assert [(one.word, one.found, one.fields) for one in first.matched] == [
        ("red", ["red"], ["title", "attributes"]),
        ("striped", ["striped", "stripes"], ["title", "description"]),
        ("cup", ["mugs"], ["title"]),
    ]


def test_an_identifier_is_matched_as_such() -> None:
    first = ask("sk07")[0]
    assert first.product_id == "p07"
    assert [(one.word, one.fields) for one in first.matched] == [("sk07", ["identifier"])]


def test_without_words_nothing_is_matched() -> None:
    assert all(one.matched == [] for one in ask("red striped cup", mode="vectors"))


@pytest.mark.parametrize("mode", ["hybrid", "words"])
@pytest.mark.parametrize("text", ["red striped cup", "sk07", "blue unknownword"])
def test_the_parts_of_the_relevance_add_up_and_order_the_results(mode: str, text: str) -> None:
    exclusions = [Exclusion(text="yellow", vector=BLUE)]
    results = ask(text, mode=mode, explain=True, exclusions=exclusions)
    totals = []
    for one in results:
        parts = one.relevance
        assert parts is not None
        total = (
            parts.similarity
            + parts.words
            + parts.identifier
            + parts.missing_picture
            + parts.excluded_look
        )
        assert total == pytest.approx(parts.total, abs=2e-4)
        assert sum(word.contribution for word in parts.by_word) == pytest.approx(parts.words)
        assert parts.similarity in (0.0, pytest.approx(one.score))
        totals.append(parts.total)
    assert totals == sorted(totals, reverse=True)
    assert all(one.relevance is None for one in ask(text, mode=mode))


def test_an_excluded_word_omits_who_says_it_and_weighs_against_who_looks_so() -> None:
    results = ask("mug", exclusions=[Exclusion(text="blue", vector=BLUE)])
    left = {one.product_id for one in results}
    say_blue = {one for one, row in rows().items() if "blue" in str(row["title"])}
    assert left == set(rows()) - say_blue
    # Among products that do not say it, those that look blue come last.
    look_blue = {f"p{n:02}" for n in range(60) if n % 2} & left
    assert {one.product_id for one in results[-len(look_blue) :]} == look_blue
    assert {one.product_id for one in results if one.resembles} == look_blue
    assert {text for one in results for text in one.resembles} == {"blue"}
    assert not any(one.resembles for one in ask("mug"))


@pytest.mark.parametrize(
    ("excluded", "said", "look"), [("blue", "red", RED), ("red", "blue", BLUE)]
)
def test_a_product_that_says_another_value_of_the_field_is_believed_whatever_its_picture(
    excluded: str, said: str, look: list[float]
) -> None:
    """Also the most frequent value, whose code is 0."""
    results = ask("mug", exclusions=[Exclusion(text=excluded, vector=look)])
    resembling = {one.product_id for one in results if one.resembles}
    own = [row for row in rows().items() if int(row[0][1:]) % 2 == COLOURS.index(said)]
    assert resembling == {one for one, row in own if said not in str(row["title"])} != set()


def test_the_score_stays_the_similarity() -> None:
    exclusions = [Exclusion(text="blue", vector=BLUE)]
    plain = {one.product_id: one.score for one in ask("mug")}
    assert all(
        one.score == pytest.approx(plain[one.product_id])
        for one in ask("mug", exclusions=exclusions)
    )


@pytest.mark.parametrize("most", [3, 40_000])
def test_queries_that_share_words_get_the_matches_of_their_own_pages(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "_REMEMBERED", most)
    shared = sample()
    for text in ("red cup", "blue cup", "red striped mug", "nice mug 7", "sk07", "red cup"):
        for rows in ([0, 2, 7], [7, 3], [4, 0]):
            found = matches(shared, [words_of(shared, text)], rows)
            alone = sample()
            assert found == matches(alone, [words_of(alone, text)], rows)
            assert len(shared.matched) <= max(most, len(rows))


def test_a_match_is_found_once_for_all_queries_with_the_word() -> None:
    shared = sample()
    ((first, *_),) = matches(shared, [words_of(shared, "red cup")], [0])
    ((_, second),) = matches(shared, [words_of(shared, "striped red")], [0])
    assert first.word == "red"
    assert second is first


def test_misspellings_of_a_word_share_the_copy_of_the_rows_that_say_it() -> None:
    """Otherwise a few thousand of them filled the memory with copies."""
    shared = changed({f"p{n}": {"title": "Earthenware mug"} for n in range(4)})
    rows = [
        one.rows
        for text in ("earthenwane", "eerthenware", "earthenware plate")
        for one in words_of(shared, text).concepts[0].ways.forms
        if one.rows.base is None
    ]
    assert len(rows) == 3
    assert all(one is rows[0] for one in rows)


def words_of(shared: Catalogue, text: str) -> SoughtWords:
    words = sought_words(shared, text)
    assert words is not None
    return words
