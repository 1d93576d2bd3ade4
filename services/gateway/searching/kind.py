"""The category that a picture keeps: "this, but blue" searches blue products of the picture's kind.

The picture's nearest products vote. docs/decisions/0045-picture-and-words.md
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence

from services.common.client import ServiceClient
from services.common.context import own_deadline
from services.common.field_values import LEVEL, is_within
from services.common.problems import DependencyUnavailable, ServiceError
from services.contracts.products import ScoredProduct
from services.contracts.retriever import (
    NO_MATCH_BELOW,
    QueryTerm,
    RetrievalBatchRequest,
    RetrievalBatchResponse,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.search import (
    CATEGORY,
    MAX_FILTER_VALUE_CHARS,
    MAX_SEARCHES_PER_BATCH,
    Filters,
)

logger = logging.getLogger(__name__)

_NEAREST = 10
_SHARE = 0.4
"""Least share of the votes. A product's vote is 1 divided by its rank."""
_MOST_S = 0.5
_AT_ONCE = MAX_SEARCHES_PER_BATCH // 2


async def kept_categories(
    retriever: ServiceClient, searches: Sequence[RetrievalRequest | None]
) -> list[str | None]:
    """The category to search within, for each search. None for None, and after any failure."""
    probes = [None if one is None else _probes(one) for one in searches]
    asked = [pair for pair in probes if pair is not None]
    try:
        answers = [
            answer
            for start in range(0, len(asked), _AT_ONCE)
            for answer in await _answers(retriever, asked[start : start + _AT_ONCE])
        ]
    except ServiceError as error:
        logger.warning("searching without the picture's category", extra={"reason": error.detail})
        return [None] * len(searches)
    found = iter(answers)
    return [None if pair is None else _kept(*next(found)) for pair in probes]


def within(search: RetrievalRequest, category: str) -> RetrievalRequest:
    """The search within this category."""
    filters = (search.filters or Filters()).model_copy(update={"category": [category]})
    return search.model_copy(update={"filters": filters})


def _probes(search: RetrievalRequest) -> tuple[RetrievalRequest, RetrievalRequest] | None:
    """Two searches: by the pictures and products alone, and by the words alone.

    None if there are not both, and if the caller has chosen a category.
    """
    filters = search.filters or Filters()
    if filters.category or CATEGORY in filters.attributes:
        return None
    wanted = [term for term in search.terms if term.weight > 0]
    words = [term for term in wanted if term.vector is not None and term.kind == "words"]
    looks = [term for term in wanted if term.vector is None or term.kind != "words"]
    if not words or not looks:
        return None
    return _probe(search, looks), _probe(search, words)


def _probe(search: RetrievalRequest, terms: list[QueryTerm]) -> RetrievalRequest:
    return RetrievalRequest(
        model=search.model, terms=terms, k=_NEAREST, cutoff="off", mode=search.mode
    )


async def _answers(
    retriever: ServiceClient, pairs: Sequence[tuple[RetrievalRequest, RetrievalRequest]]
) -> list[tuple[RetrievalResponse, RetrievalResponse]]:
    # Shorter than the client's own, so that the breaker is left to the search itself.
    async with own_deadline(min(_MOST_S, retriever.timeout_s / 2), share=1 / 4):
        body = RetrievalBatchRequest(searches=[one for pair in pairs for one in pair])
        answers = (await retriever.post("/search/batch", body, RetrievalBatchResponse)).answers
    if len(answers) != 2 * len(pairs):
        raise DependencyUnavailable("The retriever gave an answer that breaks its contract.")
    return list(zip(answers[::2], answers[1::2], strict=True))


def _kept(looks: RetrievalResponse, words: RetrievalResponse) -> str | None:
    if looks.confidence < NO_MATCH_BELOW:
        return None
    category = _shared(looks.results)
    # "Like this picture, but a handbag": the words say the kind themselves.
    if category is None or any(_names_another(one, category) for one in words.results):
        return None
    return category


def _shared(nearest: Sequence[ScoredProduct]) -> str | None:
    """The deepest category that has enough of the votes, with those below it."""
    votes: defaultdict[str, float] = defaultdict(float)
    for place, product in enumerate(nearest):
        path = product.category.split(LEVEL) if product.category else []
        for depth in range(len(path)):
            votes[LEVEL.join(path[: depth + 1])] += 1 / (place + 1)
    total = sum(1 / (place + 1) for place in range(len(nearest)))
    enough = [
        one
        for one, share in votes.items()
        if share >= _SHARE * total and len(one) <= MAX_FILTER_VALUE_CHARS
    ]
    return max(enough, key=lambda one: (one.count(LEVEL), votes[one]), default=None)


def _names_another(product: ScoredProduct, category: str) -> bool:
    """True if the words are in the product's category, and that is not within this one."""
    own = product.category or ""
    return not is_within(own, category) and any(
        CATEGORY in match.fields for match in product.matched
    )
