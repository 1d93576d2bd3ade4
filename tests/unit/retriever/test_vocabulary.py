"""The vocabulary: words with their frequencies, near spellings, completions, values of fields."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.words.spellings import edits_allowed
from tests.unit.retriever.test_words import IDS, MAKERS, Row, catalogue, table

SHOP: dict[str, Row] = {
    **{
        f"p{n}": {
            "title": "Red striped mug 250",
            "brand": "Lumo",
            "category": "Kitchen > Mugs",
            "attributes": {"color": "red", "material": "stoneware"},
        }
        for n in range(6)
    },
    "q1": {"title": "Red strapped bag", "brand": "LUMO", "attributes": {"color": "Red"}},
    "q2": {"title": "Stripes for walls", "brand": "Kestrel", "attributes": {"material": "paper"}},
    "q3": {"title": "Синяя кружка", "brand": "Нева"},
}
Make = Callable[[Mapping[str, Row]], Catalogue]


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("strped", "striped"),
        ("stirped", "striped"),
        ("tsriped", "striped"),
        ("xtriped", "striped"),
        ("stripedd", "striped"),
        ("sstripped", "striped"),
        ("kestral", "kestrel"),
        ("stonewere", "stoneware"),
        ("кружкка", "кружка"),
        ("нюва", "нева"),
    ],
)
def test_a_typo_is_near_to_the_word_that_most_products_say(
    make: Make, typed: str, meant: str
) -> None:
    assert make(SHOP).vocabulary.corrections(typed)[0].word == meant


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
@pytest.mark.parametrize(
    "word",
    ["mug", "mugs", "stripe", "red", "251", "25o", "m2g", "mu", "xyzzyx", "", "红色"]
    + [letter * n for letter in "aя" for n in (253, 255, 257, 258, 1_000)],
)
def test_a_word_of_the_catalogue_a_number_or_nonsense_is_not_corrected(
    make: Make, word: str
) -> None:
    assert make(SHOP).vocabulary.corrections(word) == []


@pytest.mark.parametrize("make", MAKERS, ids=IDS)
def test_frequencies_values_and_completions(make: Make) -> None:
    vocabulary = make(SHOP).vocabulary
    assert vocabulary.frequency("red") == 7
    assert [one.word for one in vocabulary.completions("str")] == ["striped", "strapped", "stripes"]
    (brand,) = vocabulary.values("lumo")
    assert (brand.field, brand.value) == ("brand", "Lumo")
    assert {one.field for one in vocabulary.values("RED")} == {"color"}
    assert {one.field for one in vocabulary.values("paper")} == {"material"}
    assert vocabulary.values("nothing") == []


def test_changed_products_do_not_count_twice_among_corrections() -> None:
    rows: dict[str, Row] = {
        **{f"a{n}": {"title": "Mug"} for n in range(2)},
        **{f"b{n}": {"title": "Mag"} for n in range(3)},
    }
    half = np.ones((2, 2), np.float32)
    mugs = {one: rows[one] for one in ("a0", "a1")}
    changed = catalogue(rows).with_changes(1, table(mugs), half, half, [])
    for one in (changed, changed.merged()):
        assert [near.word for near in one.vocabulary.corrections("mog")] == ["mag", "mug"]


def test_near_words_are_those_of_a_brute_force_search() -> None:
    random_ = random.Random(7)
    words = {"".join(random_.choices("abcde", k=random_.randint(3, 8))) for _ in range(1_500)}
    vocabulary = catalogue({w: {"title": w.title()} for w in words}).vocabulary
    for word in ("".join(random_.choices("abcde", k=random_.randint(3, 8))) for _ in range(60)):
        if word in vocabulary:
            continue
        found = {one.word for one in vocabulary.corrections(word, 10_000)}
        nearest = min(_osa(word, other) for other in words)
        if nearest > edits_allowed(word):
            assert found == set()
        else:
            assert found <= {other for other in words if _osa(word, other) == nearest}
            assert found


def _osa(one: str, other: str) -> int:
    """Optimal string alignment, by its definition."""
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if i == 0 or j == 0:
                rows[i][j] = i + j
                continue
            rows[i][j] = min(
                rows[i - 1][j] + 1,
                rows[i][j - 1] + 1,
                rows[i - 1][j - 1] + (one[i - 1] != other[j - 1]),
            )
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]
