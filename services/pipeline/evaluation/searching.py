"""Rankings by the retriever service, so that what is measured is what serves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.common.client import ServiceClient
from services.common.problems import ServiceError
from services.contracts.base import ModalityWeights
from services.contracts.retriever import (
    MAX_K,
    CatalogueInfo,
    Exclusion,
    Kind,
    QueryTerm,
    RetrievalBatchRequest,
    RetrievalBatchResponse,
    RetrievalRequest,
)
from services.contracts.search import CutOff, Filters, Mode
from services.contracts.understanding import (
    UnderstandRequest,
    UnderstandResponse,
    UnderstoodQuery,
)
from services.pipeline.encoding.batches import Vectors, embed_texts
from services.pipeline.errors import DependencyAway
from services.pipeline.settings import PipelineSettings

_SEARCHES_A_REQUEST = 16
_REQUESTS_IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to search."""

    name: str
    weights: ModalityWeights | None = None
    """None: those of the ranking in force."""
    cutoff: CutOff = "off"
    mode: Mode = "hybrid"


@dataclass(slots=True)
class Answer:
    """The result of one query."""

    products: list[str] = field(default_factory=list)
    """Best first."""
    scores: list[float] = field(default_factory=list)
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries with their vectors, as a gateway asks them."""

    vectors: Vectors
    meant: Sequence[UnderstoodQuery] | None = None
    """The texts as the retriever understood them; None if they are searched as written."""
    excluded: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Vectors of the excluded texts."""

    def request(self, row: int, kind: Kind, setup: Setup, depth: int | None) -> RetrievalRequest:
        """The search for one row, without a cursor."""
        vectors, meant = self.vectors, self.meant[row] if self.meant else None
        text = None if vectors.texts is None else vectors.texts[row]
        term = QueryTerm(
            vector=vectors.rows[row].tolist(), kind=kind, text=text, weights=setup.weights
        )
        limits = Filters(price=meant.price, in_stock=meant.in_stock) if meant else None
        return RetrievalRequest(
            model=vectors.model,
            terms=[] if meant and not meant.text else [term],
            filters=limits if limits != Filters() else None,
            exclusions=[
                Exclusion(text=one, vector=list(self.excluded[one]))
                for one in (meant.exclusions if meant else ())
            ],
            k=min(MAX_K, depth or MAX_K),
            cutoff=setup.cutoff,
            mode=setup.mode,
            # Each product is judged, whatever it is a variant of.
            group_variants=False,
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """Attributes that figures are grouped by."""

    category: str
    price: float | None


class Retriever:
    """Searches one catalogue version. Its calls block.

    They raise DependencyAway when the retriever stays away or refuses, or its catalogue changes.
    """

    def __init__(self, settings: PipelineSettings) -> None:
        self._settings = settings
        self.catalogue: CatalogueInfo | None = None
        """The catalogue that answered; None before the first search."""
        self.facts: dict[str, Facts] = {}
        """Facts of every product that a search has found."""

    def understand(self, texts: Sequence[str]) -> list[UnderstoodQuery]:
        """Each text as understood: corrected, and with its limits."""
        return asyncio.run(self._understand(texts)) if texts else []

    def search(
        self, queries: Asked, kind: Kind, setup: Setup, depth: int | None = None
    ) -> list[Answer]:
        """One answer a row. depth: products a query at most; None, all that a search looks at."""
        answers = [Answer() for _ in queries.vectors.rows]
        try:
            asyncio.run(self._search(queries, kind, setup, depth, answers))
        except ExceptionGroup as errors:
            first = errors.exceptions[0]
            if isinstance(first, ServiceError):
                raise self._away(first) from first
            raise first from None
        return answers

    async def _search(
        self,
        queries: Asked,
        kind: Kind,
        setup: Setup,
        depth: int | None,
        answers: Sequence[Answer],
    ) -> None:
        slots = asyncio.Semaphore(_REQUESTS_IN_FLIGHT)

        def request(row: int, after: str | None) -> RetrievalRequest:
            whole = queries.request(row, kind, setup, depth)
            return whole.model_copy(update={"after": after})

        async def pages(service: ServiceClient, rows: Sequence[int]) -> None:
            places: dict[int, str | None] = dict.fromkeys(rows)
            async with slots:
                while places:
                    body = RetrievalBatchRequest(searches=[request(*one) for one in places.items()])
                    found = await service.post("/search/batch", body, RetrievalBatchResponse)
                    places = self._take(found, list(places), depth, answers)

        async with (
            self._client() as service,
            asyncio.TaskGroup() as group,
        ):
            for rows in _batches(len(answers)):
                group.create_task(pages(service, rows))

    async def _understand(self, texts: Sequence[str]) -> list[UnderstoodQuery]:
        found: list[UnderstoodQuery] = []
        async with self._client() as service:
            for rows in _batches(len(texts)):
                body = UnderstandRequest(queries=[texts[row] for row in rows])
                try:
                    answer = await service.post("/understand", body, UnderstandResponse)
                except ServiceError as error:
                    raise self._away(error) from error
                found += answer.queries
        return found

    def _away(self, error: ServiceError) -> DependencyAway:
        url = self._settings.retriever_url
        return DependencyAway(f"the retriever, {url} (PIPELINE_RETRIEVER_URL): {error.detail}")

    def _client(self) -> ServiceClient:
        return ServiceClient(
            "retriever",
            self._settings.retriever_url,
            timeout_s=self._settings.retriever_timeout_s,
        )

    def _take(
        self,
        found: RetrievalBatchResponse,
        rows: Sequence[int],
        depth: int | None,
        answers: Sequence[Answer],
    ) -> dict[int, str | None]:
        """Put what was found to the answers; returns where those that have more go on."""
        more: dict[int, str | None] = {}
        for row, one in zip(rows, found.answers, strict=True):
            self.catalogue = self.catalogue or one.catalogue
            if one.catalogue != self.catalogue:
                raise DependencyAway("the catalogue changed meanwhile; run this again")
            answer = answers[row]
            answer.confidence = one.confidence
            for product in one.results:
                answer.products.append(product.product_id)
                answer.scores.append(product.score)
                self.facts[product.product_id] = Facts(product.category or "", product.price)
            if one.next is not None and (depth is None or len(answer.products) < depth):
                more[row] = one.next
        return more


def as_understood(texts: Sequence[str], retriever: Retriever, settings: PipelineSettings) -> Asked:
    """The texts as the retriever understands them, with their vectors: as a gateway asks."""
    meant = retriever.understand(texts)
    # A query without text has no vector.
    vectors = embed_texts([one.text or "-" for one in meant], settings)
    excluded = list(dict.fromkeys(text for one in meant for text in one.exclusions))
    rows = embed_texts(excluded, settings).rows.tolist() if excluded else []
    return Asked(vectors, meant, dict(zip(excluded, rows, strict=True)))


def _batches(count: int) -> Iterator[range]:
    for start in range(0, count, _SEARCHES_A_REQUEST):
        yield range(start, min(start + _SEARCHES_A_REQUEST, count))
