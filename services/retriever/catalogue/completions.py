"""Completions of queries: phrases of titles, and values of fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.common.field_values import values_in
from services.contracts.search import BRAND, CATEGORY, IN_STOCK
from services.contracts.suggestions import SuggestionKind
from services.retriever.catalogue.fields import Fields, Numbers, levels
from services.retriever.words import Beginnings, Lexicon, Phrases
from services.retriever.words.units import composed, key_of, units

_LONGEST_VALUE = 64
"""Characters; what is longer is a description."""
_REMEMBERED = 16_384
"""Values whose words stay in memory: most of those beside the base come again with each change."""
_KINDS: dict[str, SuggestionKind] = {CATEGORY: "category", BRAND: "brand"}
KINDS: list[SuggestionKind] = ["category", "brand", "attribute", "title", "query"]
"""The order of kinds: it decides between equal texts with equally many products."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value of a field, by which queries are completed."""

    text: str
    kind: SuggestionKind
    key: str
    field: str
    codes: list[int]
    """In the column of the field; a category has those of all categories below it, too."""


class Values:
    """The values of n products, found by the beginning of any of their words."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.every = sorted(
            (value for name in fields.names if name != IN_STOCK for value in _values(fields, name)),
            key=lambda one: (KINDS.index(one.kind), one.key, one.field),
        )
        by_field = {name: fields.column(name).frequencies.tolist() for name in fields.names}
        counts = [sum(by_field[value.field][code] for code in value.codes) for value in self.every]
        self.counts: NDArray[np.int32] = np.array(counts, np.int32)
        numbers: dict[str, list[int]] = {}
        for number, value in enumerate(self.every):
            for key in _wording(value.text).endings:
                numbers.setdefault(key, []).append(number)
        self._keys, order = Lexicon.of(list(numbers))
        by_key = list(numbers.values())
        ordered = [by_key[place] for place in order.tolist()]
        self._starts = np.cumsum([0, *map(len, ordered)])
        self._numbers = np.array([number for some in ordered for number in some], np.int32)
        self._known = {(value.field, value.key): n for n, value in enumerate(self.every)}
        keys = [*numbers]
        places = {keys[number]: place for place, number in enumerate(order.tolist())}
        self._places = np.array([places[value.key] for value in self.every], np.int32)

    def best(self, key: str, most: int) -> list[int]:
        """Numbers of values with a word that begins so, those of most products first, then those
        that begin so themselves, then by `every`."""
        found = self._keys.beginning(key)
        numbers = np.unique(self._numbers[self._starts[found.start] : self._starts[found.stop]])
        places = self._places[numbers]
        begin = (places >= found.start) & (places < found.stop)
        best: list[int] = numbers[np.lexsort((~begin, -self.counts[numbers]))][:most].tolist()
        return best

    def find(self, field: str, key: str) -> int | None:
        """The number of a value."""
        return self._known.get((field, key))

    def rows(self, number: int) -> Numbers:
        """All products with a value, ascending."""
        value = self.every[number]
        codes = self._fields.column(value.field).codes
        return np.flatnonzero(np.isin(codes, value.codes))

    def having(self, number: int, rows: Numbers) -> Numbers:
        """Those of the rows that have the value."""
        value = self.every[number]
        return rows[np.isin(self._fields.column(value.field).codes[rows], value.codes)]

    def words(self) -> Iterator[tuple[str, int]]:
        """All words of the values, and the products of each value."""
        for value, count in zip(self.every, self.counts.tolist(), strict=True):
            for word in _wording(value.text).words:
                yield word, count

    @property
    def nbytes(self) -> int:
        """Bytes of memory, but for Python's own."""
        arrays = (self.counts, self._starts, self._numbers, self._places)
        return self._keys.nbytes + sum(array.nbytes for array in arrays)


class Completions:
    """The completions that n products give."""

    def __init__(self, phrases: Phrases, fields: Fields) -> None:
        self.phrases = phrases
        self._fields = fields

    @cached_property
    def values(self) -> Values:
        """Values of the fields."""
        return Values(self._fields)

    @cached_property
    def beginnings(self) -> Beginnings:
        """Beginnings of all words."""
        return Beginnings.of([*self.phrases.words(), *self.values.words()])

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.phrases.nbytes + self.values.nbytes + self.beginnings.nbytes


@dataclass(frozen=True, slots=True)
class CompletionPart:
    """Completions of one table of a snapshot."""

    first: int
    """Row number of its first product."""
    completions: Completions
    gone: Numbers
    """Rows of the table that are no longer found."""
    gone_phrases: Sequence[Phrases]
    """Those of the titles of these rows, in parts."""

    def phrases(self, key: str) -> int | None:
        """Products with a phrase in the title; None if the table does not know such rare ones."""
        count = self.completions.phrases.count(key)
        if count:
            return count - self.phrases_gone(key)
        return 0 if self.completions.phrases.fewest == 1 else None

    def phrases_gone(self, key: str) -> int:
        """Rows of the table that are no longer found, with a phrase in the title."""
        return sum(one.count(key) for one in self.gone_phrases)

    def having(self, field: str, key: str) -> int:
        """Products with a value."""
        values = self.completions.values
        number = values.find(field, key)
        if number is None:
            return 0
        return int(values.counts[number]) - len(values.having(number, self.gone))


def _values(fields: Fields, name: str) -> Iterator[FieldValue]:
    """The values of a field; of categories, every level by its own name."""
    codes: dict[str, list[int]] = {}
    texts: dict[str, str] = {}
    for code, value in enumerate(fields.column(name).values):
        names = (
            {level.rpartition(" > ")[2] for level in levels(value)}
            if name == CATEGORY
            else values_in(name, value)
        )
        for text in names:
            if len(text) <= _LONGEST_VALUE and (key := _wording(text).key):
                some = codes.setdefault(key, [])
                # "Tea > TEA" has it once.
                if code not in some[-1:]:
                    some.append(code)
                # The most frequent spelling comes first.
                texts.setdefault(key, text)
    for key, some in codes.items():
        yield FieldValue(texts[key], _KINDS.get(name, "attribute"), key, name, some)


class _Wording(NamedTuple):
    """The words of a value."""

    key: str
    words: list[str]
    endings: set[str]
    """Its keys from each of its units on."""


@lru_cache(_REMEMBERED)
def _wording(text: str) -> _Wording:
    some = units(composed(text))
    endings = {key for place in range(len(some)) if (key := key_of(some[place:]))}
    return _Wording(key_of(some), [one.word for one in some], endings)
