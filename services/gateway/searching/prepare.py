"""From a caller's search to the retriever's: cursors, picture ids, rewriting, vectors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.common.problems import InvalidRequest, ModelMismatch
from services.contracts.base import ModelId, Snapshot
from services.contracts.gateway import SearchRequest
from services.contracts.problems import FieldProblem
from services.contracts.retriever import Exclusion, Kind, QueryTerm, RetrievalRequest
from services.contracts.search import Refinements
from services.contracts.vectors import Vector
from services.gateway.searching.cursors import Asked, read_cursor
from services.gateway.searching.encoding import encode_texts
from services.gateway.searching.kind import kept_categories, within
from services.gateway.searching.picture_ids import EncodedPicture, read_picture_id
from services.gateway.searching.queries import Queries, QueryToSearch
from services.gateway.searching.recent import Recent
from services.gateway.searching.rewriting import Rewriting
from services.gateway.searching.services import Services
from services.gateway.searching.timings import Timings
from services.gateway.searching.tokens import BadToken
from services.gateway.searching.understanding import with_limits


@dataclass(frozen=True, slots=True)
class Prepared:
    """A search as the retriever is asked, and how it came about."""

    asked: Asked
    degraded: list[str] = field(default_factory=list)
    cached: frozenset[str] = frozenset()
    """Texts whose vectors were in a cache."""
    understood_by: Snapshot = ""
    """The snapshot by which memory understood the query; empty if the retriever was asked."""


class Preparation:
    """Prepares searches, many in one request to the encoder."""

    def __init__(self, services: Services, rewriting: Rewriting) -> None:
        self._services = services
        self._queries = Queries(services.retriever, rewriting)

    async def prepared(
        self,
        requests: Sequence[SearchRequest],
        timings: Timings,
        *,
        explain: bool,
        recent: Recent | None = None,
        batch: bool = False,
    ) -> list[Prepared]:
        """In the order of the requests.

        recent: has what need not be asked, and keeps the rest. batch: whether the caller sent a
        list of searches.

        Raises InvalidRequest for a bad cursor or picture id, ModelMismatch, and what the encoder
        raises.
        """
        places = [f"body.searches.{number}" if batch else "body" for number in range(len(requests))]
        # Refuse what can be refused before any service is asked.
        pages = [_page(request, place) for request, place in zip(requests, places, strict=True)]
        pictures = [
            _pictures(request, place) for request, place in zip(requests, places, strict=True)
        ]
        queries, understood_by = await self._queries.of(requests, timings, recent)
        texts = [
            text
            for request, query in zip(requests, queries, strict=True)
            for text in _texts(request, query)
        ]
        encoded = await encode_texts(
            self._services.encoder, list(dict.fromkeys(texts)), timings, recent
        )
        prepared: list[Prepared] = []
        for request, query, own, page in zip(requests, queries, pictures, pages, strict=True):
            if page is not None:
                search = page.search.model_copy(update={"explain": explain})
                prepared.append(Prepared(page.model_copy(update={"search": search})))
                continue
            models = {picture.model for picture in own.values()}
            if _texts(request, query) and encoded.model is not None:
                models.add(encoded.model)
            asked = _asked(
                request,
                query,
                encoded.vectors,
                own,
                _only_model(models),
                explain=explain,
            )
            degraded = query.degraded if query else []
            prepared.append(Prepared(asked, degraded, encoded.cached, understood_by))
        return await self._within_kinds(requests, prepared, timings)

    async def _within_kinds(
        self, requests: Sequence[SearchRequest], prepared: list[Prepared], timings: Timings
    ) -> list[Prepared]:
        """With words beside a picture, the search is within the picture's category."""
        searches = [
            one.asked.search if request.keep_category and _is_mixed(request) else None
            for request, one in zip(requests, prepared, strict=True)
        ]
        if not any(searches):
            return prepared
        with timings.stage("kind"):
            categories = await kept_categories(self._services.retriever, searches)
        return [
            one if category is None else replace(one, asked=_within_kind(one.asked, category))
            for one, category in zip(prepared, categories, strict=True)
        ]


def _is_mixed(request: SearchRequest) -> bool:
    """True if the first page of words and of something else is wanted."""
    words = request.query is not None or any(term.text is not None for term in request.terms)
    return words and any(term.text is None for term in request.terms)


