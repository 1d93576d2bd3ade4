"""Phrases of titles: which words follow each other, in how many products. For completions.

A phrase of n + 1 units is as frequent as both phrases of n units in it at most, so each length is
counted only where the one before was frequent (Agrawal and Srikant, 1994).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.retriever.words.analysis import Analyser
from services.retriever.words.lexicon import Lexicon
from services.retriever.words.merging import Places, RowsByText, merged
from services.retriever.words.texts import tokens_of, without_possessives
from services.retriever.words.units import BREAK, BREAK_WEIGHT, BREAKS, WORD_WEIGHT, composed, units

LONGEST = 4 * WORD_WEIGHT
"""Weight of a phrase: four words, or twelve letters of a script without spaces."""
_EVERY_PHRASE = 5_000
"""Products of a catalogue of which every phrase is kept, even that of a single title."""
_PRODUCTS_FOR_ONE = 50_000
"""In a larger one a phrase must be in one product more for so many."""


def fewest_for(products: int) -> int:
    """Fewest products of a phrase in a catalogue of this size; rarer ones are found by words."""
    return 1 if products <= _EVERY_PHRASE else max(2, products // _PRODUCTS_FOR_ONE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase stands in a title."""

    row: int
    first: int
    """Number of the first unit in the title."""
    length: int
    """Units."""


@dataclass(frozen=True, slots=True)
class EveryPhrase:
    """Every phrase of n titles, with all its titles: what it takes to count them with others."""

    titles: RowsByText
    firsts: NDArray[np.int32]
    """(t,) of each title of each phrase: where the phrase begins first, as in `Place`."""
    lengths: NDArray[np.int32]
    """(p,) units."""
    whole: NDArray[np.bool_]
    """(p,) False for a phrase with a function word at an end."""

    def phrases(self) -> Phrases:
        """They, counted."""
        starts = self.titles.starts[:-1]
        rows, firsts = self.titles.rows[starts], self.firsts[starts]
        return Phrases(
            self.titles.texts,
            np.diff(self.titles.starts).astype(np.int32),
            self.whole,
            self.whole,
            np.stack([rows, firsts, self.lengths], axis=1),
            1,
        )

    def merged(self, other: EveryPhrase, places: tuple[Places, Places]) -> EveryPhrase:
        """Those of the titles of both. places: of the titles of each."""
        titles = merged(self.titles, other.titles, places)
        count = len(titles.every.texts)
        lengths, whole = np.empty(count, np.int32), np.empty(count, np.bool_)
        for one, to in zip((self, other), titles.texts, strict=True):
            left = to >= 0
            lengths[to[left]] = one.lengths[left]
            whole[to[left]] = one.whole[left]
        firsts = np.concatenate([self.firsts, other.firsts])[titles.origins]
        return EveryPhrase(titles.every, firsts, lengths, whole)


class Phrases:
    """p phrases of n titles, in order of their keys."""

    def __init__(
        self,
        keys: Lexicon,
        counts: NDArray[np.int32],
        whole: NDArray[np.bool_],
        shown: NDArray[np.bool_],
        places: NDArray[np.int32],
        fewest: int,
    ) -> None:
        """counts: (p,) products that have it in the title.  places: (p, 3), as in `Place`.

        whole: (p,) False for a phrase with a function word at an end.  shown: (p,) those of these
        that are no beginning of a longer phrase of the same products, as far as that is known.
        """
        self.keys = keys
        self.counts = counts
        self._whole = whole
        self._shown = shown
        self._places = places
        self.fewest = fewest

    @classmethod
    def of(cls, titles: pa.StringArray, analyser: Analyser, fewest: int) -> Phrases:
        """Phrases that at least so many titles have."""
        return _Counting(titles, analyser, fewest).phrases()

    @classmethod
    def every_of(cls, titles: pa.StringArray, analyser: Analyser) -> EveryPhrase:
        """All phrases, those of a single title too."""
        return _Counting(titles, analyser, 1).every()

    def best(self, key: str, most: int, *, shown: bool = False) -> list[int]:
        """Numbers of whole phrases that begin so, those of most products first, then by their keys.

        shown: only of those that are shown.
        """
        found = self.keys.beginning(key)
        among = self._shown if shown else self._whole
        numbers = np.flatnonzero(among[found.start : found.stop]) + found.start
        counts = self.counts[numbers]
        if len(numbers) > most:
            kept = _largest(counts, most)
            numbers, counts = numbers[kept], counts[kept]
        best: list[int] = numbers[np.argsort(-counts, kind="stable")].tolist()
        return best

    def shows(self, key: str) -> bool:
        """False for what is no phrase here, or not `shown`."""
        number = self.keys.find(key)
        return number is not None and bool(self._shown[number])

    def count(self, key: str) -> int:
        """Products that have exactly this phrase; 0 if they are too few."""
        number = self.keys.find(key)
        return 0 if number is None else int(self.counts[number])

    def place(self, number: int) -> Place:
        """A title that has the phrase."""
        return Place(*self._places[number].tolist())

    def words(self) -> list[tuple[str, int]]:
        """Phrases of one unit that is no function word, and the products of each."""
        alone = np.flatnonzero((self._places[:, 2] == 1) & self._whole)
        counts = self.counts[alone].tolist()
        return [(self.keys[n], count) for n, count in zip(alone.tolist(), counts, strict=True)]

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        arrays = (self.counts, self._whole, self._shown, self._places)
        return self.keys.nbytes + sum(array.nbytes for array in arrays)


