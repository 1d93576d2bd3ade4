"""One search over one catalogue: terms to a query, filters, the cut-off, variants, order, pages."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.common.problems import InvalidRequest, ModelMismatch, NotFound
from services.contracts.base import ModalityWeights
from services.contracts.problems import FieldProblem
from services.contracts.products import ScoredProduct
from services.contracts.ranking import Ranking
from services.contracts.retriever import (
    NO_MATCH_BELOW,
    QueryTerm,
    SearchRequest,
    SearchResponse,
)
from services.contracts.search import (
    CATEGORY,
    DEPTH,
    EVERY_FACET,
    GROUP,
    PRICE,
    Facets,
    FacetValue,
    Filters,
    PriceSpan,
    TermScore,
)
from services.retriever.calibration import Calibration, Spread, TermKind
from services.retriever.catalogue import Catalogue
from services.retriever.faults import UNIT_TOLERANCE
from services.retriever.fields import Fields, Numbers, filtered, levels
from services.retriever.index import NO_HITS, Hits, Passing, Vector, fuse
from services.retriever.words import says, words_of

_NONE_FILTERED = Filters()

_NEAREST = 10
"""Products of a doubtful query that are read for its words: see 0031."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the index is asked."""

    fused: Vector
    """(2·d,) float32, the sum of the terms."""
    terms: list[Vector]
    """(2·d,) float32 each, with the term's balanced weight in it."""
    weights: list[float]
    """The balanced weights; their absolute values add up to 1."""
    halves: list[tuple[float, float]]
    """Of each term, the share of words and of look within it."""
    own: list[str]
    """Products that the query was made of."""
    usual: list[float]
    """Of each term alone, the standard deviation of a usual query's scores."""


Key = tuple[float, float, str]
"""What results stand in order of: a price or 0, the score below 0, the id."""

Scores = NDArray[np.float64]


def search(catalogue: Catalogue, request: SearchRequest) -> SearchResponse:
    """The answer. Raises ModelMismatch, InvalidRequest, NotFound for a term's product."""
    return _Search(catalogue, request).answer()


