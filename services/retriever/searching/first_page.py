"""The first page alone, if nothing depends on the results behind it.

A product that is not among the best by vectors is no more similar than they are. So few of those
that say a word have to be scored: those that could reach the page by such a similarity and their
bonus, which are those with the largest bonus.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from services.retriever.index import Hits, Passing, Scores
from services.retriever.searching.beside import Beside, Candidates, counted
from services.retriever.searching.largest import last_of
from services.retriever.searching.ranker import Found, Ranker

_MORE = 28
"""Products beyond the page that are scored first: then the last of the page bounds the others."""
_FEW = 200
"""So few products beside the best by vectors are scored without a guess first."""
_SURE = 20
"""So many of the best by vectors are found: by measurement, a scan misses none of them."""
_MANY = 256
"""If more products beside may reach the page, only the most similar are scored first."""
_MOST_SIMILAR = 128
_ROUNDING = 2e-5
"""More than what rounded relevances are off by."""


class FirstPage:
    """Products of which some are results, with bounds of their relevance."""

    def __init__(
        self, ranker: Ranker, by_vectors: Hits, least: float | None, passing: Passing | None
    ) -> None:
        """by_vectors: at least one.  least: similarity of a result that does not say the whole
        query.
        """
        assert ranker.bonus is not None and ranker.bonus.only is not None  # noqa: S101, PT018
        self._ranker = ranker
        self._hits = by_vectors
        self._only = only = ranker.bonus.only
        ranked, index = only.ranked, ranker.catalogue.index
        rows, count = by_vectors.rows, len(by_vectors.rows)
        # Thousands of places are found faster in a table of all rows than by binary search.
        place_of = np.zeros(index.numbers, np.int16)
        place_of[rows] = np.arange(1, count + 1)
        places = place_of[ranked.rows]
        (at,) = places.nonzero()
        which = places[at] - 1
        self._bonus = np.full(count, np.float32(only.first.rest))
        """(h,) of the hits; if it is not known, the most that it may be."""
        self._bonus[which] = ranked.amounts[at]
        self._unknown = np.full(count, only.first.rest > 0)
        """(h,) True for the hits whose bonus is not known."""
        self._unknown[which] = False
        self._blank = np.zeros(count, np.bool_)
        """(h,) True for hits that count with the image of others."""
        self._blank[which] = ranked.blank[at]
        if only.first.rest and only.certain_behind:
            unknown = np.flatnonzero(self._unknown)
            self._blank[unknown] = only.blank(rows[unknown])
        self._unknown &= ~only.equal.has(rows)
        free = index.alive_of(ranked.rows)
        if passing is not None:
            free &= passing[ranked.rows]
        free[at] = False
        self._beside = Beside(ranker, only, free, least)
        self._highest = float(by_vectors.scores[min(_SURE, count) - 1])
        """Similarity that no product beside has more of."""

    def best(self, k: int, most: Callable[[], int]) -> Found | None:
        """The first `k` results; None where they depend on more products than these.

        most: number of products beside that count, those with the largest bonus; 500 at least.
        """
        beside, highest = self._beside, self._highest
        floors = self._floors()
        if len(floors) > k:
            floors = np.partition(floors, len(floors) - k)[-k:]
        last = _last(floors, k)
        if self._is_worth_a_guess(k, last):
            beside.score(np.arange(min(k + _MORE, beside.sure)))
            last = _last(np.concatenate([floors, beside.results().floors()]), k)
        needed = beside.needed(last - highest)
        if self._reached(last) or (len(needed) and needed[-1] >= beside.sure):
            count = most() if self._only.certain_behind else counted(beside.certain)
            if len(beside) < count and self._reached(last):
                return None
            beside.count(count)
            needed = beside.needed(last - highest)
        if len(needed) > _MANY:
            # None of the others is more similar than the last of these.
            highest = beside.score(needed, _MOST_SIMILAR)
            last = _last(np.concatenate([floors, beside.results().floors()]), k)
            needed = beside.needed(last - highest)
        beside.score(needed)
        return self._best_of(beside.results().joined(self._results(last)), k)

    def _best_of(self, found: Candidates, k: int) -> Found:
        rows, scores = found.rows, found.scores
        relevance = self._ranker.relevance(rows, scores, found.bonus, found.blank)
        if len(rows) > k:
            kept = relevance >= last_of(relevance, k)
            rows, scores, relevance = rows[kept], scores[kept], relevance[kept]
        return self._ranker.best(rows, scores, relevance, k)

    def _is_worth_a_guess(self, k: int, last: float) -> bool:
        """True if many may reach the page now, but far fewer once some are scored: those with the
        largest bonus, if they are as similar as the last of the best by vectors.
        """
        beside = self._beside
        many = beside.reaching(last - self._highest)
        if many <= _FEW:
            return False
        last = max(last, beside.amount(k) + float(self._hits.scores[-1]))
        return beside.reaching(last - self._highest) < many / 2

    def _floors(self) -> Scores:
        """(h,) The least that the relevance of each hit may be."""
        bonus = np.where(self._unknown, np.float32(0), self._bonus)
        floors: Scores = self._hits.scores + bonus
        # The part for a missing image may be below zero.
        floors[self._blank] = -np.inf
        return floors

    def _reached(self, last: float) -> bool:
        """True if a product that is none of these may have this relevance."""
        only = self._only
        if not only.first.rest:
            return False
        # A product that the scan missed is taken to be less similar by more than rounding hides.
        highest = max(self._highest - 2 * _ROUNDING, float(self._hits.scores[-1]))
        return only.first.rest + highest >= last or only.blank_behind

    def _results(self, last: float) -> Candidates:
        """Those of the best by vectors that may have this relevance."""
        bounds = self._hits.scores + self._bonus
        which = np.flatnonzero((bounds >= last) | self._blank)
        rows, bonus = self._hits.rows[which], self._bonus[which]
        unknown = self._unknown[which]
        if unknown.any():
            bonus[unknown] = self._only.bonus_behind(rows[unknown])
        return Candidates(rows, self._hits.scores[which], bonus, self._blank[which])


def _last(relevance: Scores, k: int) -> float:
    """A relevance that the last of `k` has at least."""
    return last_of(relevance, k) - _ROUNDING if len(relevance) >= k else -np.inf
