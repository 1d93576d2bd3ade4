"""Changes one after the other: each costs what is new, and leaves what all of them at once do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.contracts.search import CATEGORY
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.searching.suggest import suggest
from services.retriever.words import Lexicon, WordIndex
from services.retriever.words.merging import RowsByText
from tests.unit.retriever.test_words import Row, catalogue, table

IDS = [f"{letter}{number}" for letter in "abcd" for number in range(4)]
WORDS = [
    "red", "Red", "reds", "striped", "mug", "mugs", "of", "the", "café", "cafe", "红色", "40V-404",
    "Möbel", "for", "tea", "/", "strip", "X",
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


def test_texts_are_merged_in_order_and_each_has_its_place() -> None:
    one, _ = Lexicon.of(["b", "d", "é", *(f"x{n:03d}" for n in range(200))])
    for texts in ([], ["a"], ["b"], ["a", "c", "d", "z"], [f"x{n:03d}" for n in range(0, 300, 7)]):
        other, _ = Lexicon.of(texts)
        both, of_one, of_other = one.merged(other)
        assert both.texts() == sorted({*one.texts(), *texts})
        assert [both[place] for place in of_one.tolist()] == one.texts()
        assert [both[place] for place in of_other.tolist()] == sorted(texts)