class _Search:
    def __init__(self, catalogue: Catalogue, request: SearchRequest) -> None:
        self._catalogue = catalogue
        self._request = request
        self._calibration = Calibration(catalogue.ranking.calibration)
        self._filters = request.filters or _NONE_FILTERED
        _check_fields(catalogue, request)
        self._query = _query(catalogue, request)
        self._spread = catalogue.moments.spread(self._query.fused)
        self._hidden = self._hidden_numbers()
        self._nothing = False

    def answer(self) -> SearchResponse:
        request = self._request
        hits = self._found(self._depth())
        confidence = self._confidence(hits)
        self._nothing = request.cutoff == "auto" and confidence < NO_MATCH_BELOW
        if self._nothing:
            hits = NO_HITS
        numbers, scores = self._grouped(hits)
        found = len(numbers)
        if self._depth() < DEPTH and len(hits.rows) == self._depth():
            found = min(DEPTH, self._passing_count())
        order, keys = self._ordered(numbers, scores)
        start = 0 if request.after is None else bisect_right(keys, _key_of(request.after))
        page = order[start : start + request.k]
        last = start + len(page)
        return SearchResponse(
            results=self._products(numbers[page], scores[page]),
            found=found,
            confidence=confidence,
            facets=self._facets(numbers) if request.facets else None,
            next=_after(keys[last - 1]) if page and last < found else None,
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
            and not (request.group_variants and self._has_groups())
        )
        return min(request.k, DEPTH) if alone else DEPTH

    def _has_groups(self) -> bool:
        return any(fields.column(GROUP).values for fields in self._catalogue.products.fields)

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
            self._query.fused, depth, self._least(), self._passing(without)
        )

    def _passing(self, without: str | None = None) -> Passing | None:
        fields = [name for name in filtered(self._filters) if name != without]
        if not fields and not self._hidden:
            return None
        if fields:
            passing = np.concatenate(
                [one.passing(self._filters, without) for one in self._catalogue.products.fields]
            )
        else:
            passing = np.ones(self._catalogue.index.numbers, np.bool_)
        passing[self._hidden] = False
        return passing

    def _passing_count(self) -> int:
        passing = self._passing()
        if passing is None:
            return len(self._catalogue.index)
        return self._catalogue.index.count(passing)

    def _hidden_numbers(self) -> list[int]:
        """Rows that are not to be shown: excluded, or what the query was made of."""
        index, products = self._catalogue.index, self._catalogue.products
        hidden = {index.number_of(product_id) for product_id in self._request.exclude}
        for product_id in self._query.own:
            number = index.number_of(product_id)
            hidden.add(number)
            if number is None or not self._request.group_variants:
                continue
            fields, row = products.place(number)
            group = fields.column(GROUP).of_row(row)
            if group is not None:
                base = 0
                for one in products.fields:
                    of_group = one.column(GROUP).passing([group])
                    hidden.update((np.flatnonzero(of_group) + base).tolist())
                    base += len(of_group)
        return sorted(number for number in hidden if number is not None)

    def _grouped(self, hits: Hits) -> tuple[Numbers, Scores]:
        """The hits, only the best of each group of variants."""
        if not self._request.group_variants or not self._has_groups():
            return hits.rows, hits.scores
        seen: set[str] = set()
        kept: list[int] = []
        for position, number in enumerate(hits.rows.tolist()):
            fields, row = self._catalogue.products.place(number)
            group = fields.column(GROUP).of_row(row)
            if group is None or group not in seen:
                kept.append(position)
            if group is not None:
                seen.add(group)
        return hits.rows[kept], hits.scores[kept]

    def _ordered(self, numbers: Numbers, scores: Scores) -> tuple[list[int], list[Key]]:
        """Positions in the order asked for, and the keys that they stand in."""
        ids = [self._catalogue.index.id_of(number) for number in numbers.tolist()]
        firsts = [0.0] * len(ids)
        if self._request.sort != "relevance":
            sign = 1.0 if self._request.sort == "price_asc" else -1.0
            prices = self._catalogue.products.prices(numbers)
            firsts = [math.inf if math.isnan(price) else sign * price for price in prices.tolist()]
        keys = list(zip(firsts, (-scores).tolist(), ids, strict=True))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return order, [keys[position] for position in order]

    def _confidence(self, hits: Hits) -> float:
        """From the best score over the whole catalogue, whatever the filters leave of it."""
        unfiltered = self._passing() is None and self._request.threshold is None
        if not (unfiltered and len(hits.scores)):
            hits = self._catalogue.index.search(self._query.fused, 1)
        query = self._query
        # Of terms that have nothing to do with one another the variances add up.
        usual = math.hypot(*(w * own for w, own in zip(query.weights, query.usual, strict=True)))
        confidence = self._calibration.confidence(self._spread, usual, _best(hits))
        if confidence < NO_MATCH_BELOW:
            if len(query.terms) > 1:
                confidence = max(confidence, *map(self._confidence_in, range(len(query.terms))))
            elif self._said(0, query.fused):
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
        best = _best(self._catalogue.index.search(alone, 1))
        spread = self._catalogue.moments.spread(alone)
        confidence = self._calibration.confidence(spread, query.usual[number], best)
        if confidence < NO_MATCH_BELOW and self._said(number, alone):
            return NO_MATCH_BELOW
        return confidence

    def _said(self, number: int, alone: Vector) -> bool:
        """Whether a product near to a term says all of its words.

        alone: (2·d,) fused, of the term. A word that many products are equally near to lets none
        of them stand out, and is understood all the same.
        """
        text = self._request.terms[number].text
        asked = words_of(text) if text is not None else frozenset()
        if not asked:
            return False
        nearest = self._catalogue.index.search(alone, _NEAREST)
        products = self._catalogue.products.values(nearest.rows.tolist())
        return any(says(product, asked) for product in products)

    def _products(self, numbers: Numbers, scores: Scores) -> list[ScoredProduct]:
        terms = self._term_scores(numbers) if self._request.explain else [None] * len(numbers)
        return [
            ScoredProduct(
                **values,
                score=score,
                strength=self._calibration.strength(self._spread, score),
                terms=parts,
            )
            for values, score, parts in zip(
                self._catalogue.products.values(numbers.tolist()),
                scores.tolist(),
                terms,
                strict=True,
            )
        ]

    def _term_scores(self, numbers: Numbers) -> list[list[TermScore] | None]:
        if not len(numbers):
            return []
        rows = self._catalogue.index.rows(numbers)
        d = rows.shape[1] // 2
        told: list[list[TermScore] | None] = [[] for _ in numbers]
        for term, weight, halves in zip(
            self._query.terms, self._query.weights, self._query.halves, strict=True
        ):
            parts = np.stack([rows[:, :d] @ term[:d], rows[:, d:] @ term[d:]], axis=1)
            for place, (text, image) in zip(told, parts.tolist(), strict=True):
                assert place is not None  # noqa: S101 - made above
                place.append(
                    TermScore(
                        weight=weight,
                        text=_share(text, weight * halves[0]),
                        image=_share(image, weight * halves[1]),
                        contribution=text + image,
                    )
                )
        return told

    def _facets(self, numbers: Numbers) -> Facets:
        counted: dict[str, list[FacetValue]] = {}
        price: PriceSpan | None = None
        active = filtered(self._filters)
        for name in self._wanted_facets():
            found = numbers
            if name in active:
                hits = NO_HITS if self._nothing else self._found(DEPTH, without=name)
                found, _ = self._grouped(hits)
            if name == PRICE:
                price = self._price_span(found)
            else:
                counted[name] = self._count(name, found)
        return Facets(fields=counted, price=price)

    def _wanted_facets(self) -> list[str]:
        asked = self._request.facets
        if EVERY_FACET in asked:
            asked = [*asked, *self._catalogue.products.fields[0].names, PRICE]
        return [name for name in dict.fromkeys(asked) if name != EVERY_FACET]

    def _count(self, name: str, numbers: Numbers) -> list[FacetValue]:
        counter: Counter[str] = Counter()
        for fields, rows in self._catalogue.products.parts(numbers):
            fields.column(name).count(rows, counter)
        if name == CATEGORY:
            above: Counter[str] = Counter()
            for path, count in counter.items():
                for level in levels(path):
                    above[level] += count
            counter = above
        ranked = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
        return [
            FacetValue(value=value, count=count)
            for value, count in ranked[: self._request.facet_values]
        ]

    def _price_span(self, numbers: Numbers) -> PriceSpan | None:
        prices = self._catalogue.products.prices(numbers)
        known = prices[~np.isnan(prices)]
        if not len(known):
            return None
        return PriceSpan(min=float(known.min()), max=float(known.max()))


