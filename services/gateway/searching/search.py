"""The one search path: prepare, retrieve, report. `/predict` and `/search` shape its outcome."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.common.context import awaited_change, note
from services.common.problems import DependencyUnavailable, InvalidRequest, ModelMismatch, NotFound
from services.contracts.base import ModelId
from services.contracts.gateway import DEFAULT_K, PredictImageOptions, SearchRequest
from services.contracts.retriever import (
    CHECK_MEANING_HEADER,
    LINES_MEDIA_TYPE,
    QueryTerm,
    RetrievalBatchRequest,
    RetrievalBatchResponse,
    RetrievalRequest,
)
from services.contracts.vectors import Vector
from services.gateway.metrics import GatewayMetrics
from services.gateway.searching.cursors import Asked
from services.gateway.searching.found import Found
from services.gateway.searching.prepare import Preparation, Prepared, bad_cursor
from services.gateway.searching.recent import Recent
from services.gateway.searching.refusals import fault
from services.gateway.searching.reporting import Answered, Report
from services.gateway.searching.rewriting import Rewriting
from services.gateway.searching.services import Services
from services.gateway.searching.timings import Timings

# Fields of the retriever's request that our caller sent in the same words.
_CALLERS_FIELD = re.compile(r"body\.(searches\.\d+\.)?(facets|filters)")

_IN_LINES = {"Accept": LINES_MEDIA_TYPE}
_CHECKED = {**_IN_LINES, CHECK_MEANING_HEADER: "1"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A search, and the retriever's answer to it."""

    prepared: Prepared
    found: Found

    @property
    def asked(self) -> Asked:
        return self.prepared.asked


