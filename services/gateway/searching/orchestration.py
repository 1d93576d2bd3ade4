"""From a question to an answer: rewrite, encode, search. Knows nothing of HTTP or forms."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import quote

from services.common.context import note, request_id
from services.common.problems import DependencyUnavailable, UnreadableImage
from services.contracts.base import ModelId
from services.contracts.encoder import Crop, EmbeddingsResponse, EmbedTextsRequest
from services.contracts.gateway import (
    DEFAULT_K,
    PictureOptions,
    PictureResponse,
    PredictImageOptions,
    PredictRequest,
    PredictResponse,
)
from services.contracts.products import Product
from services.contracts.retriever import QueryTerm, RetrievalRequest, RetrievalResponse
from services.contracts.vectors import Vector
from services.gateway.metrics import GatewayMetrics
from services.gateway.searching.answered import Answered, Tell
from services.gateway.searching.picture_ids import EncodedPicture, picture_id
from services.gateway.searching.refusals import refusals_are_faults
from services.gateway.searching.rewriting import QueryInWords, Rewriting
from services.gateway.searching.services import Services
from services.gateway.searching.timings import Timings
from services.gateway.settings import GatewaySettings


class Orchestrator:
    """Answers questions by asking the services, each within what is left of the deadline."""

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
        self._picture_ttl_s = settings.picture_ttl_s

    async def search_by_text(self, request: PredictRequest, timings: Timings) -> PredictResponse:
        """Products like these words. Raises what the encoder or the retriever raises."""
        query = QueryInWords(request.query, request.query, source=None)
        if request.rewrite:
            with timings.stage("rewrite"):
                query = await self._rewriting.better(request.query)
        with timings.stage("encode"), refusals_are_faults("encoder"):
            embeddings = await self._services.encoder.post(
                "/embed/texts",
                EmbedTextsRequest(texts=[query.used], encoding_format="base64"),
                EmbeddingsResponse,
            )
        with timings.stage("search"):
            search = _one_term(
                QueryTerm(
                    vector=_only_vector(embeddings), text=query.used, weights=request.weights
                ),
                embeddings.model,
                request.k,
                request.threshold,
            )
            found = await self._found(search)
        note(degraded=query.degraded)
        for part in query.degraded:
            self._metrics.degraded.labels(part).inc()
        self._tell(
            Answered(
                search, found, query.original, query.source, query.degraded, timings.total_ms()
            )
        )
        return PredictResponse(
            original_query=query.original,
            rewritten_query=query.used,
            rewrite_source=query.source,
            results=found.results,
            confidence=found.confidence,
            degraded=query.degraded,
            model=embeddings.model,
            catalogue_version=found.catalogue.version,
            took_ms=timings.total_ms(),
            request_id=request_id.get(),
        )

    async def search_by_image(
        self, image: bytes, options: PredictImageOptions, timings: Timings
    ) -> PredictResponse:
        """Products that look like this picture. Raises UnreadableImage where it is none."""
        embeddings = await self._encoded_image(image, options.crop, timings)
        with timings.stage("search"):
            search = _one_term(
                QueryTerm(vector=_only_vector(embeddings), kind="picture"),
                embeddings.model,
                options.k or DEFAULT_K,
                options.threshold,
            )
            found = await self._found(search)
        self._tell(Answered(search, found, None, None, [], timings.total_ms()))
        return PredictResponse(
            original_query=None,
            rewritten_query=None,
            rewrite_source=None,
            results=found.results,
            confidence=found.confidence,
            model=embeddings.model,
            catalogue_version=found.catalogue.version,
            took_ms=timings.total_ms(),
            request_id=request_id.get(),
        )

    async def picture(
        self, image: bytes, options: PictureOptions, timings: Timings
    ) -> PictureResponse:
        """An id that stands for the picture in searches. Raises UnreadableImage."""
        embeddings = await self._encoded_image(image, options.crop, timings)
        expires_at = int(time.time()) + self._picture_ttl_s
        encoded = EncodedPicture(_only_vector(embeddings), embeddings.model, expires_at)
        return PictureResponse(
            picture_id=picture_id(encoded),
            expires_at=datetime.fromtimestamp(expires_at, UTC),
            model=embeddings.model,
            request_id=request_id.get(),
        )

    async def product(self, product_id: str) -> Product:
        """One product. Raises NotFound."""
        # A dot is quoted too: httpx resolves `..` in a path, which would ask for something else.
        quoted = quote(product_id, safe="").replace(".", "%2E")
        return await self._services.retriever.get(f"/products/{quoted}", Product)

    async def _encoded_image(
        self, image: bytes, crop: Crop | None, timings: Timings
    ) -> EmbeddingsResponse:
        fields = {"encoding_format": "base64"}
        if crop is not None:
            fields["crops"] = f"[{crop.model_dump_json()}]"
        with timings.stage("encode"), refusals_are_faults("encoder"):
            embeddings = await self._services.encoder.post_files(
                "/embed/images", "images", [image], EmbeddingsResponse, fields=fields
            )
        if embeddings.errors:
            raise UnreadableImage(embeddings.errors[0].detail)
        return embeddings

    async def _found(self, search: RetrievalRequest) -> RetrievalResponse:
        with refusals_are_faults("retriever"):
            return await self._services.retriever.post("/search", search, RetrievalResponse)


def _one_term(term: QueryTerm, model: ModelId, k: int, threshold: float | None) -> RetrievalRequest:
    return RetrievalRequest(
        model=model,
        terms=[term],
        k=k,
        threshold=threshold,
        # As asked for: no product is left out but by the caller's own threshold.
        cutoff="off",
        group_variants=False,
    )


def _only_vector(embeddings: EmbeddingsResponse) -> Vector:
    """The vector of the one thing that was encoded."""
    match embeddings.embeddings:
        case [vector] if vector is not None and len(vector) == embeddings.dimension:
            return vector
    raise DependencyUnavailable("The encoder gave an answer that breaks its contract.")
