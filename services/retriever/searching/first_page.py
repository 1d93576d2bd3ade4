"""The first page alone, if nothing depends on the results behind it.

A product that is not among the best by vectors is no more similar than they are. So few of those
that say a word have to be scored: those that could reach the page by such a similarity and their
bonus.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.retriever.catalogue.fields import Numbers
from services.retriever.index import Hits
from services.retriever.searching.largest import Largest, last_of
from services.retriever.searching.ranker import Found, Ranker, Scores
from services.retriever.words.postings import places_of

_MORE = 28
"""Products beyond the page that are scored first: then the last of the page bounds the others."""
FEWEST = 500
"""Products beside the best by vectors that count: those that say most. More where so many say the
whole query."""
_FEW = 200
"""So few products beside the best by vectors are scored without a guess first."""
_SURE = 20
"""So many of the best by vectors are found for sure: no other product is more similar."""
_MOST_TIED = 4_000
"""Equal products that are scored to choose among them; an index scans for the best of more."""
_ROUNDING = 1e-5
"""More than what a rounded relevance is off by."""

Bounds = NDArray[np.float64]


class _Ranked(NamedTuple):
    which: NDArray[np.intp]
    """Their places among all; with those that are no results."""
    rows: Numbers
    scores: Scores
    relevance: Scores


_NOTHING = np.empty(0)
_NONE = _Ranked(np.empty(0, np.intp), np.empty(0, np.intp), _NOTHING, _NOTHING)


class FirstPage:
    """Products of which some are results, with bounds of their relevance."""

    def __init__(
        self,
        ranker: Ranker,
        by_vectors: Hits,
        beside: Largest,
        certain: NDArray[np.bool_],
        least: float | None,
    ) -> None:
        """by_vectors: at least one.  beside: others that say a word.  certain: which of those say
        the whole query.

        least: similarity of a result that does not say the whole query.
        """
        assert ranker.bonus is not None and ranker.bonus.only is not None  # noqa: S101, PT018
        self._ranker = ranker
        self._beside = beside
        self._certain = certain
        self._least = least
        self._only = only = ranker.bonus.only
        self._count = count = len(by_vectors.rows)
        self._rows: Numbers = np.concatenate([by_vectors.rows, beside.rows])
        self._scores = by_vectors.scores
        places = places_of(only.first.rows, by_vectors.rows)
        known = places >= 0
        bonus = np.full(count, np.float32(only.first.rest))
        bonus[known] = only.first.amounts[places[known]]
        self._bonus = np.concatenate([bonus, beside.amounts])
        """Where it is not known, the most that it may be."""
        known |= not only.first.rest
        self._known = np.concatenate([known, np.ones(len(beside.rows), np.bool_)])
        self._blank = ranker.blank(self._rows)
        self._tied = np.zeros(len(self._rows), np.bool_)
        """Equal ones, of which only the `_missing` most similar count."""
        self._missing = 0
        self._highest = float(self._scores[min(_SURE, count) - 1])
        """Similarity that no product beside has more of."""
        self._bounds: Bounds = np.full(len(self._rows), self._highest)
        self._bounds[:count] = self._scores
        self._bounds += self._bonus

    def best(self, k: int, most: Callable[[], int]) -> Found | None:
        """The first `k` results; None where they depend on more products than these.

        most: number of products beside that count, those with the largest bonus; 500 at least.
        """
        sure = np.ones(len(self._rows), np.bool_)
        if len(self._beside.rows) > FEWEST:
            sure[self._count :] = self._beside.amounts > self._beside.last(FEWEST)
        last = self._least_of(k)
        wanted = self._bounds >= last - _ROUNDING
        one = _NONE
        if np.count_nonzero(wanted[self._count :]) > _FEW:
            some = min(k + _MORE, len(self._rows))
            guessed = np.argpartition(-self._bounds, some - 1)[:some]
            guessed = guessed[sure[guessed]]
            one = self._ranked(guessed)
            if len(one.rows) >= k:
                last = max(last, last_of(one.relevance, k))
            wanted = self._bounds >= last - _ROUNDING
        wanted |= self._blank
        unsure = bool(np.any(wanted & ~sure))
        if (unsure or self._reached(last)) and not self._counted(wanted, most(), last):
            return None
        wanted[one.which] = False
        other = self._ranked(np.flatnonzero(wanted))
        rows = np.concatenate([one.rows, other.rows])
        scores = np.concatenate([one.scores, other.scores])
        relevance = np.concatenate([one.relevance, other.relevance])
        if len(rows) > k:
            kept = relevance >= last_of(relevance, k)
            rows, scores, relevance = rows[kept], scores[kept], relevance[kept]
        return self._ranker.best(rows, scores, relevance, k)

    def _least_of(self, k: int) -> float:
        """A relevance that `k` of the best by vectors have at least."""
        if self._count < k:
            return -np.inf
        bonus = np.where(self._known[: self._count], self._bonus[: self._count], 0)
        relevance = self._scores + bonus
        # The part for a missing image may be below zero.
        relevance[self._blank[: self._count]] = -np.inf
        return last_of(relevance, k) - _ROUNDING

    def _reached(self, last: float) -> bool:
        """True if a product that is none of these may reach the page."""
        rest = self._beside.rest
        return rest > 0 and (
            rest + self._highest >= last - _ROUNDING
            or (self._certain_behind and bool(self._ranker.catalogue.moments.pictured))
        )

    @property
    def _certain_behind(self) -> bool:
        """True if products that say the whole query are not among the first by their bonus."""
        return int(np.count_nonzero(self._only.first_certain)) < len(self._only.certain)

    def _counted(self, wanted: NDArray[np.bool_], most: int, last: float) -> bool:
        """Drop those that do not count. False if others, or too many equal ones, decide."""
        beside = self._beside
        if len(beside.rows) <= most:
            return len(beside.rows) == most or not self._reached(last)
        least = beside.last(most)
        of_beside = wanted[self._count :]
        of_beside &= beside.amounts >= least
        tied = beside.amounts == least
        count = int(np.count_nonzero(tied))
        missing = most - int(np.count_nonzero(beside.amounts > least))
        if count > missing and np.any(of_beside & tied):
            if count > _MOST_TIED:
                return False
            of_beside |= tied
            self._tied[self._count :] = tied
            self._missing = missing
        return True

    def _ranked(self, which: NDArray[np.intp]) -> _Ranked:
        """The relevance of those of them that are results."""
        asked = which = np.sort(which)
        hits, others = which[which < self._count], which[which >= self._count]
        scored = self._ranker.scored(self._rows[others])
        # From rows back to places: those are in order of row, as `others` are.
        others = others[places_of(self._rows[others], scored.rows)]
        kept = self._results(others, scored.scores)
        which = np.concatenate([hits, others[kept]])
        scores = np.concatenate([self._scores[hits], scored.scores[kept]])
        rows, bonus = self._rows[which], self._bonus[which]
        unknown = ~self._known[which]
        if unknown.any():
            bonus[unknown] = self._only.bonus(rows[unknown])
        relevance = self._ranker.relevance(rows, scores, bonus, self._blank[which])
        return _Ranked(asked, rows, scores, relevance)

    def _results(self, which: NDArray[np.intp], scores: Scores) -> NDArray[np.bool_]:
        """True for those that are results: of equal ones that are too many, the most similar."""
        kept = np.ones(len(which), np.bool_)
        tied = np.flatnonzero(self._tied[which])
        if len(tied):
            ranks = self._ranker.catalogue.index.ranks(self._rows[which[tied]])
            kept[tied[np.lexsort((ranks, -scores[tied]))[self._missing :]]] = False
        if self._least is not None:
            low = np.flatnonzero(scores < self._least)
            kept[low] &= self._certain[which[low] - self._count]
        return kept