class Search:
    """Searches through the services, each within the time left of the request's deadline."""

    def __init__(
        self, services: Services, rewriting: Rewriting, metrics: GatewayMetrics, report: Report
    ) -> None:
        self._services = services
        self._rewriting = rewriting
        self._preparation = Preparation(services, rewriting)
        self._recent = Recent()
        self._metrics = metrics
        self._report = report

    async def one(
        self, request: SearchRequest, timings: Timings, *, explain: bool = False
    ) -> Outcome:
        """Raises InvalidRequest for a bad cursor or picture id, NotFound for a term's product, and
        what the encoder or the retriever raises."""
        outcome = None
        for guess in (self._seems_plain(request), False):
            outcome = outcome or await self._remembering(request, timings, explain, plain=guess)
        if outcome is None:
            (prepared,) = await self._preparation.prepared([request], timings, explain=explain)
            outcome = Outcome(prepared, await self._retrieved(prepared, timings))
            self._recent.answered(prepared.asked.search.model)
        return self._reported(outcome, timings)

    async def _remembering(
        self, request: SearchRequest, timings: Timings, explain: bool, *, plain: bool
    ) -> Outcome | None:
        """None if what was remembered belongs to another model or snapshot than the catalogue, or
        if a query that was taken for `plain` is not."""
        recent = self._recent
        asked = request.model_copy(update={"interpret": False}) if plain else request
        try:
            (prepared,) = await self._preparation.prepared(
                [asked], timings, explain=explain, recent=recent
            )
            found = await self._retrieved(prepared, timings, check=plain)
        except ModelMismatch:
            # The request itself may be of another model: a second try without memory decides.
            if not recent.has_vectors:
                raise
            return None
        recent.served(found.head.snapshot)
        if plain and not self._was_plain(request, prepared, found):
            return None
        if prepared.understood_by and prepared.understood_by != found.head.snapshot:
            return None
        return Outcome(prepared, found)

    def _seems_plain(self, request: SearchRequest) -> bool:
        """True if the query is to be searched as written, while the retriever checks that."""
        return (
            request.query is not None
            and request.interpret
            and not request.terms
            and (self._rewriting.disabled or not request.rewrite)
            # One who waits for a change waits for it at `/understand`.
            and awaited_change.get() is None
            and self._recent.seems_plain(request.query)
        )

    def _was_plain(self, request: SearchRequest, prepared: Prepared, found: Found) -> bool:
        query, meaning = request.query, found.head.meaning
        # An older retriever does not check.
        if query is None or meaning is None:
            return False
        # The rewriter may have been switched on just now: that is the meaning of its text.
        if prepared.asked.rewritten_query != query:
            return False
        self._recent.keep_meanings(found.head.snapshot, {query: meaning})
        return meaning.is_just(query)

    async def by_picture(
        self, vector: Vector, model: ModelId, options: PredictImageOptions, timings: Timings
    ) -> Outcome:
        """Products like a picture that is encoded already; only `threshold` omits products."""
        search = RetrievalRequest(
            model=model,
            terms=[QueryTerm(vector=vector, kind="picture")],
            k=options.k or DEFAULT_K,
            threshold=options.threshold,
            cutoff="off",
            group_variants=False,
        )
        prepared = Prepared(Asked(search=search, labels=["picture"]))
        found = await self._retrieved(prepared, timings)
        return self._reported(Outcome(prepared, found), timings)

    async def batch(
        self, requests: Sequence[SearchRequest], timings: Timings, *, report: bool = True
    ) -> list[Outcome]:
        """All in one request to the encoder and one to the retriever. Raises as `one` does.

        report: False for searches that no shopper asked for, such as lookups of identifiers.
        """
        prepared = await self._preparation.prepared(requests, timings, explain=False, batch=True)
        body = RetrievalBatchRequest(searches=[one.asked.search for one in prepared])
        with timings.stage("search"):
            try:
                found = await self._services.retriever.post(
                    "/search/batch", body, RetrievalBatchResponse
                )
            except (InvalidRequest, NotFound) as error:
                raise _refused(error, [one.asked for one in prepared]) from error
        if len(found.answers) != len(prepared):
            raise DependencyUnavailable("The retriever gave an answer that breaks its contract.")
        outcomes = [
            Outcome(one, Found.of(answer))
            for one, answer in zip(prepared, found.answers, strict=True)
        ]
        return [self._reported(one, timings) for one in outcomes] if report else outcomes

    async def _retrieved(
        self, prepared: Prepared, timings: Timings, *, check: bool = False
    ) -> Found:
        """check: whether the retriever is to say what the query means."""
        with timings.stage("search"):
            try:
                return await self._services.retriever.post_and_read(
                    "/search", prepared.asked.search, Found.read, _CHECKED if check else _IN_LINES
                )
            except (InvalidRequest, NotFound) as error:
                raise _refused(error, [prepared.asked]) from error

    def _reported(self, outcome: Outcome, timings: Timings) -> Outcome:
        asked, degraded = outcome.asked, outcome.prepared.degraded
        note(degraded=degraded)
        for part in degraded:
            self._metrics.degraded.labels(part).inc()
        self._report(
            Answered(
                asked.search,
                outcome.found,
                _words(asked),
                asked.rewrite_source,
                degraded,
                timings.total_ms(),
            )
        )
        return outcome


def _words(asked: Asked) -> str | None:
    """All texts of a search as the caller wrote them; None if there were none."""
    parts = []
    # Not strict: a cursor may be forged, and its content is not logged.
    for number, (term, label) in enumerate(zip(asked.search.terms, asked.labels, strict=False)):
        if term.vector is None or term.kind != "words":
            continue
        first = number == 0 and asked.original_query is not None
        text = asked.original_query if first else label
        parts.append(f"{text}" if term.weight > 0 else f"-{text}")
    return " + ".join(parts) or None


def _refused(
    error: InvalidRequest | NotFound, asked: Sequence[Asked]
) -> InvalidRequest | NotFound | DependencyUnavailable:
    """The retriever's refusal in our caller's terms."""
    if isinstance(error, NotFound):
        names_product = any(term.product_id for one in asked for term in one.search.terms)
        return NotFound(error.detail) if names_product else fault("retriever", error)
    fields = [problem.field for problem in error.errors or []]
    # Without fields it is about the whole search, as of a product without a picture by its look.
    if all(map(_CALLERS_FIELD.match, fields)):
        return InvalidRequest(error.detail, errors=error.errors)
    # Only a forged cursor can ask for what our own checks would not have let through.
    if any(one.search.after is not None for one in asked):
        return bad_cursor("body.cursor")
    return fault("retriever", error)
