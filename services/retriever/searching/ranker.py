"""Relevance of products for one request: similarity, bonus, a missing picture, excluded looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Numbers
from services.retriever.index import NO_HITS, Hits, Scores, Vector
from services.retriever.index.base import SCORE_DECIMALS
from services.retriever.searching.against import Against
from services.retriever.searching.bonus import Bonus


@dataclass(frozen=True, slots=True)
class Found:
    """The best products, best first; equal ones in order of id."""

    rows: Numbers
    scores: Scores
    """Cosine similarities."""
    relevance: Scores
    behind: int = 0
    """Number of results behind these, which are only counted."""

    def kept(self, positions: NDArray[np.intp]) -> Found:
        """Only these."""
        return Found(
            self.rows[positions], self.scores[positions], self.relevance[positions], self.behind
        )

    def before(self, count: int) -> Found:
        """The same as the first of so many."""
        behind = max(count - len(self.rows), 0)
        return Found(self.rows, self.scores, self.relevance, behind)


@dataclass(frozen=True, slots=True)
class Ranker:
    """The terms of one request over one catalogue."""

    catalogue: Catalogue
    fused: Vector
    bonus: Bonus | None
    """None where no words count."""
    against: Against
    words_alone: bool

    def scored(
        self, rows: NDArray[np.integer], threshold: float | None = None, most: int | None = None
    ) -> Hits:
        """The similarities of these rows, the best first. most: number wanted, if not all."""
        if not len(rows):
            return NO_HITS
        wanted = np.zeros(self.catalogue.index.numbers, np.bool_)
        wanted[rows] = True
        # The search of an index reads few rows faster than NumPy, and gives the same scores.
        k = len(rows) if most is None else most
        return self.catalogue.index.search(self.fused, k, threshold, wanted)

    def most_similar(self, rows: Numbers, most: int) -> Hits:
        """The most similar of these few rows, which can be found."""
        return self.catalogue.index.among(self.fused, rows, most)

    def results(self, hits: Hits, least: float | None) -> Hits:
        """Only those that are similar enough, or say the whole query."""
        if least is None or self.words_alone:
            return hits
        passes = (hits.scores >= least) | self.certain(hits.rows)
        return Hits(hits.rows[passes], hits.scores[passes])

    def certain(self, rows: Numbers) -> NDArray[np.bool_]:
        """(m,) True for products that say the whole query: right whatever their similarity."""
        only = None if self.bonus is None else self.bonus.only
        return np.zeros(len(rows), np.bool_) if only is None else only.certain.has(rows)

    def relevance(
        self,
        rows: Numbers,
        scores: Scores,
        bonus: NDArray[np.float32] | None = None,
        blank: NDArray[np.bool_] | None = None,
    ) -> Scores:
        """(m,) of these rows. bonus, blank: if they are known."""
        relevance = np.zeros(len(rows)) if self.words_alone else scores - self.against.loss(rows)
        if self.bonus is not None:
            relevance = relevance + (self.bonus.of(rows) if bonus is None else bonus)
            if not self.words_alone:
                relevance += self.missing_image(rows, blank)
        rounded: Scores = np.round(relevance, SCORE_DECIMALS)
        return rounded

    def ordered(self, hits: Hits, depth: int) -> Found:
        """By relevance, the best first."""
        if self.bonus is None and not self.against:
            return Found(hits.rows, hits.scores, hits.scores)
        return self.best(hits.rows, hits.scores, self.relevance(hits.rows, hits.scores), depth)

    def best(self, rows: Numbers, scores: Scores, relevance: Scores, depth: int) -> Found:
        """The first of these rows, in order."""
        order = np.lexsort((self.catalogue.index.ranks(rows), -relevance))[:depth]
        return Found(rows[order], scores[order], relevance[order])

    def missing_image(self, rows: Numbers, blank: NDArray[np.bool_] | None = None) -> Scores:
        """(m,) Expected part of an image, for products that say everything but have none.

        blank: (m,) those without, if they are known.
        """
        missing = np.zeros(len(rows))
        index, d = self.catalogue.index, self.catalogue.info.dimension
        places = np.arange(len(rows)) if blank is None else np.flatnonzero(blank)
        if len(places):
            places = places[self.certain(rows[places])]
        if blank is None:
            places = places[index.without_image(rows[places])]
        if len(places):
            by_text = index.rows(rows[places])[:, :d].astype(np.float64) @ self.fused[:d]
            missing[places] = self.catalogue.moments.image_by_text(self.fused, by_text)
        return missing
