"""Fusion by score: relevance is the cosine similarity and a bonus for the words said.

The best by relevance are among the best by vectors and the products that say a word, so both are
taken and ordered together. docs/decisions/0037-words-beside-vectors.md
"""

from __future__ import annotations

import numpy as np

from services.contracts.retriever import RetrievalRequest
from services.contracts.search import DEPTH, Relevance
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Numbers
from services.retriever.index import NO_HITS, Hits, Passing, Where
from services.retriever.searching.against import Against
from services.retriever.searching.beside import FEWEST, counted
from services.retriever.searching.bonus import Bonus
from services.retriever.searching.first_page import FirstPage
from services.retriever.searching.largest import NOTHING, Largest
from services.retriever.searching.matching import word_scores
from services.retriever.searching.query import Query
from services.retriever.searching.ranker import Found, Ranker
from services.retriever.searching.sought import SoughtWords
from services.retriever.searching.words import sought_words, sought_words_alone


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
        self._against = Against(catalogue, request.exclusions)
        self._texts = [
            (one, weight)
            for one, weight in zip(self.words, query.weights, strict=True)
            if one is not None
        ]
        alone = len(self.words) == 1
        self._bonus = Bonus(catalogue, self._texts, alone=alone) if self._texts else None
        self._ranker = Ranker(catalogue, query.fused, self._bonus, self._against, self.words_alone)

    @property
    def deep(self) -> bool:
        """True if the best few depend on the products behind them."""
        many = self._bonus is not None and self._bonus.more_than(FEWEST)
        return many or bool(self._against)

    def certain(self, rows: Numbers) -> list[bool]:
        """For each of these products, whether it says the whole query."""
        certain: list[bool] = self._ranker.certain(rows).tolist()
        return certain

    def search(
        self,
        depth: int,
        threshold: float | None,
        least: float | None,
        passing: Passing | None,
        where: Where,
        page: int | None = None,
    ) -> tuple[Found, float | None]:
        """The best products that pass, and the best similarity of any.

        where: conditions that those meet which pass.
        threshold: of all products. least: of those that do not say the whole query.
        page: number of results that are needed, if the others are only counted.
        """
        lowest = max((one for one in (threshold, least) if one is not None), default=None)
        by_vectors = NO_HITS
        if not self.words_alone:
            index = self._catalogue.index
            by_vectors = index.search(self._fused, depth, lowest, passing, where)
        best = float(by_vectors.scores[0]) if len(by_vectors.scores) else None
        if self._bonus is None:
            return self._ranker.ordered(by_vectors, depth), best
        full = len(by_vectors.rows) >= depth
        if threshold is not None and not full:
            beside = self._above(threshold, by_vectors.rows, least, passing)
        else:
            first = None
            if page is not None and full and self._bounded and threshold is None:
                first = self._first(page, by_vectors, least, passing)
            if first is not None:
                return first.before(depth), best
            wanted, most = self._beside(by_vectors.rows, full, least, passing)
            beside = self._ranker.scored(self._chosen(wanted, most), threshold)
        beside = self._ranker.results(beside, least)
        return self._ranker.ordered(_together(by_vectors, beside), depth), best

    @property
    def _bounded(self) -> bool:
        """True if the bonus of a product bounds its relevance."""
        only = self._bonus is not None and self._bonus.only is not None
        return only and not self._against and not self.words_alone

    def resembled(self, rows: Numbers) -> list[list[str]]:
        """By row, the excluded texts that its picture looks like; none where words rank alone."""
        return [[] for _ in rows] if self.words_alone else self._against.resembled(rows)

    def parts(self, found: Found) -> list[Relevance]:
        """The parts of each product's relevance."""
        missing = self._ranker.missing_image(found.rows)
        loss = self._against.loss(found.rows)
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
        identifier = sum(one.for_identifier(row) * weight for one, weight in self._texts)
        by_word = [part for one, weight in self._texts for part in word_scores(one, row, weight)]
        return Relevance(
            total=relevance,
            similarity=0.0 if self.words_alone else score,
            words=sum(part.contribution for part in by_word),
            identifier=identifier,
            missing_picture=0.0 if self.words_alone else missing,
            excluded_look=0.0 if self.words_alone else -loss,
            by_word=by_word,
        )

    def _first(
        self, k: int, by_vectors: Hits, least: float | None, passing: Passing | None
    ) -> Found | None:
        """The first `k` results alone; None where that takes all of them."""
        assert self._bonus is not None  # noqa: S101 - see `_bounded`
        first = FirstPage(self._ranker, by_vectors, least, passing)
        return first.best(k, lambda: self._most(by_vectors.rows, passing))

    def _beside(
        self, found: Numbers, full: bool, least: float | None, passing: Passing | None
    ) -> tuple[Largest, int]:
        """Products that say a word, beside those found by vectors, and how many of them count.

        Where all that are similar enough are found, only those are left that say everything.
        """
        assert self._bonus is not None  # noqa: S101 - the caller looked
        if full or self.words_alone:
            most = self._most(found, passing) if full else DEPTH
            return self._bonus.largest(most, found, passing).best(most), most
        if least is None:
            return NOTHING, DEPTH
        return self._bonus.largest(DEPTH, found, passing, certain=True).best(DEPTH), DEPTH

    def _above(
        self, threshold: float, found: Numbers, least: float | None, passing: Passing | None
    ) -> Hits:
        """The same above a threshold: of more than `DEPTH`, those with the largest bonus."""
        assert self._bonus is not None  # noqa: S101 - the caller looked
        rows = np.empty(0, np.int32)
        if self.words_alone:
            rows = self._bonus.left(self._bonus.saying(), found, passing)
        elif least is not None:
            rows = self._bonus.certain(found, passing)
        hits = self._ranker.scored(rows, threshold)
        order = np.argsort(-self._bonus.of(hits.rows), kind="stable")[:DEPTH]
        return Hits(hits.rows[order], hits.scores[order])

    def _most(self, found: Numbers, passing: Passing | None) -> int:
        """Number of products to score that say a word and are not among those found."""
        if self._bonus is None or self._bonus.only is None:
            return FEWEST
        only = self._bonus.only
        index, count = self._catalogue.index, len(only.certain)
        if count > FEWEST:
            gone = index.numbers - len(index)
            if passing is None and not gone:
                count -= int(np.count_nonzero(only.certain.has(found)))
            elif passing is not None or count - gone < DEPTH + len(found):
                count = len(self._bonus.certain(found, passing))
        return counted(count)

    def _chosen(self, some: Largest, most: int) -> Numbers:
        """So many of these, with the largest bonus; of equal ones those that are ranked first."""
        tied = some.tied(most)
        rows = some.rows.astype(np.intp)
        more, equal = rows[~tied], rows[tied]
        missing = most - len(more)
        if len(equal) > missing:
            if self.words_alone:
                ranks = self._catalogue.index.ranks(equal)
                equal = equal[np.argsort(ranks, kind="stable")[:missing]]
            else:
                equal = self._ranker.scored(equal, most=missing).rows
        chosen: Numbers = np.concatenate([more, equal])
        return chosen


def _together(one: Hits, other: Hits) -> Hits:
    """Both, in no order."""
    return Hits(np.concatenate([one.rows, other.rows]), np.concatenate([one.scores, other.scores]))
