"""The services behind the gateway as small apps that keep the contracts, and may be broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, FastAPI, Form, Header, UploadFile

from services.common.app import create_service_app
from services.common.metrics import Metrics
from services.common.problems import ModelMismatch, NotFound, ServiceError
from services.common.settings import ServiceSettings
from services.contracts.encoder import (
    Crop,
    EmbeddingsResponse,
    EmbedTextsRequest,
    ItemProblem,
    RegionsResponse,
)
from services.contracts.health import Dependency
from services.contracts.limits import QueryLimit
from services.contracts.products import Product, ScoredProduct
from services.contracts.retriever import (
    CHECK_MEANING_HEADER,
    CatalogueInfo,
    RetrievalBatchRequest,
    RetrievalBatchResponse,
    RetrievalRequest,
    RetrievalResponse,
)
from services.contracts.rewriter import (
    RewriteRequest,
    RewriteResponse,
    RewriteSource,
    RewrittenQuery,
)
from services.contracts.suggestions import SuggestedProduct, Suggestion, Suggestions
from services.contracts.understanding import (
    UnderstandRequest,
    UnderstandResponse,
    UnderstoodQuery,
)

MODEL = "test-clip@1"
CATALOGUE = CatalogueInfo(version="v1", model=MODEL, dimension=2, products=1)

JPEG = b"\xff\xd8\xff\xe0 a picture"
PNG = b"\x89PNG\r\n\x1a\n a picture"
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 a picture"
AVIF = b"\x00\x00\x00\x20ftypavif another picture"
DAMAGED_JPEG = b"\xff\xd8\xff\xe0 damaged"

PATIENT: dict[str, Any] = dict.fromkeys(
    (
        "deadline_ms",
        "encoder_timeout_ms",
        "retriever_timeout_ms",
        "rewriter_timeout_ms",
        "writer_timeout_ms",
    ),
    120_000,
)
"""Settings of a gateway on a busy machine, which is no failure. Tests of time set their own."""

Fault = Callable[[httpx.Request], Awaitable[httpx.Response]]


@dataclass
class Reachable(httpx.AsyncBaseTransport):
    """The way to one service, which a test may break."""

    make_app: Callable[[], FastAPI]
    """Called at the first request: most tests of refusals need no service behind the gateway."""
    fault: Fault | None = None
    fault_of: dict[str, Fault] = field(default_factory=dict)
    """Faults of single paths."""
    requests: list[httpx.Request] = field(default_factory=list)

    @cached_property
    def app(self) -> FastAPI:
        return self.make_app()

    @cached_property
    def _inner(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(self.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if (fault := self.fault_of.get(request.url.path, self.fault)) is not None:
            return await fault(request)
        return await self._inner.handle_async_request(request)


async def dead(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


async def frozen(request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(60)
    raise AssertionError("nobody waits this long")


def answering(status: int, content: bytes, media_type: str = "application/json") -> Fault:
    """A service gone mad in one certain way."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            status, content=content, headers={"Content-Type": media_type}, request=request
        )

    return answer