@dataclass(frozen=True, slots=True)
class _Level:
    """The frequent phrases of one length: g of them, at t places."""

    at: NDArray[np.intp]
    """(t,) positions of their first units, ascending."""
    groups: NDArray[np.int32]
    """(t,) the phrase at each."""
    counts: NDArray[np.int32]
    first: NDArray[np.intp]
    """(g,) one of its positions."""
    keys: pa.StringArray


class _Counting:
    def __init__(self, titles: pa.StringArray, analyser: Analyser, fewest: int) -> None:
        self._fewest = fewest
        self._analyser = analyser
        known: dict[str, int] = {}
        weights: list[int] = []
        rows, codes = _units_of(titles, known, weights)
        self._rows = rows
        self._codes = codes
        self._weights = np.array(weights, np.int8)
        self._texts = pa.array(list(known), pa.string())
        # A letter is the same phrase whether it adheres to the one before or not.
        words = pc.utf8_ltrim_whitespace(self._texts).dictionary_encode()
        self._alone = words.indices.to_numpy() if known else np.empty(0, np.int32)
        self._words: pa.StringArray = words.dictionary
        self._breaks = np.array([weight == BREAK_WEIGHT for weight in weights], np.bool_)
        function = [analyser.is_function_word(word) for word in self._words.to_pylist()]
        self._function = np.array(function, np.bool_)
        self._starts = np.searchsorted(rows, np.arange(len(titles)))

    def phrases(self) -> Phrases:
        keys, counts, whole, shown, places = [], [], [], [], []
        level, length = self._words_alone(), 1
        while len(level.counts):
            longer, parents = self._longer(level, length)
            most = np.zeros(len(level.counts), np.int32)
            np.maximum.at(most, parents, longer.counts)
            rows = self._rows[level.first]
            keys.append(level.keys)
            counts.append(level.counts)
            whole.append(self._whole(level, length))
            shown.append((most < level.counts) & whole[-1])
            of_length = np.full(len(rows), length, np.int32)
            firsts = (level.first - self._starts[rows]).astype(np.int32)
            places.append(np.stack([rows, firsts, of_length], axis=1))
            level, length = longer, length + 1
        lexicon, order = _sorted(keys)
        return Phrases(
            lexicon,
            np.concatenate([np.empty(0, np.int32), *counts])[order],
            np.concatenate([np.empty(0, np.bool_), *whole])[order],
            np.concatenate([np.empty(0, np.bool_), *shown])[order],
            np.concatenate([np.empty((0, 3), np.int32), *places])[order],
            self._fewest,
        )

    def every(self) -> EveryPhrase:
        keys, groups, at, whole, lengths = [], [], [], [], []
        level, length, number = self._words_alone(), 1, 0
        while len(level.counts):
            keys.append(level.keys)
            groups.append(level.groups + np.int32(number))
            at.append(level.at)
            whole.append(self._whole(level, length))
            lengths.append(np.full(len(level.counts), length, np.int32))
            number += len(level.counts)
            level, _ = self._longer(level, length)
            length += 1
        texts, order = _sorted(keys)
        place = np.empty(number, np.int32)
        place[order] = np.arange(number, dtype=np.int32)
        positions = np.concatenate([np.empty(0, np.intp), *at])
        of_phrase = place[np.concatenate([np.empty(0, np.int32), *groups])]
        by_title = of_phrase.astype(np.int64) << 32 | self._rows[positions]
        # A phrase that a title says twice counts once, at its first place.
        said, first = np.unique(by_title, return_index=True)
        rows = (said & 0xFFFFFFFF).astype(np.int32)
        starts = np.searchsorted(said >> 32, np.arange(number + 1))
        return EveryPhrase(
            RowsByText(texts, starts, rows),
            (positions[first] - self._starts[rows]).astype(np.int32),
            np.concatenate([np.empty(0, np.int32), *lengths])[order],
            np.concatenate([np.empty(0, np.bool_), *whole])[order],
        )

    def _whole(self, level: _Level, length: int) -> NDArray[np.bool_]:
        """(g,) False for phrases with a function word at an end."""
        ends = self._alone[self._codes[level.first + length - 1]]
        starts = self._alone[self._codes[level.first]]
        whole: NDArray[np.bool_] = ~self._function[ends] & ~self._function[starts]
        return whole

    def _words_alone(self) -> _Level:
        at = np.flatnonzero(~self._breaks[self._codes])
        codes = self._alone[self._codes]
        level = self._counted(at, codes[at].astype(np.int64))
        words = self._words.take(pa.array(codes[level.first], pa.int32()))
        return _Level(level.at, level.groups, level.counts, level.first, _one(words))

    def _longer(self, level: _Level, length: int) -> tuple[_Level, NDArray[np.int32]]:
        """The phrases of one unit more, and the phrase of `level` that each begins with."""
        more = level.at + length
        inside = more < len(self._rows)
        at, more, groups = level.at[inside], more[inside], level.groups[inside]
        ends = np.concatenate([[0], np.cumsum(self._weights[self._codes], dtype=np.int64)])
        fits = ends[more + 1] - ends[at] <= LONGEST
        fits &= self._rows[at] == self._rows[more]
        # The second of both phrases: those of `level` that begin one unit later.
        begins = np.zeros(len(self._rows) + 1, np.bool_)
        begins[level.at] = True
        fits &= begins[at + 1]
        at, more, groups = at[fits], more[fits], groups[fits]
        codes = self._codes[more]
        found = self._counted(at, groups.astype(np.int64) << 32 | codes)
        place = np.searchsorted(at, found.first)
        parents = groups[place]
        keys = pc.binary_join_element_wise(
            level.keys.take(pa.array(parents, pa.int32())),
            self._texts.take(pa.array(codes[place], pa.int32())),
            "",
        )
        return _Level(found.at, found.groups, found.counts, found.first, _one(keys)), parents

    def _counted(self, at: NDArray[np.intp], keys: NDArray[np.int64]) -> _Level:
        """The frequent ones of these keys; at: their positions, ascending. Without texts."""
        if not len(at):
            none = np.empty(0, np.intp)
            return _Level(none, none.astype(np.int32), none.astype(np.int32), none, _NONE)
        order = np.argsort(keys, kind="stable")
        ordered, rows = keys[order], self._rows[at[order]]
        begins = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        # Twice in one title counts once.
        counted = begins | np.concatenate([[True], rows[1:] != rows[:-1]])
        group = np.cumsum(begins) - 1
        counts = np.bincount(group[counted]).astype(np.int32)
        frequent = counts >= self._fewest
        number = (np.cumsum(frequent) - 1).astype(np.int32)
        groups = np.full(len(at), -1, np.int32)
        groups[order] = np.where(frequent[group], number[group], -1)
        kept = np.flatnonzero(groups >= 0)
        first = at[order[begins]][frequent]
        return _Level(at[kept], groups[kept], counts[frequent], first, _NONE)


