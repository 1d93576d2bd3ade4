"""Texts and pictures to vectors, by the encoder service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.common.client import ServiceClient
from services.common.problems import DependencyUnavailable, UnreadableImage
from services.contracts.base import ModelId
from services.contracts.encoder import (
    MAX_TEXTS_PER_REQUEST,
    Crop,
    EmbeddingsResponse,
    EmbedTextsRequest,
    RegionsResponse,
)
from services.contracts.vectors import Vector
from services.gateway.searching.recent import Recent
from services.gateway.searching.refusals import refusals_are_faults
from services.gateway.searching.timings import Timings

_BROKEN = "The encoder gave an answer that breaks its contract."


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Texts as vectors of one model; no model if there was no text."""

    model: ModelId | None
    vectors: dict[str, Vector]
    cached: frozenset[str]


async def encode_texts(
    encoder: ServiceClient, texts: Sequence[str], timings: Timings, recent: Recent | None = None
) -> EncodedTexts:
    """One vector for each text. Raises what the encoder raises.

    recent: has the vectors that need not be computed, and keeps the others.
    """
    if not texts:
        return EncodedTexts(None, {}, frozenset())
    remembered = recent.vectors(texts) if recent is not None else None
    if recent is not None and remembered is not None:
        return EncodedTexts(recent.model, remembered, frozenset(texts))
    parts = [
        list(texts[start : start + MAX_TEXTS_PER_REQUEST])
        for start in range(0, len(texts), MAX_TEXTS_PER_REQUEST)
    ]
    with timings.stage("encode"), refusals_are_faults("encoder"):
        answers = [
            await encoder.post(
                "/embed/texts",
                EmbedTextsRequest(texts=part, encoding_format="base64"),
                EmbeddingsResponse,
            )
            for part in parts
        ]
    model, cached = answers[0].model, set[str]()
    vectors: dict[str, Vector] = {}
    for part, answer in zip(parts, answers, strict=True):
        if answer.model != model or len(answer.embeddings) != len(part):
            raise DependencyUnavailable(_BROKEN)
        for text, vector in zip(part, answer.embeddings, strict=True):
            if vector is None or len(vector) != answers[0].dimension:
                raise DependencyUnavailable(_BROKEN)
            vectors[text] = vector
        cached.update(part[place] for place in answer.cached if place < len(part))
    if recent is not None:
        recent.keep_vectors(model, vectors)
    return EncodedTexts(model, vectors, frozenset(cached))


async def encode_picture(
    encoder: ServiceClient, image: bytes, crop: Crop | None, timings: Timings
) -> tuple[Vector, ModelId]:
    """The picture's vector, or that of its crop. Raises UnreadableImage."""
    fields = {"encoding_format": "base64"}
    if crop is not None:
        fields["crops"] = f"[{crop.model_dump_json()}]"
    with timings.stage("encode"), refusals_are_faults("encoder"):
        answer = await encoder.post_files(
            "/embed/images", "images", [image], EmbeddingsResponse, fields=fields
        )
    if answer.errors:
        raise UnreadableImage(answer.errors[0].detail)
    match answer.embeddings:
        case [vector] if vector is not None and len(vector) == answer.dimension:
            return vector, answer.model
    raise DependencyUnavailable(_BROKEN)


async def find_regions(encoder: ServiceClient, image: bytes, timings: Timings) -> list[Crop]:
    """The parts of a picture that are worth a search of their own. Raises UnreadableImage."""
    with timings.stage("regions"), refusals_are_faults("encoder"):
        answer = await encoder.post_files("/regions", "image", [image], RegionsResponse)
    return answer.regions