def _service(name: str, router: APIRouter, state: dict[str, Dependency]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    async def dependencies() -> dict[str, Dependency]:
        return state

    return create_service_app(
        name=name,
        description="",
        settings=ServiceSettings(),
        metrics=Metrics(name),
        lifespan=lifespan,
        routers=[router],
        dependencies=dependencies,
        max_body_bytes=20_000_000,
    )


@dataclass
class Stack:
    """The gateway's client, and the services behind it.

    A text "… 17" becomes a vector that the retriever reads 17 from, so that every answer shows
    whose question it belongs to.
    """

    rewriter: Reachable = field(init=False)
    encoder: Reachable = field(init=False)
    retriever: Reachable = field(init=False)
    http: httpx.AsyncClient = field(init=False)
    app: FastAPI = field(init=False)
    source: RewriteSource = "gemini"
    slow_s: float = 0.0
    may_encode: asyncio.Event | None = None
    """Texts are encoded once it is set; None: at once."""
    encoder_state: dict[str, Dependency] = field(default_factory=dict)
    retriever_state: dict[str, Dependency] = field(default_factory=dict)
    searched: list[RetrievalRequest] = field(default_factory=list)
    suggested: list[tuple[str, int]] = field(default_factory=list)
    encoded: list[str] = field(default_factory=list)
    to_understand: list[list[str]] = field(default_factory=list)
    meant: dict[str, UnderstoodQuery] = field(default_factory=dict)
    """The queries that the retriever understands; any other is searched as written."""
    proposed: list[QueryLimit] = field(default_factory=list)
    """Limits that Gemini reads in every query."""
    compared: list[RewrittenQuery] = field(default_factory=list)
    """What the retriever was given to compare with a query's own words."""
    kept: set[str] = field(default_factory=set)
    crops: list[str | None] = field(default_factory=list)
    regions: list[Crop] = field(default_factory=list)
    refusal: ServiceError | None = None
    confidence: float = 0.9
    products: Callable[[RetrievalRequest], list[ScoredProduct]] | None = None
    """The retriever's products for a request; by default one that shows whose answer it is."""
    checked: list[str] = field(default_factory=list)
    """Texts whose meaning the retriever was asked for with the search."""
    checks: bool = True
    """False for an older retriever, which does not know the question."""
    snapshot: str = ""
    """Names the state of the catalogue; empty, the gateway asks for every meaning."""
    model: str = MODEL
    """The model of the encoder."""
    served: str | None = None
    """The model of the catalogue, if the retriever refuses others."""

    def __post_init__(self) -> None:
        self.rewriter = Reachable(lambda: _service("rewriter", self._rewriter(), {}))
        self.encoder = Reachable(lambda: _service("encoder", self._encoder(), self.encoder_state))
        self.retriever = Reachable(
            lambda: _service("retriever", self._retriever(), self.retriever_state)
        )

    @property
    def transports(self) -> dict[str, Reachable]:
        return {"rewriter": self.rewriter, "encoder": self.encoder, "retriever": self.retriever}

    async def predict(self, **body: Any) -> httpx.Response:  # noqa: ANN401
        return await self.http.post("/predict", json=body)

    def _compared(self, proposed: RewrittenQuery) -> UnderstoodQuery:
        own = self.meant.get(proposed.query, UnderstoodQuery(text=proposed.query))
        text = proposed.rewritten_query
        again = self.meant.get(text, UnderstoodQuery(text=text))
        return own.model_copy(update={"text": again.text})

    def _rewriter(self) -> APIRouter:
        router = APIRouter()

        @router.post("/rewrite")
        async def rewrite(request: RewriteRequest) -> RewriteResponse:
            better = f"better {request.query}" if self.source == "gemini" else request.query
            return RewriteResponse(
                query=request.query,
                rewritten_query=better,
                understood=self.proposed,
                source=self.source,
                latency_ms=1,
            )

        return router

    def _encoder(self) -> APIRouter:
        router = APIRouter()

        @router.post("/embed/texts")
        async def texts(request: EmbedTextsRequest) -> EmbeddingsResponse:
            self.encoded.extend(request.texts)
            values = [_number_in(text) for text in request.texts]
            if self.may_encode is not None:
                await self.may_encode.wait()
            await asyncio.sleep(self.slow_s * (values[0] % 3))
            return EmbeddingsResponse(
                model=self.model,
                dimension=2,
                embeddings=[[value, 1.0] for value in values],
                cached=[place for place, text in enumerate(request.texts) if text in self.kept],
            )

        @router.post("/embed/images")
        async def images(
            images: list[UploadFile], crops: Annotated[str | None, Form()] = None
        ) -> EmbeddingsResponse:
            (image,) = images
            self.crops.append(crops)
            data = await image.read()
            if data == DAMAGED_JPEG:
                problem = ItemProblem(
                    index=0, type="/problems/unreadable-image", detail="It ends too early."
                )
                return EmbeddingsResponse(
                    model=MODEL, dimension=2, embeddings=[None], errors=[problem]
                )
            return EmbeddingsResponse(
                model=MODEL, dimension=2, embeddings=[[float(len(data)), 1.0]]
            )

        @router.post("/regions")
        async def regions(image: UploadFile) -> RegionsResponse:
            await image.read()
            return RegionsResponse(regions=self.regions)

        return router

    def _retriever(self) -> APIRouter:
        router = APIRouter()

        @router.post("/understand")
        async def understand(request: UnderstandRequest) -> UnderstandResponse:
            if request.queries:
                self.to_understand.append(request.queries)
            self.compared.extend(request.rewritten)
            return UnderstandResponse(
                queries=[
                    self.meant.get(query, UnderstoodQuery(text=query)) for query in request.queries
                ],
                rewritten=[self._compared(one) for one in request.rewritten],
                snapshot=self.snapshot,
            )

        @router.post("/search")
        async def search(
            request: RetrievalRequest,
            check: Annotated[str | None, Header(alias=CHECK_MEANING_HEADER)] = None,
        ) -> RetrievalResponse:
            text = next(iter(request.texts), "")
            meaning = self.meant.get(text, UnderstoodQuery(text=text))
            if check is None or not self.checks:
                return found(request)
            self.checked.append(text)
            answer = found(request)
            if not meaning.is_just(text):
                answer = answer.model_copy(update={"results": [], "found": 0, "confidence": 0})
            return answer.model_copy(update={"meaning": meaning})

        def found(request: RetrievalRequest) -> RetrievalResponse:
            self.searched.append(request)
            if self.refusal is not None:
                raise self.refusal
            if self.served is not None and request.model not in (None, self.served):
                raise ModelMismatch(f"The catalogue is of {self.served}, not {request.model}.")
            vector = request.terms[0].vector if request.terms else None
            product = ScoredProduct(
                product_id=f"product-{vector[0]:.0f}" if vector else "product-0",
                title="A thing",
                score=0.5,
                strength="strong",
            )
            return RetrievalResponse(
                results=[product] if self.products is None else self.products(request),
                found=2,
                confidence=self.confidence,
                # Two pages, so that a test can ask for the second.
                next="the next" if request.after is None else None,
                catalogue=CATALOGUE,
                snapshot=self.snapshot,
            )

        @router.post("/search/batch")
        async def batch(request: RetrievalBatchRequest) -> RetrievalBatchResponse:
            return RetrievalBatchResponse(answers=[found(one) for one in request.searches])

        @router.get("/catalogue")
        async def catalogue() -> CatalogueInfo:
            return CATALOGUE

        @router.get("/suggest")
        async def suggest(q: str, limit: int) -> Suggestions:
            self.suggested.append((q, limit))
            if self.refusal is not None:
                raise self.refusal
            found = [Suggestion(text=f"{q} mug", kind="title", products=2)]
            products = [SuggestedProduct(product_id="product-0", title="A thing")]
            return Suggestions(suggestions=found[:limit], products=products)

        @router.get("/products/{product_id:path}")
        async def product(product_id: str) -> Product:
            if product_id == "missing":
                raise NotFound("There is no product 'missing'.")
            return Product(product_id=product_id, title="A thing")

        return router


def _number_in(text: str) -> float:
    number = text.split()[-1]
    return float(number) if number.isascii() and number.isdigit() else 0.0


def assert_problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The response is a whole problem document of this kind; returns it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == f"/problems/{slug}"
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["instance"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return problem