_NONE = pa.array([], pa.string())


def _largest(counts: NDArray[np.int32], most: int) -> NDArray[np.intp]:
    """Positions of the largest, ascending; of equal ones the first."""
    last = np.sort(counts)[len(counts) - most]
    larger, equal = np.flatnonzero(counts > last), np.flatnonzero(counts == last)
    return np.sort(np.concatenate([larger, equal[: most - len(larger)]]))


def _units_of(
    titles: pa.StringArray, known: dict[str, int], weights: list[int]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(t,) each: the title of each unit, ascending, and its number among those `known`."""
    titles = without_possessives(titles)
    tokens = tokens_of(pc.replace_substring_regex(titles, BREAKS, f" {BREAK} "))
    of_token: list[list[int]] = []
    for token in tokens.raw.dictionary.to_pylist():
        numbers = []
        for unit in units(composed(token)):
            number = known.setdefault(unit.key, len(known))
            if number == len(weights):
                weights.append(unit.weight)
            numbers.append(number)
        of_token.append(numbers)
    sizes = np.array([len(numbers) for numbers in of_token], np.int64)
    flat = np.array([number for numbers in of_token for number in numbers], np.int32)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    indices = tokens.raw.indices.to_numpy()
    lengths = sizes[indices] if len(indices) else np.empty(0, np.int64)
    rows = np.repeat(tokens.rows, lengths)
    offsets = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    codes = flat[np.repeat(starts[indices], lengths) + offsets]
    return rows, codes


def _sorted(keys: list[pa.StringArray]) -> tuple[Lexicon, NDArray[np.int64]]:
    texts = pa.concat_arrays([_NONE, *keys])
    order = pc.sort_indices(texts)
    return Lexicon(_one(texts.take(order))), order.to_numpy().astype(np.int64)


def _one(texts: pa.Array | pa.ChunkedArray) -> pa.StringArray:
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
