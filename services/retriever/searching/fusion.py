"""Fusion by score: relevance is the cosine similarity and a bonus for the words said.

The best by relevance are among the best by vectors and the products that say a word, so both are
taken and ordered together. docs/decisions/0037-words-beside-vectors.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.contracts.retriever import RetrievalRequest
from services.contracts.search import DEPTH, Relevance
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Numbers
from services.retriever.index import NO_HITS, Hits, Passing, Where
from services.retriever.index.base import SCORE_DECIMALS
from services.retriever.searching.against import Against
from services.retriever.searching.matching import word_scores
from services.retriever.searching.query import Query
from services.retriever.searching.words import SoughtWords, sought_words, sought_words_alone

_SCORED = 500
"""Products scored beside the best by vectors: those that say most. More, up to `DEPTH`, where so
many say the whole query."""
_SHARES = (0.9, 0.6, 0.3)
"""Shares of the largest bonus; smaller bonuses are dropped before the largest are chosen."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best products, best first; equal ones in order of id."""

    rows: Numbers
    scores: NDArray[np.float64]
    """Cosine similarities."""
    relevance: NDArray[np.float64]

    def kept(self, positions: NDArray[np.intp]) -> Found:
        """Only these."""
        return Found(self.rows[positions], self.scores[positions], self.relevance[positions])


