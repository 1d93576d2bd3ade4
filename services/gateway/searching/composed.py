"""Searches of any mix of words, pictures and products, one or many in a call. Knows no HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.common.context import note, request_id
from services.common.problems import DependencyUnavailable, InvalidRequest, ModelMismatch
from services.contracts.base import ModalityWeights, ModelId, ProductId
from services.contracts.encoder import (
    MAX_TEXTS_PER_REQUEST,
    EmbeddingsResponse,
    EmbedTextsRequest,
)
from services.contracts.gateway import (
    MAX_CURSOR_CHARACTERS,
    SearchExplanation,
    SearchRequest,
    SearchResponse,
    SearchTerm,
)
from services.contracts.problems import FieldProblem
from services.contracts.retriever import (
    CatalogueInfo,
    Kind,
    QueryTerm,
    RetrievalBatchRequest,
    RetrievalBatchResponse,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.search import Refinements
from services.contracts.vectors import Vector
from services.gateway.metrics import GatewayMetrics
from services.gateway.searching.answered import Answered, Tell
from services.gateway.searching.cursors import Asked, cursor_of, read_cursor
from services.gateway.searching.picture_ids import EncodedPicture, read_picture_id
from services.gateway.searching.refusals import fault, refusals_are_faults
from services.gateway.searching.rewriting import QueryInWords, Rewriting
from services.gateway.searching.services import Services
from services.gateway.searching.timings import Timings
from services.gateway.searching.tokens import BadToken
from services.gateway.settings import GatewaySettings

# What the retriever may find fault with that our caller said in the same words.
_CALLERS_FIELDS = ("body.facets", "body.filters")


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Texts as vectors, of one model; of none where there was no text."""

    model: ModelId | None
    vectors: dict[str, Vector]
    cached: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A search as the retriever is asked, and what there is to tell of how it came about."""

    asked: Asked
    degraded: list[str] = field(default_factory=list)
    cached: frozenset[str] = frozenset()


class ComposedSearch:
    """Turns what is asked for into searches of the retriever, and their answers into ours."""

    def __init__(
        self,
        services: Services,
        settings: GatewaySettings,
        rewriting: Rewriting,
        metrics: GatewayMetrics,
        tell: Tell,
    ) -> None:
        self._services = services
        self._rewriting = rewriting
        self._tell = tell
        self._metrics = metrics

    async def search(
        self, request: SearchRequest, timings: Timings, *, explain: bool = False
    ) -> SearchResponse:
        """Raises InvalidRequest for a bad cursor or picture id, NotFound for a term's product."""
        (prepared,) = await self._prepared([request], timings, explain=explain)
        with timings.stage("search"):
            found = await self._found(prepared.asked)
        return self._answer(prepared, found, timings)

    async def batch(
        self, requests: Sequence[SearchRequest], timings: Timings
    ) -> list[SearchResponse]:
        """All in one call of the encoder and one of the retriever. Raises as `search` does."""
        prepared = await self._prepared(requests, timings, explain=False)
        body = RetrievalBatchRequest(searches=[one.asked.search for one in prepared])
        with timings.stage("search"):
            try:
                found = await self._services.retriever.post(
                    "/search/batch", body, RetrievalBatchResponse
                )
            except InvalidRequest as error:
                raise _told(error, [one.asked for one in prepared]) from error
        if len(found.answers) != len(prepared):
            raise DependencyUnavailable("The retriever gave an answer that breaks its contract.")
        return [
            self._answer(one, answer, timings)
            for one, answer in zip(prepared, found.answers, strict=True)
        ]

    async def similar(
        self, product_id: ProductId, weights: ModalityWeights | None, k: int, timings: Timings
    ) -> SearchResponse:
        """Products like this one, however unlike they are. Raises NotFound, InvalidRequest."""
        term = SearchTerm(product_id=product_id, weights=weights)
        return await self.search(SearchRequest(terms=[term], k=k, cutoff="off"), timings)

    async def _prepared(
        self, requests: Sequence[SearchRequest], timings: Timings, *, explain: bool
    ) -> list[_Prepared]:
        places = [
            "body" if len(requests) == 1 else f"body.searches.{number}"
            for number in range(len(requests))
        ]
        # What can be refused is, before anybody is asked.
        continued = [
            _continued(request, place) for request, place in zip(requests, places, strict=True)
        ]
        pictures = [
            _pictures(request, place) for request, place in zip(requests, places, strict=True)
        ]
        queries = await self._rewritten(requests, timings)
        texts = [
            text
            for request, query in zip(requests, queries, strict=True)
            for text in _texts(request, query)
        ]
        encoded = await self._encoded(list(dict.fromkeys(texts)), timings)
        prepared: list[_Prepared] = []
        for request, query, own, page in zip(requests, queries, pictures, continued, strict=True):
            if page is not None:
                search = page.search.model_copy(update={"explain": explain})
                prepared.append(_Prepared(page.model_copy(update={"search": search})))
                continue
            models = {picture.model for picture in own.values()}
            if _texts(request, query) and encoded.model is not None:
                models.add(encoded.model)
            asked = self._asked(
                request,
                query,
                encoded.vectors,
                own,
                await self._only_model(models),
                explain=explain,
            )
            degraded = query.degraded if query else []
            prepared.append(_Prepared(asked, degraded, encoded.cached))
        return prepared

    async def _rewritten(
        self, requests: Sequence[SearchRequest], timings: Timings
    ) -> list[QueryInWords | None]:
        async def one(request: SearchRequest) -> QueryInWords | None:
            if request.query is None:
                return None
            if not request.rewrite:
                return QueryInWords(request.query, request.query, source=None)
            return await self._rewriting.better(request.query)

        if not any(request.query and request.rewrite for request in requests):
            return [await one(request) for request in requests]
        with timings.stage("rewrite"):
            return list(await asyncio.gather(*map(one, requests)))

    async def _encoded(self, texts: Sequence[str], timings: Timings) -> _Encoded:
        if not texts:
            return _Encoded(None, {}, frozenset())
        parts = [
            texts[start : start + MAX_TEXTS_PER_REQUEST]
            for start in range(0, len(texts), MAX_TEXTS_PER_REQUEST)
        ]
        with timings.stage("encode"), refusals_are_faults("encoder"):
            answers = [
                await self._services.encoder.post(
                    "/embed/texts",
                    EmbedTextsRequest(texts=list(part), encoding_format="base64"),
                    EmbeddingsResponse,
                )
                for part in parts
            ]
        vectors = [vector for answer in answers for vector in answer.embeddings]
        dimension, model = answers[0].dimension, answers[0].model
        known: dict[str, Vector] = {}
        if len(vectors) == len(texts):
            known = {
                text: vector
                for text, vector in zip(texts, vectors, strict=True)
                if vector is not None and len(vector) == dimension
            }
        if len(known) != len(texts) or any(answer.model != model for answer in answers):
            raise DependencyUnavailable("The encoder gave an answer that breaks its contract.")
        cached = (
            part[place]
            for part, answer in zip(parts, answers, strict=True)
            for place in answer.cached
            if place < len(part)
        )
        return _Encoded(model, known, frozenset(cached))

    async def _only_model(self, models: set[ModelId]) -> ModelId:
        """The model of all the vectors; the catalogue's, where only products are sought."""
        if len(models) > 1:
            raise ModelMismatch(
                f"A picture id is of another model than the rest ({', '.join(sorted(models))}); "
                "send the picture again."
            )
        for model in models:
            return model
        return (await self._services.retriever.get("/catalogue", CatalogueInfo)).model

    def _asked(
        self,
        request: SearchRequest,
        query: QueryInWords | None,
        vectors: dict[str, Vector],
        pictures: dict[str, EncodedPicture],
        model: ModelId,
        *,
        explain: bool,
    ) -> Asked:
        terms: list[QueryTerm] = []
        labels: list[str] = []
        if query is not None:
            vector = vectors[query.used]
            terms.append(QueryTerm(vector=vector, text=query.used, weights=request.weights))
            labels.append(query.used)
        for term in request.terms:
            # What nobody said is for the catalogue's ranking to say.
            weights = term.weights or request.weights
            if term.product_id is not None:
                terms.append(
                    QueryTerm(product_id=term.product_id, weights=weights, weight=term.weight)
                )
                labels.append(term.product_id)
                continue
            kind: Kind = "words"
            if term.picture_id is not None:
                vector, label, kind = pictures[term.picture_id].vector, "picture", "picture"
            else:
                vector, label = vectors[term.text or ""], term.text or ""
            terms.append(
                QueryTerm(
                    vector=vector,
                    kind=kind,
                    text=term.text,
                    weights=weights,
                    weight=term.weight,
                )
            )
            labels.append(label)
        refinements = {name: getattr(request, name) for name in Refinements.model_fields}
        return Asked(
            search=RetrievalRequest(
                model=model, terms=terms, k=request.k, explain=explain, **refinements
            ),
            labels=labels,
            original_query=query.original if query else None,
            rewritten_query=query.used if query else None,
            rewrite_source=query.source if query else None,
        )

    async def _found(self, asked: Asked) -> RetrievalResponse:
        try:
            return await self._services.retriever.post("/search", asked.search, RetrievalResponse)
        except InvalidRequest as error:
            raise _told(error, [asked]) from error

    def _answer(
        self, prepared: _Prepared, found: RetrievalResponse, timings: Timings
    ) -> SearchResponse:
        asked, degraded = prepared.asked, prepared.degraded
        note(degraded=degraded)
        for part in degraded:
            self._metrics.degraded.labels(part).inc()
        self._tell(
            Answered(
                asked.search,
                found,
                _words(asked),
                asked.rewrite_source,
                degraded,
                timings.total_ms(),
            )
        )
        explanation = None
        if asked.search.explain:
            explanation = SearchExplanation(
                stages_ms=timings.stages_ms(),
                terms=asked.labels,
                cached=[label for label in asked.labels if label in prepared.cached],
            )
        return SearchResponse(
            original_query=asked.original_query,
            rewritten_query=asked.rewritten_query,
            rewrite_source=asked.rewrite_source,
            results=found.results,
            found=found.found,
            confidence=found.confidence,
            facets=found.facets,
            cursor=None if found.next is None else _cursor(asked, found.next),
            degraded=degraded,
            model=asked.search.model,
            catalogue_version=found.catalogue.version,
            took_ms=timings.total_ms(),
            request_id=request_id.get(),
            explanation=explanation,
        )


