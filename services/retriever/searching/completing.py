"""Completions of a beginning, those of most products first.

Each table of products counts its own. What that leaves open is settled over all tables, so that an
answer does not depend on whether changes were merged into the base, nor when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.completions import KINDS, CompletionPart, FieldValue
from services.retriever.words import fewest_for
from services.retriever.words.phrases import LONGEST
from services.retriever.words.ranking import Counted, Rank, best_of, in_order
from services.retriever.words.said import saying, words_of_title
from services.retriever.words.spellings import FEWEST_LETTERS, edits_allowed
from services.retriever.words.units import BREAK_WEIGHT, Unit, composed, key_of, units

_TITLES = 200
"""Products of the base whose titles are read for a phrase that is too rare for its counts, or whose
first product is gone."""

_Id = tuple[str, str]
"""Field and key of a value."""


class Phrase(NamedTuple):
    """A phrase of titles."""

    key: str
    text: str
    """As the first product by id has it."""
    products: int


class Completing:
    """Completions over one snapshot."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._parts = catalogue.products.completed
        self._base, *self._added = self._parts
        self._changed = len(self._added) > 0 or len(self._base.gone) > 0
        self._fewest = fewest_for(len(catalogue.index))
        self._totals: dict[str, int] = {}
        self._in_base: dict[str, list[int]] = {}

    def phrases(self, key: str, most: int) -> list[Phrase]:
        """Phrases that begin so; none that only begins a longer one of the same products."""
        if self._changed:
            found = self._phrases(key, most, self._rank_if_shown)
        else:
            phrases = self._base.completions.phrases
            found = [phrases.keys[one] for one in phrases.best(key, most, shown=True)]
        return [Phrase(one, self._text(one), self._total(one)) for one in found]

    def values(self, key: str, most: int) -> list[tuple[FieldValue, int]]:
        """Values with a word that begins so, and the products of each."""
        if not self._changed:
            values = self._base.completions.values
            return [(values.every[one], int(values.counts[one])) for one in values.best(key, most)]
        known: dict[_Id, FieldValue] = {}
        products: dict[_Id, int] = {}

        def listed(part: CompletionPart, most: int) -> Counted[_Id]:
            values, counted = part.completions.values, []
            for number in values.best(key, most):
                value = values.every[number]
                known.setdefault((value.field, value.key), value)
                counted.append(((value.field, value.key), int(values.counts[number])))
            return counted

        def rank(one: _Id) -> Rank | None:
            value, count = known[one], sum(part.having(*one) for part in self._parts)
            products[one] = count
            order = not value.key.startswith(key), KINDS.index(value.kind), value.key, value.field
            return (-count, *order) if count else None

        tables = [partial(listed, part) for part in self._parts]
        return [(known[one], products[one]) for one in best_of(tables, most, rank)]

    def products(self, key: str) -> int:
        """Products of the most frequent completion."""
        phrases = (self._total(one) for one in self._phrases(key, 1, self._rank))
        return max([0, *phrases, *(products for _, products in self.values(key, 1))])

    def beginnings(self, typed: str, most: int) -> list[Rank]:
        """Beginnings of words that are spelled almost as typed, the likeliest first.

        (edits, whether the first letter is another, products below 0, beginning) of each.
        """
        if len(typed) < FEWEST_LETTERS or not typed.isalpha():
            return []
        for edits in range(1, edits_allowed(typed) + 1):
            counts: Counter[tuple[int, str]] = Counter()
            for part in self._parts:
                for distance, count, text in part.completions.beginnings.near(typed, edits):
                    counts[distance, text] += count
            exact = partial(self._rank_of_beginning, typed[0])
            likely = [
                ((distance, text[0] != typed[0], -count, text), (distance, text))
                for (distance, text), count in counts.items()
            ]
            if not self._changed:
                found = sorted(rank for rank, _ in likely)[:most]
            else:
                found = [rank for rank, _ in islice(in_order(likely, exact), most)]
            if found:
                return found
        return []

    def _rank_of_beginning(self, letter: str, one: tuple[int, str]) -> Rank | None:
        products = self.products(one[1])
        return (one[0], one[1][0] != letter, -products, one[1]) if products else None

    def _phrases(self, key: str, most: int, exact: Callable[[str], Rank | None]) -> list[str]:
        def listed(part: CompletionPart, most: int) -> Counted[str]:
            phrases = part.completions.phrases
            return [(phrases.keys[n], int(phrases.counts[n])) for n in phrases.best(key, most)]

        tables = [partial(listed, part) for part in self._parts]
        rare = self._base.completions.phrases.fewest - 1
        return best_of(tables, most, exact, rare)

    def _rank(self, key: str) -> Rank | None:
        total = self._total(key)
        return (-total, key) if total >= self._fewest else None

    def _rank_if_shown(self, key: str) -> Rank | None:
        rank = self._rank(key)
        return rank if rank is not None and self._is_shown(key) else None

    def _at_most(self, key: str) -> int:
        """The same as `_total`, but without reading titles: it may be too much."""
        if key in self._totals:
            return self._totals[key]
        of_base = self._base.phrases(key)
        rest = sum(one.phrases(key) or 0 for one in self._added)
        if of_base is None:
            return rest + self._base.completions.phrases.fewest - 1
        self._totals[key] = of_base + rest
        return of_base + rest

    def _total(self, key: str) -> int:
        """Products with a phrase in the title."""
        if self._at_most(key) and key not in self._totals:
            of_base = len(self._rows_of_base(key))
            self._totals[key] = of_base + sum(one.phrases(key) or 0 for one in self._added)
        return self._totals[key]

    def _is_shown(self, key: str) -> bool:
        """False if all of its products have the same longer phrase: so any of them shows it."""
        if not self._base.phrases_gone(key) and not any(one.phrases(key) for one in self._added):
            return self._base.completions.phrases.shows(key)
        total = self._total(key)
        _, some = self._title(key)
        longer = {
            key_of(some[first : stop + 1])
            for first, stop in _places(some, key)
            if sum(one.weight for one in some[first : stop + 1]) <= LONGEST
        }
        return not any(self._at_most(one) >= total == self._total(one) for one in longer - {key})

    def _text(self, key: str) -> str:
        return _spelled(*self._title(key), key)

    def _title(self, key: str) -> tuple[str, list[Unit]]:
        """The title of the first product that has a phrase."""
        rows, index = self._listed(key), self._catalogue.index
        alive = index.alive_of(np.array(rows, np.intp))
        if self._base.phrases(key) is None or not alive.all():
            # Rather a title of a product that is gone than none.
            rows = [
                *self._rows_of_base(key)[:1],
                *(row for row, one in zip(rows, alive.tolist(), strict=True) if one),
            ] or rows
        return self._title_of(min(rows, key=index.id_of))

    def _title_of(self, row: int) -> tuple[str, list[Unit]]:
        (title,) = map(composed, self._catalogue.products.texts("title", np.array([row])))
        return title, units(title)

    def _listed(self, key: str) -> list[int]:
        """The first product of each table that lists a phrase; it may be gone."""
        rows = []
        for part in self._parts:
            number = part.completions.phrases.keys.find(key)
            if number is not None:
                rows.append(part.first + part.completions.phrases.place(number).row)
        return rows

    def _rows_of_base(self, key: str) -> list[int]:
        """Products of the base with a phrase in the title, as far as few say its words."""
        if key not in self._in_base:
            words, catalogue = self._catalogue.words, self._catalogue
            text = next((_spelled(*self._title_of(row), key) for row in self._listed(key)), key)
            rows = saying(words, words_of_title(words, text))
            rows = rows[rows < words.base.count]
            rows = rows[catalogue.index.alive_of(rows)][:_TITLES]
            titles = catalogue.products.texts("title", rows)
            self._in_base[key] = [
                row
                for row, title in zip(rows.tolist(), titles, strict=True)
                if _places(units(composed(title)), key)
            ]
        return self._in_base[key]


def _spelled(title: str, some: list[Unit], key: str) -> str:
    """A phrase as a title first has it."""
    first, stop = _places(some, key)[0]
    return title[some[first].start : some[stop - 1].stop]


def _places(some: list[Unit], key: str) -> list[tuple[int, int]]:
    """[first, stop) of a phrase in the units of a title."""
    found = []
    for first in range(len(some)):
        text = ""
        for stop in range(first, len(some)):
            if some[stop].weight == BREAK_WEIGHT:
                break
            text = (text + some[stop].key).lstrip()
            if text == key:
                found.append((first, stop + 1))
            if not key.startswith(text):
                break
    return found
