"""One search over one catalogue: filters, the cut-off, variants, order, pages."""

from __future__ import annotations

import math

import numpy as np

from services.common.problems import InvalidRequest
from services.contracts.problems import FieldProblem
from services.contracts.retriever import NO_MATCH_BELOW, RetrievalHead, RetrievalRequest
from services.contracts.search import DEPTH, EVERY_FACET, GROUP, PRICE, Filters, Strength
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.fields import Fields, Numbers
from services.retriever.index import Vector
from services.retriever.searching.answer import Answer, written
from services.retriever.searching.browsing import browse
from services.retriever.searching.calibration import Calibration
from services.retriever.searching.counting import facets_of
from services.retriever.searching.fusion import Fusion
from services.retriever.searching.images import matched_images, nearest_rows
from services.retriever.searching.matching import matches
from services.retriever.searching.paging import Order
from services.retriever.searching.query import query_of
from services.retriever.searching.ranker import Found
from services.retriever.searching.scope import Scope
from services.retriever.searching.sought import SoughtWords
from services.retriever.searching.variants import variants_of

_NOTHING = Found(np.empty(0, np.intp), np.empty(0), np.empty(0))


def answer_of(catalogue: Catalogue, request: RetrievalRequest) -> Answer:
    """Raises ModelMismatch, InvalidRequest, NotFound for a term's product."""
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
        of_one_vector = len(request.terms) == 1 and request.terms[0].vector is not None
        weights = self._query.halves[0] if of_one_vector else None
        self._spread = catalogue.moments.spread(self._query.fused, weights)
        self._scope = Scope(catalogue, request, self._query.own)
        self._fusion = Fusion(catalogue, request, self._query)
        self._nothing = False
        self._doubtful = False

    def answer(self) -> Answer:
        request = self._request
        depth = self._depth()
        hits, best = self._found(depth, page=request.k if self._page_alone else None)
        confidence = self._confidence(best)
        self._doubtful = confidence < NO_MATCH_BELOW
        self._nothing = request.cutoff == "auto" and self._doubtful
        if self._nothing:
            hits = _NOTHING
        shown = self._grouped(hits)
        numbers = shown.rows
        found = len(numbers) + hits.behind
        if depth < DEPTH and len(hits.rows) == depth and not self._fusion.words_alone:
            found = min(DEPTH, self._scope.count())
        order = Order(self._catalogue, request.sort, numbers, shown.relevance)
        page, after = order.page(request.after, request.k)
        if after is None and found > len(numbers) and len(page):
            after = order.end(len(numbers) - 1)
        facets = None
        if request.facets:
            facets = facets_of(self._catalogue, request, hits.rows, self._found_without)
        head = RetrievalHead(
            found=found,
            confidence=confidence,
            facets=facets,
            next=after,
            catalogue=self._catalogue.info,
            snapshot=self._catalogue.snapshot,
        )
        return Answer(head, self._written(shown.kept(page)))

    def _depth(self) -> int:
        """Number of hits needed: the page alone, if nothing depends on the hits behind it."""
        request = self._request
        alone = (
            request.cutoff == "off"
            and request.threshold is None
            and self._page_alone
            and not self._fusion.deep
            and not self._fusion.words_alone
        )
        return min(request.k, DEPTH) if alone else DEPTH

    @property
    def _page_alone(self) -> bool:
        """True if of the results behind the page only their number is needed."""
        request = self._request
        return (
            request.sort == "relevance"
            and request.after is None
            and not request.facets
            and not self._scope.groups
        )

    def _found(
        self, depth: int, without: str | None = None, page: int | None = None
    ) -> tuple[Found, float | None]:
        """The best products that pass, one filter left aside, and the best similarity.

        page: see `Fusion.search`.
        """
        least = None
        if self._request.cutoff == "auto":
            least = self._calibration.least_score(self._spread)
        return self._fusion.search(
            depth,
            self._request.threshold,
            least,
            self._scope.passing(without),
            self._scope.where(without),
            page,
        )

    def _grouped(self, hits: Found) -> Found:
        """The hits, only the first of each group of variants in the order that is asked for."""
        if self._scope.groups and self._request.sort != "relevance":
            order = Order(self._catalogue, self._request.sort, hits.rows, hits.relevance)
            hits = hits.kept(order.positions)
        return hits.kept(self._scope.one_of_each_group(hits.rows))

    def _confidence(self, best: float | None) -> float:
        """Over the whole catalogue, whatever the filters leave of it.

        best: similarity of the best product that passes them.
        """
        if self._fusion.words_alone:
            return round(max((self._said(one) for one in self._fusion.words), default=0.0), 4)
        unfiltered = self._scope.passing() is None and self._request.threshold is None
        if not unfiltered or best is None:
            best = self._best(self._query.fused)
        query = self._query
        # Variances of unrelated terms add up.
        usual = math.hypot(*(w * own for w, own in zip(query.weights, query.usual, strict=True)))
        by_words = self._excess(0) if len(query.terms) == 1 else 0.0
        confidence = self._calibration.confidence(self._spread, usual, best, by_words)
        if len(query.terms) == 1:
            confidence = max(confidence, self._certainty(0))
        elif confidence < NO_MATCH_BELOW:
            confidence = max(confidence, *map(self._confidence_in, range(len(query.terms))))
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
        spread = self._catalogue.moments.spread(alone)
        confidence = self._calibration.confidence(
            spread, query.usual[number], self._best(alone), self._excess(number)
        )
        return max(confidence, self._certainty(number))

    def _excess(self, number: int) -> float:
        """Amount that the words of a term add to the excess of its best similarity."""
        words = self._fusion.words[number]
        return 0.0 if words is None else words.excess

    def _certainty(self, number: int) -> float:
        """Confidence by the words of a term: 1 for an identifier.

        A word that many products are equally near to lets none of them stand out; where a product
        says all of the words, the query is understood all the same.
        """
        words = self._fusion.words[number]
        if words is None or not words.is_certain:
            return 0.0
        return 1.0 if words.exact else NO_MATCH_BELOW

    def _said(self, words: SoughtWords | None) -> float:
        """The largest share of a text that one product says."""
        if words is None or not len(self._catalogue.index):
            return 0.0
        return words.most_said(self._catalogue)

    def _best(self, query: Vector) -> float | None:
        """The best similarity over the whole catalogue."""
        hits = self._catalogue.index.search(query, 1)
        return float(hits.scores[0]) if len(hits.scores) else None

    def _written(self, page: Found) -> bytes:
        """The products of a page as JSON."""
        rows, scores = page.rows.tolist(), page.scores.tolist()
        sought = [one for one in self._fusion.words if one is not None]
        places: list[dict[str, object]] = [
            {"score": score, "strength": self._strength(score, certain), "matched": matched}
            for score, certain, matched in zip(
                scores,
                self._fusion.certain(page.rows),
                matches(self._catalogue, sought, rows),
                strict=True,
            )
        ]
        if self._scope.groups:
            for place, variants in zip(places, variants_of(self._catalogue, rows), strict=True):
                place |= variants
        for place, resembled in zip(places, self._fusion.resembled(page.rows), strict=True):
            if resembled:
                place["resembles"] = resembled
        for position, image in matched_images(
            self._catalogue, self._query.fused, page.rows
        ).items():
            places[position]["matched_image"] = image
        if self._request.explain and rows:
            terms = self._query.term_scores(
                nearest_rows(self._catalogue, self._query.fused, page.rows)
            )
            for place, parts, relevance in zip(
                places, terms, self._fusion.parts(page), strict=True
            ):
                place |= {"terms": parts, "relevance": relevance}
        return written(self._catalogue.products, rows, places)

    def _strength(self, score: float, certain: bool) -> Strength:
        """Weak where nothing is a good match, however far the nearest stand out from the rest.

        certain: whether the product says the whole query.
        """
        if self._doubtful:
            return "weak"
        if certain:
            return "strong"
        if self._fusion.words_alone or self._is_identifier:
            return "weak"
        return self._calibration.strength(self._spread, score)

    @property
    def _is_identifier(self) -> bool:
        """True if the whole query is an identifier: a model that reads words sees nothing in it."""
        words = self._fusion.words
        return len(words) == 1 and words[0] is not None and words[0].exact

    def _found_without(self, name: str) -> Numbers:
        """The rows found with one filter left aside."""
        return _NOTHING.rows if self._nothing else self._found(DEPTH, name)[0].rows


def _check_fields(catalogue: Catalogue, request: RetrievalRequest) -> None:
    """Raises InvalidRequest, naming what may be asked for."""
    fields: Fields = catalogue.products.fields[0]
    facets = [name for name in request.facets if name != EVERY_FACET]
    attributes = (request.filters or Filters()).attributes
    problems = [
        FieldProblem(
            field=f"body.{place}.{name}",
            message=f"{name!r} cannot be {done}; these can: {', '.join(sorted(known))}",
        )
        for place, done, asked, known in (
            ("facets", "counted", facets, {*fields.names, PRICE}),
            ("filters.attributes", "filtered by here", attributes, {*fields.names, GROUP}),
        )
        for name in asked
        if name not in known
    ]
    if problems:
        raise InvalidRequest(problems[0].message, errors=problems)