def _texts(request: SearchRequest, query: QueryInWords | None) -> list[str]:
    """What of a search is to be encoded."""
    first = [] if query is None else [query.used]
    return first + [term.text for term in request.terms if term.text is not None]


def _words(asked: Asked) -> str | None:
    """All that was sought in words, as the person put it; None where nothing was."""
    parts = []
    # Not strict: a cursor may be forged, and what it holds is not logged.
    for number, (term, label) in enumerate(zip(asked.search.terms, asked.labels, strict=False)):
        if term.vector is None or term.kind != "words":
            continue
        first = number == 0 and asked.original_query is not None
        text = asked.original_query if first else label
        parts.append(f"{text}" if term.weight > 0 else f"-{text}")
    return " + ".join(parts) or None


def _cursor(asked: Asked, after: str) -> str:
    search = asked.search.model_copy(update={"after": after, "explain": False})
    cursor = cursor_of(asked.model_copy(update={"search": search}))
    if len(cursor) > MAX_CURSOR_CHARACTERS:
        raise InvalidRequest("This search is too long to be paged through; exclude or filter less.")
    return cursor


def _continued(request: SearchRequest, place: str) -> Asked | None:
    """The search that a cursor goes on with."""
    if request.cursor is None:
        return None
    try:
        asked = read_cursor(request.cursor)
    except BadToken as error:
        raise _bad_cursor(f"{place}.cursor") from error
    if "k" in request.model_fields_set:
        search = asked.search.model_copy(update={"k": request.k})
        asked = asked.model_copy(update={"search": search})
    return asked


def _bad_cursor(field: str) -> InvalidRequest:
    message = "The cursor is not what an answer gave; search anew."
    return InvalidRequest(message, errors=[FieldProblem(field=field, message=message)])


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
            message = "The picture id is not what an answer gave; send the picture again."
        else:
            if found[term.picture_id].expires_at < time.time():
                message = "The picture id has expired; send the picture again."
        if message is not None:
            field = f"{place}.terms.{number}.picture_id"
            problems.append(FieldProblem(field=field, message=message))
    if problems:
        raise InvalidRequest(problems[0].message, errors=problems)
    return found


def _told(error: InvalidRequest, asked: Sequence[Asked]) -> InvalidRequest | DependencyUnavailable:
    """The retriever's refusal in our caller's terms."""
    fields = [problem.field for problem in error.errors or []]
    if all(field.startswith(_CALLERS_FIELDS) for field in fields):
        return InvalidRequest(error.detail, errors=error.errors)
    # Only a forged cursor can ask for what our own checks would not have let through.
    if any(one.search.after is not None for one in asked):
        return _bad_cursor("body.cursor")
    return fault("retriever", error)
