"""Products that say a word and are not among the best by vectors, the largest bonus first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.contracts.search import DEPTH
from services.retriever.catalogue.fields import Numbers
from services.retriever.index import Scores
from services.retriever.searching.ranker import Ranker
from services.retriever.searching.sought import SoughtWords

Places = NDArray[np.intp]

FEWEST = 500
"""Products beside the best by vectors that count: those that say most. More where so many say the
whole query."""


def counted(certain: int) -> int:
    """Number of products beside the best by vectors that count. certain: of those that say the
    whole query.
    """
    return min(DEPTH, max(FEWEST, certain))


class Candidates(NamedTuple):
    """Some products that are results."""

    rows: Numbers
    scores: Scores
    bonus: NDArray[np.float32]
    blank: NDArray[np.bool_]
    """True for those that count with the image of others."""

    def kept(self, which: NDArray[np.bool_]) -> Candidates:
        """Only these."""
        return Candidates(
            self.rows[which], self.scores[which], self.bonus[which], self.blank[which]
        )

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
        """free: (m,) True for those of `only.ranked` that pass and are not found by vectors.

        least: similarity of a result that does not say the whole query.
        """
        self._ranker = ranker
        self._ranked = only.ranked
        self._least = least
        (self._at,) = free.nonzero()
        """(b,) where each is in `only.ranked`."""
        self._amounts = self._ranked.amounts[self._at]
        """(b,) bonus, descending."""
        self._below_zero = -self._amounts
        """(b,) the same in the order in which NumPy searches."""
        self._blank = self._ranked.blank[self._at]
        """(b,) True for those that count with the image of others."""
        count = len(self)
        self._open = np.ones(count, np.bool_)
        """(b,) False for those that were scored."""
        self._counted = _Counted(count, count, 0)
        self.sure = count if count <= FEWEST else self._more_than(self._amounts[FEWEST - 1])
        """Number of those that count however many count."""
        self._which: Places = np.empty(0, np.intp)
        self._scores: Scores = np.empty(0)
        self._results: Candidates | None = None

    def __len__(self) -> int:
        return len(self._at)

    @property
    def certain(self) -> int:
        """Number of those that say the whole query."""
        return int(np.count_nonzero(self._ranked.certain[self._at]))

    def reaching(self, amount: float) -> int:
        """Number of those with this bonus, or more."""
        # With a number of another type, NumPy would copy all to compare them.
        return int(self._below_zero.searchsorted(np.float32(-amount), side="right"))

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
        end, tied, reaching = self._counted.end, self._counted.tied, self.reaching(amount)
        needed = self._open[:end].copy()
        needed[reaching:] &= self._blank[reaching:end]
        if reaching > tied.start or self._blank[tied].any():
            needed[tied] = self._open[tied]
        (at,) = needed.nonzero()
        return at

    def score(self, which: Places, most: int | None = None) -> float:
        """Score these, or the `most` similar of them. Returns the least of their similarities."""
        if not len(which):
            return -1.0
        rows: Numbers = self._ranked.rows[self._at[which]].astype(np.intp)
        hits = self._ranker.most_similar(rows, len(rows) if most is None else most)
        place_of = np.empty(self._ranker.catalogue.index.numbers, np.int16)
        place_of[rows] = which
        scored = place_of[hits.rows]
        self._open[scored] = False
        self._which = np.concatenate([self._which, scored])
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
        rows: Numbers = self._ranked.rows[at].astype(np.intp)
        every = Candidates(rows, scores, self._amounts[which], self._blank[which])
        kept = np.ones(len(which), np.bool_)
        if self._least is not None:
            kept = (scores >= self._least) | self._ranked.certain[at]
        tied = self._counted.tied
        if tied.start < tied.stop:
            chosen = np.flatnonzero((which >= tied.start) & (which < tied.stop))
            if len(chosen) > self._counted.missing:
                ranks = self._ranker.catalogue.index.ranks(rows[chosen])
                order = np.lexsort((ranks, -scores[chosen]))
                kept[chosen[order[self._counted.missing :]]] = False
        return every if kept.all() else every.kept(kept)

    def _more_than(self, amount: np.float32) -> int:
        return int(self._below_zero.searchsorted(-amount))
