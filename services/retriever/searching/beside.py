"""Products that say a word and are not among the best by vectors, the largest bonus first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.retriever.catalogue.fields import Numbers
from services.retriever.index import Scores
from services.retriever.searching.ranker import Ranker
from services.retriever.searching.sought import SoughtWords
from services.retriever.words.postings import places_of

Places = NDArray[np.intp]

FEWEST = 500
"""Products beside the best by vectors that count: those that say most. More where so many say the
whole query."""


class Candidates(NamedTuple):
    """Some products that are results."""

    rows: Numbers
    scores: Scores
    bonus: NDArray[np.float32]
    blank: NDArray[np.bool_]
    """True for those that count with the image of others."""

    def joined(self, other: Candidates) -> Candidates:
        """Both, in no order."""
        return Candidates(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.scores, other.scores]),
            np.concatenate([self.bonus, other.bonus]),
            np.concatenate([self.blank, other.blank]),
        )

    def floors(self) -> Scores:
        """(m,) the least that the relevance of each may be."""
        floors: Scores = self.scores + self.bonus
        # The part for a missing image may be below zero.
        floors[self.blank] = -np.inf
        return floors


class _Counted(NamedTuple):
    """Those that count: the first few; of those that are equally the last, the most similar."""

    above: int
    """Number of those with more than the last has."""
    end: int
    """The same with all that are equally the last."""
    missing: int
    """Number of the equal ones that count."""

    @property
    def tied(self) -> slice:
        """The equal ones, if not all of them count."""
        return slice(self.above, self.end if self.end - self.above > self.missing else self.above)


class Beside:
    """Those of a text's first, and the similarities of those that were scored so far."""

    def __init__(
        self, ranker: Ranker, only: SoughtWords, free: NDArray[np.bool_], least: float | None
    ) -> None:
        """free: (m,) True for those of `only.first` that pass and are not found by vectors.

        least: similarity of a result that does not say the whole query.
        """
        self._ranker = ranker
        self._only = only
        self._least = least
        self._at = only.order[free[only.order]]
        """(b,) where each is in `only.first`."""
        self._amounts = only.first.amounts[self._at]
        """(b,) bonus, descending."""
        self._blank = only.first_blank[self._at]
        """(b,) True for those that count with the image of others."""
        count = len(self)
        self._place = np.empty(len(only.first.rows), np.intp)
        self._place[self._at] = np.arange(count)
        self._counted = _Counted(count, count, 0)
        self.sure = count if count <= FEWEST else self._more_than(self._amounts[FEWEST - 1])
        """Number of those that count however many count."""
        self._which: Places = np.empty(0, np.intp)
        self._scores: Scores = np.empty(0)
        self._results: Candidates | None = None

    def __len__(self) -> int:
        return len(self._at)

    def reaching(self, amount: float) -> int:
        """Number of those with this bonus, or more."""
        return len(self) - int(self._amounts[::-1].searchsorted(amount))

    def amount(self, place: int) -> float:
        """The bonus of the one at this place, or of the last; there is at least one."""
        return float(self._amounts[min(place, len(self) - 1)])

    def count(self, most: int) -> None:
        """Only the `most` with the largest bonus count."""
        if most < len(self):
            last = self._amounts[most - 1]
            above = self._more_than(last)
            self._counted = _Counted(above, self.reaching(last), most - above)

    def needed(self, amount: float) -> Places:
        """Those to score: that count and have this bonus, or an unknown part for the image; and all
        those from which some of them are to be chosen.
        """
        needed = self._blank.copy()
        needed[: self.reaching(amount)] = True
        needed[self._counted.end :] = False
        if needed[self._counted.tied].any():
            needed[self._counted.tied] = True
        needed[self._which] = False
        return np.flatnonzero(needed)

    def score(self, which: Places, most: int | None = None) -> float:
        """Score these, or the `most` similar of them. Returns the least of their similarities."""
        if not len(which):
            return -1.0
        first = self._only.first.rows
        rows: Numbers = np.sort(first[self._at[which]]).astype(np.intp)
        hits = self._ranker.most_similar(rows, len(rows) if most is None else most)
        self._which = np.concatenate([self._which, self._place[places_of(first, hits.rows)]])
        self._scores = np.concatenate([self._scores, hits.scores])
        self._results = None
        return float(hits.scores[-1])

    def results(self) -> Candidates:
        """Those of the scored ones that are results."""
        if self._results is None:
            self._results = self._kept()
        return self._results

    def _kept(self) -> Candidates:
        which, scores = self._which, self._scores
        at = self._at[which]
        rows: Numbers = self._only.first.rows[at].astype(np.intp)
        kept = np.ones(len(which), np.bool_)
        tied = self._counted.tied
        chosen = np.flatnonzero((which >= tied.start) & (which < tied.stop))
        if len(chosen) > self._counted.missing:
            ranks = self._ranker.catalogue.index.ranks(rows[chosen])
            order = np.lexsort((ranks, -scores[chosen]))
            kept[chosen[order[self._counted.missing :]]] = False
        if self._least is not None:
            kept &= (scores >= self._least) | self._only.first_certain[at]
        which = which[kept]
        return Candidates(rows[kept], scores[kept], self._amounts[which], self._blank[which])

    def _more_than(self, amount: np.float32) -> int:
        return len(self) - int(self._amounts[::-1].searchsorted(amount, side="right"))