class Fusion:
    """Vectors and words of one request over one catalogue."""

    def __init__(self, catalogue: Catalogue, request: RetrievalRequest, query: Query) -> None:
        self._catalogue = catalogue
        self._fused = query.fused
        # Similarities of a model that does not distinguish these products would be noise.
        blind = catalogue.moments.blind and request.mode == "hybrid"
        seek = sought_words_alone if blind or request.mode == "words" else sought_words
        self.words: list[SoughtWords | None] = [
            seek(catalogue, term.text)
            if term.text and weight > 0 and text_share > 0 and request.mode != "vectors"
            else None
            for term, weight, (text_share, _) in zip(
                request.terms, query.weights, query.halves, strict=True
            )
        ]
        """By term; None where words say nothing."""
        self.words_alone = request.mode == "words" and any(term.text for term in request.terms)
        if blind:
            self.words_alone = None not in self.words
        self._weights = query.weights
        self._against = Against(catalogue, request.exclusions)
        self._bonus = self._sum(query.weights)
        self._certain = _only(self.words)

    @property
    def deep(self) -> bool:
        """True if the best few depend on the products behind them."""
        many = self._bonus is not None and int(np.count_nonzero(self._bonus)) > _SCORED
        return many or bool(self._against)

    def certain(self, row: int) -> bool:
        """True if a product says the whole query."""
        return self._certain is not None and bool(self._certain[row])

    def search(
        self,
        depth: int,
        threshold: float | None,
        least: float | None,
        passing: Passing | None,
        where: Where,
    ) -> tuple[Found, float | None]:
        """The best products that pass, and the best similarity of any.

        where: conditions that those meet which pass.
        threshold: of all products. least: of those that do not say the whole query.
        """
        lowest = max((one for one in (threshold, least) if one is not None), default=None)
        by_vectors = NO_HITS
        if not self.words_alone:
            index = self._catalogue.index
            by_vectors = index.search(self._fused, depth, lowest, passing, where)
        best = float(by_vectors.scores[0]) if len(by_vectors.scores) else None
        if self._bonus is None:
            return self._ordered(by_vectors.rows, by_vectors.scores, depth), best
        full = len(by_vectors.rows) >= depth
        if self.words_alone or full:
            missed = self._bonus > 0
        else:
            # All that are similar enough are found; those that say everything need not be.
            missed = np.zeros(len(self._bonus), np.bool_)
            if least is not None and self._certain is not None:
                missed |= self._certain
        missed[by_vectors.rows] = False
        beside = self._scored(missed, threshold, passing, each=not full)
        if least is not None and not self.words_alone:
            passes = beside.scores >= least
            if self._certain is not None:
                passes |= self._certain[beside.rows]
            beside = Hits(beside.rows[passes], beside.scores[passes])
        rows = np.concatenate([by_vectors.rows, beside.rows])
        scores = np.concatenate([by_vectors.scores, beside.scores])
        return self._ordered(rows, scores, depth), best

    def resembled(self, rows: Numbers) -> list[list[str]]:
        """By row, the excluded texts that its picture looks like; none where words rank alone."""
        return [[] for _ in rows] if self.words_alone else self._against.resembled(rows)

    def parts(self, found: Found) -> list[Relevance]:
        """The parts of each product's relevance."""
        missing, loss = self._missing_image(found.rows), self._against.loss(found.rows)
        return [
            self._parts(*one)
            for one in zip(
                found.rows.tolist(),
                found.scores.tolist(),
                found.relevance.tolist(),
                missing.tolist(),
                loss.tolist(),
                strict=True,
            )
        ]

    def _parts(
        self, row: int, score: float, relevance: float, missing: float, loss: float
    ) -> Relevance:
        texts = [
            (one, weight)
            for one, weight in zip(self.words, self._weights, strict=True)
            if one is not None
        ]
        identifier = sum(one.for_identifier(row) * weight for one, weight in texts)
        by_word = [part for one, weight in texts for part in word_scores(one, row, weight)]
        return Relevance(
            total=relevance,
            similarity=0.0 if self.words_alone else score,
            words=sum(part.contribution for part in by_word),
            identifier=identifier,
            missing_picture=0.0 if self.words_alone else missing,
            excluded_look=0.0 if self.words_alone else -loss,
            by_word=by_word,
        )

    def _ordered(self, rows: Numbers, scores: NDArray[np.float64], depth: int) -> Found:
        """By relevance, the best first."""
        if self._bonus is None and not self._against:
            return Found(rows, scores, scores)
        relevance = np.zeros(len(rows)) if self.words_alone else scores - self._against.loss(rows)
        if self._bonus is not None:
            relevance = relevance + self._bonus[rows]
            if not self.words_alone:
                relevance += self._missing_image(rows)
        relevance = np.round(relevance, SCORE_DECIMALS)
        order = np.lexsort((self._catalogue.index.ranks(rows), -relevance))[:depth]
        return Found(rows, scores, relevance).kept(order)

    def _scored(
        self, wanted: Passing, threshold: float | None, passing: Passing | None, *, each: bool
    ) -> Hits:
        """The similarities of products that say a word: of too many, those that say most.

        wanted: is changed.  each: whether each of them is a result, so that too many are `DEPTH`.
        """
        index, bonus = self._catalogue.index, self._bonus
        assert bonus is not None  # noqa: S101 - the caller looked
        wanted &= index.alive
        if passing is not None:
            wanted &= passing
        rows = np.flatnonzero(wanted)
        if not len(rows):
            return NO_HITS
        if each and threshold is not None:
            hits = index.search(self._fused, len(rows), threshold, wanted)
            order = np.argsort(-bonus[hits.rows], kind="stable")[:DEPTH]
            return Hits(hits.rows[order], hits.scores[order])
        most = DEPTH if each else self._most(rows)
        if len(rows) > most:
            rows = self._largest(rows, most)
            wanted[:] = False
            wanted[rows] = True
        # The search of an index reads few rows faster than NumPy, and gives the same scores.
        return index.search(self._fused, len(rows), threshold, wanted)

    def _most(self, rows: Numbers) -> int:
        """Number of these rows to score."""
        if self._certain is None or len(rows) <= _SCORED:
            return _SCORED
        return min(DEPTH, max(_SCORED, int(np.count_nonzero(self._certain[rows]))))

    def _largest(self, rows: Numbers, most: int) -> Numbers:
        """Those with the largest bonus; of equal ones those that are ranked first."""
        assert self._bonus is not None  # noqa: S101 - the caller looked
        more, equal = _largest(rows, self._bonus[rows], most)
        missing = most - len(more)
        if len(equal) > missing:
            index = self._catalogue.index
            if self.words_alone:
                equal = equal[np.argsort(index.ranks(equal), kind="stable")[:missing]]
            else:
                tied = np.zeros(index.numbers, np.bool_)
                tied[equal] = True
                equal = index.search(self._fused, missing, None, tied).rows
        chosen: Numbers = np.concatenate([more, equal])
        return chosen

    def _missing_image(self, rows: Numbers) -> NDArray[np.float64]:
        """Expected part of an image, for products that say everything but have none."""
        missing = np.zeros(len(rows))
        if self._certain is None:
            return missing
        index, d = self._catalogue.index, self._catalogue.info.dimension
        certain = np.flatnonzero(self._certain[rows])
        blank = certain[index.without_image(rows[certain])]
        if len(blank):
            by_text = index.rows(rows[blank])[:, :d].astype(np.float64) @ self._fused[:d]
            missing[blank] = self._catalogue.moments.image_by_text(self._fused, by_text)
        return missing

    def _sum(self, weights: Sequence[float]) -> NDArray[np.float32] | None:
        parts = [
            one.bonus * np.float32(weight)
            for one, weight in zip(self.words, weights, strict=True)
            if one is not None
        ]
        return np.sum(parts, axis=0, dtype=np.float32) if parts else None


def _largest(rows: Numbers, amounts: NDArray[np.float32], most: int) -> tuple[Numbers, Numbers]:
    """The rows with the largest amounts, fewer than `most`, and all that are equally the next."""
    for share in _SHARES:
        kept = np.flatnonzero(amounts >= np.float32(share) * amounts.max())
        if len(kept) >= most:
            rows, amounts = rows[kept], amounts[kept]
            break
    least = np.partition(amounts, len(amounts) - most)[len(amounts) - most]
    return rows[amounts > least], rows[amounts == least]


def _only(words: Sequence[SoughtWords | None]) -> Passing | None:
    """Products that are right whatever their similarity; none where other terms count as well."""
    return words[0].certain if len(words) == 1 and words[0] is not None else None
