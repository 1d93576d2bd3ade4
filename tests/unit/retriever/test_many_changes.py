"""Changes one after the other: each costs what is new, and leaves what all of them at once do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.contracts.retriever import QueryTerm, RetrievalRequest
from services.contracts.search import CATEGORY, Filters
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.suggest import suggest
from services.retriever.understanding.understand import understand
from services.retriever.words import Lexicon, WordIndex
from services.retriever.words.merging import RowsByText
from tests.unit.retriever.searches import search
from tests.unit.retriever.test_words import Row, catalogue, table

IDS = [f"{letter}{number}" for letter in "abcd" for number in range(4)]
WORDS = [
    "red", "Red", "reds", "striped", "mug", "mugs", "of", "the", "café", "cafe", "红色", "40V-404",
    "Möbel", "for", "tea", "/", "strip", "X", "mag", "mig",
]  # fmt: skip
SHOP: dict[str, Row] = {
    one: {
        "title": f"{WORDS[number % 6]} striped {WORDS[number % 9]}",
        "brand": ["Lumo", "LUMO", "Möbelhaus"][number % 3],
        "attributes": {"material": "stoneware", "sku": f"SK-{number % 5}"},
    }
    for number, one in enumerate(IDS[::2])
}

_texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
_rows = st.fixed_dictionaries(
    {
        "title": _texts,
        "description": _texts,
        "brand": st.sampled_from(["", "Lumo", "LUMO", "lumo", "Neva"]),
        "category": st.sampled_from(["", "Kitchen > Mugs", "kitchen>mugs", "Kitchen"]),
        "attributes": st.sampled_from(
            [{}, {"material": "Wool, silk"}, {"material": "wool", "sku": "SK-1"}, {"color": "red"}]
        ),
    }
)
_changes = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(IDS), _rows, max_size=4),
        st.lists(st.sampled_from(IDS), max_size=3),
    ),
    max_size=8,
)


def with_change(one: Catalogue, rows: dict[str, Row], deletes: list[str]) -> Catalogue:
    titles = [str(rows[one]["title"]) for one in sorted(rows)]
    text = np.array([[ord(title[0]), len(title)] for title in titles], np.float32).reshape(-1, 2)
    return one.with_changes(one.sequence + 1, table(rows), text, text, deletes)


def of_texts(one: RowsByText) -> dict[str, list[int]]:
    assert one.texts.texts() == sorted(set(one.texts.texts()))
    return {
        text: one.rows[one.starts[n] : one.starts[n + 1]].tolist()
        for n, text in enumerate(one.texts.texts())
    }


def of_words(one: WordIndex) -> list[object]:
    return [
        one.count,
        of_texts(RowsByText(one.words, one.starts, one.postings.rows)),
        one.postings.impacts.tolist(),
        one.postings.fields.tolist(),
        of_texts(RowsByText(one.identifiers, *one.identified)),
        of_texts(one.stems),
        [sorted(one.spellings.near(word, 2)) for word in ("mog", "stripes", "caffe", "rde")],
    ]


def of_catalogue(one: Catalogue) -> list[object]:
    numbers = np.arange(one.index.numbers)
    added = one.products.added
    found: list[object] = [
        [one.index.id_of(number) for number in numbers.tolist()],
        one.index.rows(numbers).tolist(),
        one.index.alive.tolist(),
        one.products.texts("title", numbers),
        one.words.added and of_words(one.words.added),
    ]
    for name in ("brand", CATEGORY, "material", "color"):
        column = None if added is None else added.fields.column(name)
        found.append(column and [[*column.values], column.codes.tolist()])
    phrases: set[str] = set()
    for part in one.products.completed:
        known = part.completions.phrases
        phrases.update(known.keys.texts())
        found.append([(n, known.keys[n], known.place(n)) for n in range(len(known.keys))])
        found.append([known.best("", 100), known.counts.tolist(), known.fewest])
    found.append(
        [[part.phrases(key) for part in one.products.completed] for key in sorted(phrases)]
    )
    typed = ("r", "re", "striped m", "lu", "mu", "caf", "红", "kit", "woo", "stripde", "40v")
    found.extend(suggest(one, text, 20) for text in typed)
    return found


TYPED = (
    "r", "re", "rde", "striped m", "red m", "mug r", "lu", "mu", "m", "caf", "红", "kit", "woo",
    "stripde", "strp", "40v", "40V-404", "tea /", "x", "te of", "sk-", "a1",
)  # fmt: skip


def suggestions_of(one: Catalogue, typed: str, limit: int) -> list[object]:
    """Suggestions without the letter case of values, and their cards: the same in every replica."""
    found = suggest(one, typed, limit)
    shown = [
        one.model_copy(update={"text": one.text if one.kind == "title" else one.text.casefold()})
        for one in found.suggestions
    ]
    return [shown, found.products]


def browsed(one: Catalogue) -> list[object]:
    found: list[object] = []
    for more in ({}, {"group_variants": True}, {"filters": Filters(brand=["lumo"])}):
        request = RetrievalRequest(
            model="mini@1", terms=[], k=3, facets=["*"], facet_values=50, **more
        )
        answer = search(one, request)
        found.append([answer.found, answer.results, answer.next])
        facets = answer.facets.fields if answer.facets else {}
        for name, values in facets.items():
            found.append([name, {each.value.casefold(): each.count for each in values}])
    return found


def answers_of(one: Catalogue) -> list[object]:
    found: list[object] = browsed(one)
    found += [suggestions_of(one, typed, limit) for typed in TYPED for limit in (2, 10)]
    found.extend(
        sorted(one.index.id_of(number) for number in one.words.identified(text).tolist())
        for text in ("40v404", "4Ov404", "sk1")
    )
    for text in ("red mug", "mxg", "strped", "caf", "40v404", "möbel tea", "wool not red", "红色"):
        term = QueryTerm(text=text, vector=[0.6, 0.8])
        for mode in ("hybrid", "words"):
            request = RetrievalRequest(model="mini@1", terms=[term], k=20, mode=mode)
            found.append(search(one, request).results)
        found.append(understand(one, text))
        found.append([one.vocabulary.corrections(text), one.words.frequency(text)])
    return found


@pytest.mark.parametrize("few", [0, 10**6], ids=["sought", "sorted"])
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(changes=_changes)
def test_changes_one_by_one_leave_what_all_at_once_do(
    few: int, changes: list[tuple[dict[str, Row], list[str]]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.retriever.words.lexicon._FEW", few)
        steps = [catalogue(SHOP)]
        before = of_catalogue(steps[0])
        upserts: dict[str, Row] = {}
        deletes: set[str] = set()
        for rows, gone in changes:
            steps.append(with_change(steps[-1], rows, gone))
            upserts = {**upserts, **rows}
            deletes = (deletes - rows.keys()) | set(gone)
        upserts = {one: row for one, row in upserts.items() if one not in deletes}
        changed = steps[-1]
        if changes:
            at_once = with_change(catalogue(SHOP), upserts, sorted(deletes))
            assert of_catalogue(changed) == of_catalogue(at_once)
        rows = {one: row for one, row in {**SHOP, **upserts}.items() if one not in deletes}
        merged = changed.merged()
        assert of_words(merged.words.base) == of_words(catalogue(rows).words.base)
        assert of_catalogue(merged)[3:] == of_catalogue(catalogue(rows))[3:]
        # A search that is under way in another thread.
        assert of_catalogue(steps[0]) == before


@pytest.mark.parametrize("large", [False, True])
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(changes=_changes, merges=st.sets(st.integers(0, 7)))
def test_replicas_that_merge_after_different_changes_answer_alike(
    large: bool, changes: list[tuple[dict[str, Row], list[str]]], merges: set[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if large:
            # As a catalogue of which a phrase of a single title is not kept.
            patch.setattr("services.retriever.words.phrases._EVERY_PHRASE", 0)
        one = other = catalogue(SHOP)
        for number, (rows, gone) in enumerate(changes):
            one, other = (with_change(each, rows, gone) for each in (one, other))
            if number in merges:
                other = other.merged()
        assert answers_of(one) == answers_of(other) == answers_of(one.merged())


def test_a_phrase_is_spelled_as_the_first_product_has_it_though_it_is_rare_in_the_base(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.retriever.words.phrases._EVERY_PHRASE", 0)
    shop: dict[str, Row] = {"a": {"title": "A wool VEST"}, "b": {"title": "Tea"}}
    changed = with_change(catalogue(shop), {"c": {"title": "Vest of silk"}}, [])
    for one in (changed, changed.merged()):
        assert [found.text for found in suggest(one, "ves", 1).suggestions] == ["VEST"]


def test_texts_are_merged_in_order_and_each_has_its_place() -> None:
    one, _ = Lexicon.of(["b", "d", "é", *(f"x{n:03d}" for n in range(200))])
    for texts in ([], ["a"], ["b"], ["a", "c", "d", "z"], [f"x{n:03d}" for n in range(0, 300, 7)]):
        other, _ = Lexicon.of(texts)
        both, of_one, of_other = one.merged(other)
        assert both.texts() == sorted({*one.texts(), *texts})
        assert [both[place] for place in of_one.tolist()] == one.texts()
        assert [both[place] for place in of_other.tolist()] == sorted(texts)


def test_an_identifier_that_is_gone_does_not_hide_one_that_is_misread() -> None:
    shop: dict[str, Row] = {
        "a": {"title": "Drill", "attributes": {"sku": "KX0471"}},
        "b": {"title": "Saw", "attributes": {"sku": "KXO471-B"}},
    }
    changed = with_change(catalogue(shop), {}, ["b"])
    for one in (changed, changed.merged()):
        assert [one.index.id_of(number) for number in one.words.identified("KXO471")] == ["a"]


def test_words_of_products_that_are_gone_do_not_hide_a_correction() -> None:
    gone: dict[str, Row] = {
        f"{letter}{number}": {"title": f"m{letter}g"} for letter in "abcdehijkl" for number in "12"
    }
    changed = with_change(catalogue({**gone, "z": {"title": "mug"}}), {}, sorted(gone))
    for one in (changed, changed.merged()):
        assert [near.word for near in one.vocabulary.corrections("mog")] == ["mug"]