def _best(hits: Hits) -> float | None:
    return float(hits.scores[0]) if len(hits.scores) else None


def _share(part: float, weight: float) -> float:
    return 0.0 if weight == 0 else part / weight


def _query(catalogue: Catalogue, request: SearchRequest) -> Query:
    info = catalogue.info
    if request.model != info.model:
        raise ModelMismatch(
            f"The query's vector is of model {request.model!r}, the catalogue's are of "
            f"{info.model!r}; they cannot be compared."
        )
    balances = [_balance(catalogue.ranking, term) for term in request.terms]
    fused = [
        _fused(catalogue, number, term, balance)
        for number, (term, balance) in enumerate(zip(request.terms, balances, strict=True))
    ]
    # Of one term the weight says nothing.
    weights = [term.weight for term in request.terms] if len(fused) > 1 else [1.0]
    if len(fused) > 1:
        spreads: list[Spread] = [catalogue.moments.spread(one) for one in fused]
        weights = [
            weight / spread.deviation for weight, spread in zip(weights, spreads, strict=True)
        ]
    total = sum(abs(weight) for weight in weights)
    weights = [weight / total for weight in weights]
    terms = [one * np.float32(weight) for one, weight in zip(fused, weights, strict=True)]
    halves = [_halves(balance) for balance in balances]
    usual = [
        catalogue.moments.usual_deviation(_kind(term), *of_term)
        for term, of_term in zip(request.terms, halves, strict=True)
    ]
    return Query(
        fused=np.sum(terms, axis=0, dtype=np.float32),
        terms=terms,
        weights=weights,
        halves=halves,
        own=[term.product_id for term in request.terms if term.product_id is not None],
        usual=usual,
    )


