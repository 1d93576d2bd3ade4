"""One text over one snapshot: which products say its words, and which have it as an identifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.contracts.search import DEPTH
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.index import LiveIndex
from services.retriever.index.base import consecutive
from services.retriever.searching.largest import Amounts, Largest, Part, largest
from services.retriever.searching.saying import said_by
from services.retriever.words.concepts import Concept
from services.retriever.words.postings import FULL, Numbers, place_of, places_of
from services.retriever.words.row_set import RowSet
from services.retriever.words.strengths import STRENGTHS, Said, Ways, own_bytes

WORDS_WEIGHT = 1.0
"""Relevance of a product that says every word fully, in units of cosine similarity."""
_IDENTIFIED = 3.0
_BEGUN = 1.0
"""Relevance of an identifier and of its beginning: the first is above any sum of the others."""

_READ_AT_ONCE = 4_096

Rows = Numbers | NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class SoughtConcept:
    """One word or phrase of a text, and the products that say it."""

    concept: Concept
    weight: float
    """Its share of a product's bonus where it is fully said."""
    key: str
    """See `said_by`."""
    ways: Ways
    count: int
    """Number of products that say it."""
    known: bool
    """False if only words that are spelled like it are said."""

    def of(self, row: int) -> float:
        """Strength of the match in a product, within 0..1."""
        return float(self.strengths(np.array([row]))[0])

    def strengths(self, rows: Rows) -> NDArray[np.float32]:
        """(m,) the same for several products."""
        strengths: NDArray[np.float32] = STRENGTHS[self.ways.of(rows)]
        return strengths

    def part(self, catalogue: Catalogue) -> Part:
        """The part of the bonus that is for it."""
        return Part(said_by(catalogue, self.key), self.weight)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Some rows, those with the largest bonus first."""

    rows: NDArray[np.int32]
    amounts: Amounts
    """The bonus of each."""
    certain: NDArray[np.bool_]
    """True for those that say every word, or have the identifier."""
    blank: NDArray[np.bool_]
    """True for those that count with the image of others."""


@dataclass(frozen=True)
class SoughtWords:
    """One text over a snapshot of n row numbers; rows that are gone count as any other."""

    text: str
    index: LiveIndex
    pictured: bool
    """True if any product has an image."""
    concepts: Sequence[SoughtConcept]
    certain: RowSet
    """Rows that say every word, or have the identifier."""
    identified: NDArray[np.int32]
    """Rows with the identifier that the text is, or begins; ascending."""
    exact: bool
    """True if the text is an identifier."""
    first: Largest
    """The rows with the largest bonus, ascending."""
    equal: RowSet
    """The rows behind them with a bonus of `first.rest`, if they are many; else none."""
    excess: float = 0.0
    """Amount that the words add to the excess of the best similarity (`ScoreCalibration`)."""
    looked_up: list[tuple[NDArray[np.int32], Amounts]] = field(
        default_factory=list, compare=False, repr=False
    )
    """One entry: rows beside `first`, ascending, and their bonuses, as they were sought last. The
    same text comes with the same vector, and so with the same rows."""

    @cached_property
    def ranked(self) -> Ranked:
        """The `first`, those with the largest bonus first."""
        order = np.argsort(-self.first.amounts, kind="stable")
        rows = self.first.rows[order]
        certain = self.certain.has(rows)
        return Ranked(rows, self.first.amounts[order], certain, self.blank(rows, certain))

    def blank(self, rows: Rows, certain: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """(m,) True for `certain` products without an image: they count with that of others."""
        blank = np.zeros(len(rows), np.bool_)
        if self.pictured and len(self.certain):
            at = np.flatnonzero(self.certain.has(rows) if certain is None else certain)
            blank[at] = self.index.without_image(rows[at].astype(np.intp))
        return blank

    @cached_property
    def certain_behind(self) -> bool:
        """True if products that are `certain` are not among the `first`."""
        return int(np.count_nonzero(self.ranked.certain)) < len(self.certain)

    @cached_property
    def blank_behind(self) -> bool:
        """True if a `certain` product that is not among the `first` has no image. Its relevance has
        an unknown part.
        """
        if not (self.pictured and self.certain_behind):
            return False
        rows = self.certain.rows
        behind = rows[places_of(self.first.rows, rows) < 0].astype(np.intp)
        parts = consecutive(len(behind), _READ_AT_ONCE)
        return any(self.index.without_image(behind[part]).any() for part in parts)

    @cached_property
    def is_certain(self) -> bool:
        """True if a product that can be found is `certain`."""
        first = self.ranked.rows[self.ranked.certain]
        alive = self.index.alive_of
        return bool(alive(first).any() or alive(self.certain.rows).any())

    def parts(self, catalogue: Catalogue) -> list[Part]:
        """The parts of the bonus: one for each word, and one for the identifier."""
        return [
            *(one.part(catalogue) for one in self.concepts),
            *identifier_parts(self.identified, exact=self.exact),
        ]

    def bonus(self, rows: Rows) -> Amounts:
        """(m,) what to add to the cosine similarity of these rows."""
        bonus = np.zeros(len(rows), np.float32)
        places = places_of(self.first.rows, rows)
        known = places >= 0
        bonus[known] = self.first.amounts[places[known]]
        if self.first.rest and not known.all():
            others = np.flatnonzero(~known)
            equal = self.equal.has(rows[others])
            bonus[others[equal]] = self.first.rest
            others = others[~equal]
            if len(others):
                bonus[others] = self.bonus_behind(rows[others])
        return bonus

    def bonus_behind(self, rows: Rows) -> Amounts:
        """(m,) the same of rows that are not among the `first`."""
        if self.looked_up:
            seen, amounts = self.looked_up[0]
            places = places_of(seen, rows)
            if (places >= 0).all():
                return amounts[places]
        # In order, rows are found several times as fast in long lists.
        order = np.argsort(rows)
        found = rows[order].astype(np.int32)
        amounts = self._sum(found)
        if len(rows) <= DEPTH:
            self.looked_up[:] = [(found, amounts)]
        bonus = np.empty_like(amounts)
        bonus[order] = amounts
        return bonus

    def _sum(self, rows: Rows) -> Amounts:
        bonus = np.zeros(len(rows), np.float32)
        for one in self.concepts:
            bonus += np.float32(one.weight) * one.strengths(rows)
        if len(self.identified):
            amount = np.float32(_amount(exact=self.exact))
            bonus[places_of(self.identified, rows) >= 0] += amount
        return bonus

    def identifies(self, row: int) -> bool:
        """True if the text is an identifier of a product, or begins one."""
        return place_of(self.identified, row) is not None

    def for_identifier(self, row: int) -> float:
        """The part of a product's bonus that is for an identifier."""
        return _amount(exact=self.exact) if self.identifies(row) else 0.0

    def most_said(self, catalogue: Catalogue) -> float:
        """The largest share of the text that one product says that can be found."""
        alive = self.index.alive
        first = self.first.kept(alive[self.first.rows])
        if not len(first.rows) and first.rest:
            parts = [one.within(alive) for one in self.parts(catalogue)]
            first = largest(parts, 1, self.bonus)
        return min(float(first.amounts.max(initial=0)) / WORDS_WEIGHT, 1.0)

    @property
    def most_bytes(self) -> int:
        """Memory of all this."""
        size = self.certain.nbytes + self.equal.nbytes + own_bytes(self.identified)
        # Rows and amounts, twice, and two of one byte; then what was looked up.
        size += 18 * len(self.first.rows) + 8 * DEPTH
        said = [form for one in self.concepts for form in one.ways.forms]
        return size + sum(one.own_bytes for one in said)


def identifier_parts(rows: NDArray[np.int32], *, exact: bool) -> list[Part]:
    """The part of the bonus for an identifier, if any product has it. rows: see `identified`."""
    if not len(rows):
        return []
    return [Part(Said(rows, np.full(len(rows), FULL, np.uint8)), _amount(exact=exact))]


def _amount(*, exact: bool) -> float:
    return _IDENTIFIED if exact else _BEGUN
