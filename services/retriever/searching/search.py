"""One search over one catalogue: filters, the cut-off, variants, order, pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.common.problems import InvalidRequest
from services.contracts.problems import FieldProblem
from services.contracts.products import ScoredProduct
from services.contracts.retriever import (
    NO_MATCH_BELOW,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.search import DEPTH, EVERY_FACET, PRICE, Filters, Strength, TermScore
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Fields, Numbers
from services.retriever.index import NO_HITS, Hits, Vector
from services.retriever.searching.browsing import browse
from services.retriever.searching.calibration import Calibration
from services.retriever.searching.counting import facets_of
from services.retriever.searching.paging import Order
from services.retriever.searching.query import query_of
from services.retriever.searching.scope import Scope
from services.retriever.searching.words import says, words_of

_NEAREST = 10
"""Products of a doubtful query that are read for its words: see 0031."""


Scores = NDArray[np.float64]


def search(catalogue: Catalogue, request: RetrievalRequest) -> RetrievalResponse:
    """The answer. Raises ModelMismatch, InvalidRequest, NotFound for a term's product."""
    _check_fields(catalogue, request)
    if not request.terms:
        return browse(catalogue, request)
    return _Search(catalogue, request).answer()


class _Search:
    def __init__(self, catalogue: Catalogue, request: RetrievalRequest) -> None:
        self._catalogue = catalogue
        self._request = request
        self._calibration = Calibration(catalogue.ranking.calibration)
        self._query = query_of(catalogue, request)
        self._spread = catalogue.moments.spread(self._query.fused)
        self._scope = Scope(catalogue, request, self._query.own)
        self._read: dict[int, dict[str, Any]] = {}
        self._nothing = False
        self._doubtful = False

    def answer(self) -> RetrievalResponse:
        request = self._request
        hits = self._found(self._depth())
        confidence = self._confidence(hits)
        self._doubtful = confidence < NO_MATCH_BELOW
        self._nothing = request.cutoff == "auto" and self._doubtful
        if self._nothing:
            hits = NO_HITS
        numbers, scores = self._grouped(hits)
        found = len(numbers)
        if self._depth() < DEPTH and len(hits.rows) == self._depth():
            found = min(DEPTH, self._scope.count())
        order = Order(self._catalogue, request.sort, numbers, scores)
        page, after = order.page(request.after, request.k)
        if after is None and found > len(numbers) and len(page):
            after = order.end(len(numbers) - 1)
        return RetrievalResponse(
            results=self._products(numbers[page], scores[page]),
            found=found,
            confidence=confidence,
            facets=(
                facets_of(self._catalogue, request, numbers, self._found_without)
                if request.facets
                else None
            ),
            next=after,
            catalogue=self._catalogue.info,
        )

    def _depth(self) -> int:
        """How many hits are needed: the page alone, where nothing depends on those behind it."""
        request = self._request
        alone = (
            request.cutoff == "off"
            and request.threshold is None
            and request.sort == "relevance"
            and request.after is None
            and not request.facets
            and not self._scope.groups
        )
        return min(request.k, DEPTH) if alone else DEPTH

    def _least(self) -> float | None:
        """The score below which nothing is shown."""
        least = self._request.threshold
        if self._request.cutoff == "auto":
            usual = self._calibration.least_score(self._spread)
            if usual is not None:
                least = usual if least is None else max(least, usual)
        return least

    def _found(self, depth: int, without: str | None = None) -> Hits:
        """The best products that pass, one filter left aside."""
        return self._catalogue.index.search(
            self._query.fused, depth, self._least(), self._scope.passing(without)
        )

    def _grouped(self, hits: Hits) -> tuple[Numbers, Scores]:
        """The hits, only the best of each group of variants."""
        kept = self._scope.one_of_each_group(hits.rows)
        return hits.rows[kept], hits.scores[kept]

    def _confidence(self, hits: Hits) -> float:
        """From the best score over the whole catalogue, whatever the filters leave of it."""
        unfiltered = self._scope.passing() is None and self._request.threshold is None
        if not (unfiltered and len(hits.scores)):
            hits = self._catalogue.index.search(self._query.fused, _NEAREST)
        query = self._query
        # Of terms that have nothing to do with one another the variances add up.
        usual = math.hypot(*(w * own for w, own in zip(query.weights, query.usual, strict=True)))
        confidence = self._calibration.confidence(self._spread, usual, _best(hits))
        if confidence < NO_MATCH_BELOW:
            if len(query.terms) > 1:
                confidence = max(confidence, *map(self._confidence_in, range(len(query.terms))))
            elif self._said(0, query.fused, hits):
                confidence = NO_MATCH_BELOW
        return round(confidence, 4)

    def _confidence_in(self, number: int) -> float:
        """In one term alone. "This, but blue" has a match even where nothing is both.

        A product is its own match; what is wanted less of says nothing.
        """
        query = self._query
        if query.weights[number] <= 0:
            return 0.0
        if self._request.terms[number].product_id is not None:
            return 1.0
        alone = query.terms[number] / np.float32(query.weights[number])
        hits = self._catalogue.index.search(alone, _NEAREST)
        spread = self._catalogue.moments.spread(alone)
        confidence = self._calibration.confidence(spread, query.usual[number], _best(hits))
        if confidence < NO_MATCH_BELOW and self._said(number, alone, hits):
            return NO_MATCH_BELOW
        return confidence

    def _said(self, number: int, alone: Vector, hits: Hits) -> bool:
        """Whether a product near to a term says all of its words.

        alone: (2·d,) fused, of the term; hits: its best ones. A word that many products are equally
        near to lets none of them stand out, and is understood all the same.
        """
        text = self._request.terms[number].text
        asked = words_of(text) if text is not None else frozenset()
        if not asked:
            return False
        if len(hits.rows) < _NEAREST:
            hits = self._catalogue.index.search(alone, _NEAREST)
        return any(says(product, asked) for product in self._values(hits.rows[:_NEAREST].tolist()))

    def _values(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """The fields of products, each read once: those of a doubtful query are the page's too."""
        new = [number for number in numbers if number not in self._read]
        self._read.update(zip(new, self._catalogue.products.values(new), strict=True))
        return [self._read[number] for number in numbers]

    def _products(self, numbers: Numbers, scores: Scores) -> list[ScoredProduct]:
        terms: Sequence[list[TermScore] | None] = [None] * len(numbers)
        if self._request.explain and len(numbers):
            terms = self._query.term_scores(self._catalogue.index.rows(numbers))
        return [
            ScoredProduct(
                **values,
                score=score,
                strength=self._strength(score),
                terms=parts,
            )
            for values, score, parts in zip(
                self._values(numbers.tolist()),
                scores.tolist(),
                terms,
                strict=True,
            )
        ]

    def _strength(self, score: float) -> Strength:
        """Weak where nothing is a good match, however far the nearest stand out from the rest."""
        return "weak" if self._doubtful else self._calibration.strength(self._spread, score)

    def _found_without(self, name: str) -> Numbers:
        """The rows found with one filter left aside."""
        return self._grouped(NO_HITS if self._nothing else self._found(DEPTH, without=name))[0]


def _best(hits: Hits) -> float | None:
    return float(hits.scores[0]) if len(hits.scores) else None


def _check_fields(catalogue: Catalogue, request: RetrievalRequest) -> None:
    """Raises InvalidRequest, naming what may be asked for."""
    fields: Fields = catalogue.products.fields[0]
    known = {*fields.names, PRICE}
    asked = [
        *(("facets", name) for name in request.facets if name != EVERY_FACET),
        *(("filters.attributes", name) for name in (request.filters or Filters()).attributes),
    ]
    problems = [
        FieldProblem(
            field=f"body.{place}",
            message=f"{name!r} cannot be filtered by or counted; "
            f"these can: {', '.join(sorted(known))}",
        )
        for place, name in asked
        if name not in known or (place == "filters.attributes" and name == PRICE)
    ]
    if problems:
        raise InvalidRequest(problems[0].message, errors=problems)