def _within_kind(asked: Asked, category: str) -> Asked:
    search = within(asked.search, category)
    return asked.model_copy(update={"search": search, "kept_category": category})


def bad_cursor(field: str) -> InvalidRequest:
    message = "Invalid cursor. Start a new search."
    return InvalidRequest(message, errors=[FieldProblem(field=field, message=message)])


def _only_model(models: set[ModelId]) -> ModelId | None:
    """The one model of all the vectors; None if there is no vector."""
    if len(models) > 1:
        names = ", ".join(sorted(models))
        raise ModelMismatch(
            f"The picture id and the rest are of different models: {names}. Send the picture again."
        )
    return next(iter(models), None)


def _asked(
    request: SearchRequest,
    query: QueryToSearch | None,
    vectors: dict[str, Vector],
    pictures: dict[str, EncodedPicture],
    model: ModelId | None,
    *,
    explain: bool,
) -> Asked:
    terms: list[QueryTerm] = []
    labels: list[str] = []
    if query is not None and query.text:
        vector = vectors[query.text]
        terms.append(QueryTerm(vector=vector, text=query.text, weights=request.weights))
        labels.append(query.text)
    for term in request.terms:
        # Without any weights the catalogue's ranking decides.
        weights = term.weights or request.weights
        if term.product_id is not None:
            terms.append(QueryTerm(product_id=term.product_id, weights=weights, weight=term.weight))
            labels.append(term.product_id)
            continue
        kind: Kind = "words"
        if term.picture_id is not None:
            vector, label, kind = pictures[term.picture_id].vector, "picture", "picture"
        else:
            vector, label = vectors[term.text or ""], term.text or ""
        terms.append(
            QueryTerm(vector=vector, kind=kind, text=term.text, weights=weights, weight=term.weight)
        )
        labels.append(label)
    refinements = {name: getattr(request, name) for name in Refinements.model_fields}
    exclusions: list[Exclusion] = []
    if query is not None and query.meant is not None:
        refinements["filters"] = with_limits(request.filters, query.meant)
        exclusions = [Exclusion(text=one, vector=vectors[one]) for one in query.exclusions]
    return Asked(
        search=RetrievalRequest(
            model=model,
            terms=terms,
            exclusions=exclusions,
            k=request.k,
            explain=explain,
            **refinements,
        ),
        labels=labels,
        original_query=query.words.original if query else None,
        rewritten_query=query.words.used if query else None,
        rewrite_source=query.words.source if query else None,
        corrected_query=query.meant.corrected_query if query and query.meant else None,
        understood=query.meant.understood if query and query.meant else [],
    )


def _texts(request: SearchRequest, query: QueryToSearch | None) -> list[str]:
    """The texts of a search that are to be encoded."""
    first = [] if query is None else [one for one in (query.text, *query.exclusions) if one]
    return first + [term.text for term in request.terms if term.text is not None]


def _page(request: SearchRequest, place: str) -> Asked | None:
    """The search that the request's cursor continues."""
    if request.cursor is None:
        return None
    try:
        asked = read_cursor(request.cursor)
    except BadToken as error:
        raise bad_cursor(f"{place}.cursor") from error
    if "k" in request.model_fields_set:
        search = asked.search.model_copy(update={"k": request.k})
        asked = asked.model_copy(update={"search": search})
    return asked


def _pictures(request: SearchRequest, place: str) -> dict[str, EncodedPicture]:
    """The pictures of the terms by their ids."""
    found: dict[str, EncodedPicture] = {}
    problems: list[FieldProblem] = []
    for number, term in enumerate(request.terms):
        if term.picture_id is None:
            continue
        message = None
        try:
            found[term.picture_id] = read_picture_id(term.picture_id)
        except BadToken:
            message = "Invalid picture id. Send the picture again."
        else:
            if found[term.picture_id].expires_at < time.time():
                message = "The picture id has expired. Send the picture again."
        if message is not None:
            field = f"{place}.terms.{number}.picture_id"
            problems.append(FieldProblem(field=field, message=message))
    if problems:
        raise InvalidRequest(problems[0].message, errors=problems)
    return found
