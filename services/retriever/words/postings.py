"""Postings: which products say a word, how strongly, and in which fields. Immutable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.contracts.search import WordField
from services.retriever.words.analysis import Analyser
from services.retriever.words.lexicon import Lexicon
from services.retriever.words.merging import Places, RowsByText, merged
from services.retriever.words.quantities import numbers_within
from services.retriever.words.spellings import Spellings
from services.retriever.words.texts import FIELDS

Numbers = NDArray[np.intp]

FULL = 255
"""The impact of a word that counts as fully said."""


@dataclass(frozen=True, slots=True)
class Postings:
    """The products that say one word: p rows, ascending."""

    rows: NDArray[np.int32]
    impacts: NDArray[np.uint8]
    """(p,) how strongly each says it, up to `FULL`."""
    fields: NDArray[np.uint8]
    """(p,) one bit for each of `FIELDS` that says it."""

    def part(self, part: slice) -> Postings:
        """Some of them, as views."""
        return Postings(self.rows[part], self.impacts[part], self.fields[part])

    def of(self, wanted: Numbers) -> NDArray[np.intp]:
        """(m,) positions of these rows among the postings; -1 for a row that lacks the word."""
        return places_of(self.rows, wanted)


class WordIndex:
    """The words and identifiers of n products."""

    def __init__(
        self,
        count: int,
        words: Lexicon,
        starts: NDArray[np.int64],
        postings: Postings,
        identifiers: Lexicon,
        identified: tuple[NDArray[np.int64], NDArray[np.int32]],
        analyser: Analyser,
        stems: RowsByText | None = None,
    ) -> None:
        """starts: (w + 1,) where each word's part of `postings` begins.

        identified: where each identifier's part of the rows begins, and the rows.
        stems: of the words that may have other forms, with the numbers of the words of each.
        """
        self.count = count
        self.words = words
        self.starts = starts
        self.postings = postings
        self.identifiers = identifiers
        self.identified = identified
        self.stems = _by_stem(words, analyser) if stems is None else stems
        self.spellings = Spellings(words)

    def word(self, number: int) -> Postings:
        """The postings of a word by its number in `words`."""
        return self.postings.part(slice(int(self.starts[number]), int(self.starts[number + 1])))

    def within(self, limit: str) -> Postings:
        """The postings of all quantities within a limit, as those of one word; weaker for products
        that state others too: "at least 16 GB" of 8 GB and a disk of 512.
        """
        within, outside = numbers_within(limit, self.words)
        parts = [self.word(number) for number in within]
        if not parts:
            return self.postings.part(slice(0))
        rows = np.concatenate([one.rows for one in parts])
        impacts = np.concatenate([one.impacts for one in parts])
        fields = np.concatenate([one.fields for one in parts])
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        first = np.flatnonzero(np.diff(rows, prepend=-1))
        strongest = np.maximum.reduceat(impacts[order], first)
        also = np.isin(
            rows[first], np.concatenate([rows[:0], *(self.word(one).rows for one in outside)])
        )
        return Postings(
            rows[first],
            np.where(also, strongest - strongest // 4, strongest),
            np.bitwise_or.reduceat(fields[order], first),
        )

    def of_stem(self, stem: str) -> NDArray[np.int32]:
        """Numbers of the words that share a stem."""
        number = self.stems.texts.find(stem)
        if number is None:
            return np.empty(0, np.int32)
        starts = self.stems.starts
        return self.stems.rows[starts[number] : starts[number + 1]]

    def identified_by(self, forms: range | Sequence[int]) -> NDArray[np.int32]:
        """Rows of the products with these identifiers, by their numbers in `identifiers`."""
        starts, rows = self.identified
        if isinstance(forms, range):
            return rows[starts[forms.start] : starts[forms.stop]] if len(forms) else rows[:0]
        return np.concatenate([rows[starts[one] : starts[one + 1]] for one in forms] or [rows[:0]])

    def merged(
        self, other: WordIndex, places: tuple[Places, Places], analyser: Analyser
    ) -> WordIndex:
        """The same words of the products of both. places: of the rows of each."""
        every = [self.postings, other.postings]
        words = merged(
            RowsByText(self.words, self.starts, self.postings.rows),
            RowsByText(other.words, other.starts, other.postings.rows),
            places,
        )
        forms = merged(
            RowsByText(self.identifiers, *self.identified),
            RowsByText(other.identifiers, *other.identified),
            places,
        )
        of_first, of_second = words.texts
        known = np.zeros(len(words.every.texts) + 1, np.bool_)
        known[of_first] = True
        known[-1] = False
        new = np.where(known[of_second], np.int32(-1), of_second)
        stems = merged(self.stems, other.stems, (of_first, new))
        return WordIndex(
            sum(int(np.count_nonzero(place >= 0)) for place in places),
            words.every.texts,
            words.every.starts,
            Postings(
                words.every.rows,
                np.concatenate([one.impacts for one in every])[words.origins],
                np.concatenate([one.fields for one in every])[words.origins],
            ),
            forms.every.texts,
            (forms.every.starts, forms.every.rows),
            analyser,
            stems.every,
        )

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        arrays = (
            self.starts, self.postings.rows, self.postings.impacts, self.postings.fields,
            *self.identified,
        )  # fmt: skip
        texts = self.words.nbytes + self.identifiers.nbytes + self.stems.nbytes
        texts += self.spellings.nbytes
        return texts + sum(array.nbytes for array in arrays)


def place_of(rows: NDArray[np.integer], row: int) -> int | None:
    """The position of a row among ascending rows, if it is one of them."""
    place = int(rows.searchsorted(rows.dtype.type(row)))
    return place if place < len(rows) and rows[place] == row else None


def places_of(rows: NDArray[np.integer], wanted: NDArray[np.integer]) -> NDArray[np.intp]:
    """(m,) positions of these rows among ascending rows; -1 for one that is none of them."""
    if not len(rows):
        return np.full(len(wanted), -1, np.intp)
    # With numbers of another type, NumPy would copy all rows to compare them.
    own = wanted.astype(rows.dtype, copy=False)
    places = rows.searchsorted(own)
    np.minimum(places, len(rows) - 1, out=places)
    places[rows.take(places) != own] = -1
    return places


def fields_of(mask: int) -> list[WordField]:
    """The fields of a mask of `Postings.fields`."""
    return [name for place, name in enumerate(FIELDS) if mask >> place & 1]


def grouped(codes: NDArray[np.int32], groups: int) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """(groups + 1,) where each group begins in the order, and the order: stable, by code."""
    order = np.argsort(codes, kind="stable")
    starts = np.zeros(groups + 1, np.int64)
    np.cumsum(np.bincount(codes, minlength=groups), out=starts[1:])
    return starts, order


def _by_stem(words: Lexicon, analyser: Analyser) -> RowsByText:
    """The stems of the words that may have other forms, and the words of each."""
    texts = words.texts()
    numbers = np.array(
        [number for number, word in enumerate(texts) if analyser.has_forms(word)], np.int32
    )
    found = analyser.stems([texts[number] for number in numbers.tolist()])
    encoded = pa.array(found, pa.string()).dictionary_encode()
    stems, before = Lexicon.of(encoded.dictionary.to_pylist())
    place = np.empty(len(before), np.int32)
    place[before] = np.arange(len(before), dtype=np.int32)
    codes = place[encoded.indices.to_numpy()] if len(numbers) else np.empty(0, np.int32)
    starts, order = grouped(codes, len(stems))
    return RowsByText(stems, starts, numbers[order])
