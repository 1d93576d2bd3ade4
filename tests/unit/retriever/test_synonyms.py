"""Synonyms: which products they find, which words they correct, and what the encoder gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.contracts.synonyms import Synonym
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.words import sought_words
from services.retriever.understanding.understand import understand
from services.retriever.words import Analyser
from services.retriever.words.said import STRUCTURED, rows_saying
from services.retriever.words.synonyms import SynonymTable
from tests.unit.retriever.test_words import MAKERS, Row

SHOP: dict[str, Row] = {
    "a": {"title": "Dotted mug", "attributes": {"color": "red"}},
    "b": {"title": "Running shoes, blue"},
    "c": {"title": "Sneaker care kit"},
    "d": {"title": "Polka music on record"},
    "e": {"title": "Blue cup"},
}
TWO_WAY = Synonym(words=["mug", "cup", "coffee pot"])
PHRASE = Synonym(words=["polka dot", "dotted"])
ONE_WAY = Synonym(words=["sneaker", "trainer"], finds=["running shoe"])
COLOUR = Synonym(words=["red", "scarlet", "fire engine red"])


@pytest.fixture(params=MAKERS, ids=["as loaded", "changed since", "merged"])
def one(request: pytest.FixtureRequest) -> Catalogue:
    made: Catalogue = request.param(SHOP)
    table = SynonymTable([TWO_WAY, PHRASE, ONE_WAY, COLOUR], made.words.analyser)
    return replace(made, synonyms=table)


def certain(one: Catalogue, text: str) -> list[str]:
    """Products that say the whole text."""
    sought = sought_words(one, text)
    if sought is None:
        return []
    rows = sought.certain.rows[one.index.alive_of(sought.certain.rows)]
    return sorted(one.index.id_of(row) for row in rows.tolist())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mug", ["a", "e"]),
        ("cups", ["a", "e"]),
        ("coffee pot", ["a", "e"]),
        ("polka dot mug", ["a"]),
        ("polka", ["d"]),
        ("dotted", ["a"]),
        ("sneakers", ["b", "c"]),
        ("trainer", ["b"]),
        ("running shoe", ["b"]),
        ("scarlet mug", ["a"]),
        ("fire engine red cup", ["a"]),
        ("engine", []),
    ],
)
def test_a_synonym_finds_both_ways_or_one(one: Catalogue, text: str, found: Sequence[str]) -> None:
    assert certain(one, text) == found


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("scarlet mug", "red mug"),
        ("Fire Engine Red mug!", "red mug!"),
        ("trainers, blue", "running shoe, blue"),
        ("sneaker", "sneaker"),  # products say it
        ("cup", "cup"),
        ("green hat", "green hat"),
    ],
)
def test_the_encoder_gets_the_words_of_the_catalogue(one: Catalogue, query: str, text: str) -> None:
    assert understand(one, query).text == text


def test_a_synonym_is_no_typo_and_corrects_typos(one: Catalogue) -> None:
    assert understand(one, "scarlet").corrected_query is None
    assert understand(one, "scarlat mug").corrected_query == "scarlet mug"
    assert understand(one, "scarlat mug").text == "red mug"


def test_a_negated_synonym_excludes(one: Catalogue) -> None:
    assert understand(one, "mug, not scarlet").exclusions == ["scarlet"]
    rows = rows_saying(one.words, "scarlet", STRUCTURED, one.synonyms)
    assert [one.index.id_of(row) for row in rows.tolist() if one.index.alive[row]] == ["a"]


def test_synonyms_are_stemmed_in_the_catalogues_language() -> None:
    table = SynonymTable([Synonym(words=["Tasse", "Becher"])], Analyser("de"))
    assert table.has(["tassen"])
    assert table.at(["rote", "tassen"], 1) == (1, [("becher",)])


def test_no_synonyms_cost_nothing() -> None:
    assert not SynonymTable()
    assert SynonymTable().at(["mug"], 0) == (0, [])