def _halves(weights: ModalityWeights) -> tuple[float, float]:
    total = weights.text + weights.image
    return weights.text / total, weights.image / total


def _kind(term: QueryTerm) -> TermKind:
    return "product" if term.product_id is not None else term.kind


def _balance(ranking: Ranking, term: QueryTerm) -> ModalityWeights:
    """The term's own, else what was learned for its kind."""
    if term.weights is not None:
        return term.weights
    if term.product_id is not None:
        return ranking.product
    return ranking.words if term.kind == "words" else ranking.picture


def _fused(catalogue: Catalogue, number: int, term: QueryTerm, balance: ModalityWeights) -> Vector:
    """(2·d,) float32 of one term."""
    if term.vector is not None:
        return fuse(_unit(term.vector, number, catalogue.info.dimension), balance)
    assert term.product_id is not None  # noqa: S101 - the contract says one of the two
    row = catalogue.index.number_of(term.product_id)
    if row is None:
        raise NotFound(f"The catalogue has no product {term.product_id!r}.")
    vectors = catalogue.index.rows(np.array([row], np.intp))[0]
    d = catalogue.info.dimension
    text, image = vectors[:d], vectors[d:]
    if balance.text == 0 and not image.any():
        raise InvalidRequest(
            f"Product {term.product_id!r} has no picture, so nothing can be found by its look."
        )
    of_text, of_image = _halves(balance)
    return np.concatenate([text * np.float32(of_text), image * np.float32(of_image)])


def _unit(values: Sequence[float], number: int, dimension: int) -> Vector:
    """(d,) unit float32. Raises InvalidRequest where it cannot be compared."""
    if len(values) != dimension:
        raise _vector_problem(
            number,
            f"The query's vector has {len(values)} floats, the catalogue's have {dimension}.",
        )
    query = np.asarray(values, np.float32)
    length = float(np.linalg.norm(query))
    if not abs(length - 1) <= UNIT_TOLERANCE:
        raise _vector_problem(
            number, f"The query's vector must be of unit length, not {length:.4g}."
        )
    return query


def _vector_problem(number: int, message: str) -> InvalidRequest:
    return InvalidRequest(
        message, errors=[FieldProblem(field=f"body.terms.{number}.vector", message=message)]
    )


def _check_fields(catalogue: Catalogue, request: SearchRequest) -> None:
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


def _after(key: Key) -> str:
    first, second, product_id = key
    return json.dumps([None if math.isinf(first) else first, second, product_id])


def _key_of(after: str) -> Key:
    """Raises InvalidRequest for what `_after` never wrote."""
    try:
        first, second, product_id = json.loads(after)
        key = (math.inf if first is None else float(first), float(second), str(product_id))
    except (ValueError, TypeError) as error:
        message = "`after` is not what an answer gave as `next`."
        raise InvalidRequest(
            message, errors=[FieldProblem(field="body.after", message=message)]
        ) from error
    return key
