"""Products that say something, and how strongly: a word in all of its forms, or a phrase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
from numpy.typing import NDArray

from services.retriever.words.live import Words
from services.retriever.words.postings import FULL, Numbers, places_of
from services.retriever.words.quantities import is_limit

_DENSE = 16
"""With more than one posting for so many products, one pass over all products is faster."""
_SCATTERED = 40
"""With more than one wanted row for so many postings, one pass over the postings is faster."""

STRENGTHS: NDArray[np.float32] = np.arange(FULL + 1, dtype=np.float32) / np.float32(FULL)
"""By impact, within 0..1."""


@dataclass(frozen=True, slots=True)
class Said:
    """The p products that say something."""

    rows: NDArray[np.int32]
    """Ascending, each once."""
    impacts: NDArray[np.uint8]
    """(p,) how strongly each says it, from 1 to `FULL`."""

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, wanted: Numbers | NDArray[np.int32]) -> NDArray[np.uint8]:
        """(m,) impacts in these rows; 0 for a row that does not say it."""
        if wanted is self.rows:
            return self.impacts
        if not len(self.rows) or not len(wanted):
            return np.zeros(len(wanted), np.uint8)
        if len(wanted) * _SCATTERED > len(self.rows):
            dense = np.zeros(max(int(self.rows[-1]), int(wanted.max())) + 1, np.uint8)
            dense[self.rows] = self.impacts
            scattered: NDArray[np.uint8] = dense[wanted]
            return scattered
        places = places_of(self.rows, wanted)
        impacts = self.impacts[places]
        impacts[places < 0] = 0
        return impacts

    def within(self, passing: NDArray[np.bool_]) -> Said:
        """Those of the passing rows only. passing: (n,)."""
        kept = passing[self.rows]
        return Said(self.rows[kept], self.impacts[kept])

    def rows_from(self, impact: float) -> NDArray[np.int32]:
        """The rows with this impact or a higher one."""
        if impact <= 1:
            return self.rows
        if impact > FULL:
            return self.rows[:0]
        rows: NDArray[np.int32] = self.rows[self.impacts >= np.uint8(np.ceil(impact))]
        return rows

    def level(self, count: int) -> int:
        """The highest impact that so many products have at least; 0 if fewer say it."""
        low, high = 0, FULL if count <= len(self.rows) else 0
        while low < high:
            middle = (low + high + 1) // 2
            if np.count_nonzero(self.impacts >= np.uint8(middle)) >= count:
                low = middle
            else:
                high = middle - 1
        return low

    @property
    def own_bytes(self) -> int:
        """Memory beside the index's own."""
        return own_bytes(self.rows) + own_bytes(self.impacts)


NOT_SAID = Said(np.empty(0, np.int32), np.empty(0, np.uint8))


def own_bytes(array: NDArray[np.generic]) -> int:
    """Memory of an array that is no view of another one."""
    return array.nbytes if array.base is None else 0


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in which a product may say something: one of several phrases, each of their words in
    one of several forms. Not merged, since that takes megabytes where the words are frequent.
    """

    phrases: Sequence[Sequence[Sequence[Said]]]
    """By phrase and word: where each form is said."""

    @property
    def forms(self) -> list[Said]:
        """Where each form of any of the words is said."""
        return [form for phrase in self.phrases for forms in phrase for form in forms]

    def of(self, wanted: Numbers | NDArray[np.int32]) -> NDArray[np.uint8]:
        """See `Said.of`."""
        impacts = np.zeros(len(wanted), np.uint8)
        for phrase in self.phrases:
            said = reduce(np.minimum, (_strongest_of(forms, wanted) for forms in phrase))
            np.maximum(impacts, said, out=impacts)
        return impacts

    def merged(self) -> Said:
        """By the strongest of the phrases; a phrase by its weakest word."""
        return strongest(
            [weakest([strongest(forms) for forms in phrase]) for phrase in self.phrases]
        )


def _strongest_of(forms: Sequence[Said], wanted: Numbers | NDArray[np.int32]) -> NDArray[np.uint8]:
    impacts = np.zeros(len(wanted), np.uint8)
    for form in forms:
        np.maximum(impacts, form.of(wanted), out=impacts)
    return impacts


def said_as(words: Words, forms: Sequence[str]) -> list[Said]:
    """Where each of these words is said. Concepts share it: beside the base, rows are a copy."""
    find = partial(_said, words)
    return [
        one
        for form in forms
        for one in (find(form) if is_limit(form) else words.remembered("said", form, find))
    ]


def _said(words: Words, form: str) -> list[Said]:
    return [
        Said(one.rows + np.int32(first) if first else one.rows, one.impacts)
        for first, one in words.postings(form)
    ]


def strongest(parts: Sequence[Said]) -> Said:
    """Where any of these is said, by the strongest of them."""
    parts = [one for one in parts if len(one)]
    if not parts:
        return NOT_SAID
    if len(parts) == 1:
        return parts[0]
    behind = max(int(one.rows[-1]) for one in parts) + 1
    if sum(map(len, parts)) * _DENSE > behind:
        dense = np.zeros(behind, np.uint8)
        for one in parts:
            dense[one.rows] = np.maximum(dense[one.rows], one.impacts)
        every = np.flatnonzero(dense)
        return Said(every.astype(np.int32), dense[every])
    rows = np.concatenate([one.rows for one in parts])
    impacts = np.concatenate([one.impacts for one in parts])
    order = np.lexsort((impacts, rows))
    rows = rows[order]
    last = np.concatenate([rows[1:] != rows[:-1], [True]])
    return Said(rows[last], impacts[order][last])


def weakest(parts: Sequence[Said]) -> Said:
    """Where all of these are said, by the weakest of them."""
    first, *others = sorted(parts, key=len)
    rows, impacts = first.rows, first.impacts
    for other in others:
        there = other.of(rows)
        both = there > 0
        rows, impacts = rows[both], np.minimum(impacts, there)[both]
    return Said(rows, impacts)
