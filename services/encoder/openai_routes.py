"""Embeddings in the format of OpenAI's API, for programs that speak it already."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from array import array
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from services.common.problems import (
    DeadlineExceeded,
    InvalidRequest,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    RequestTimeout,
    ServiceError,
    UnreadableImage,
    problem_responses,
)
from services.contracts.encoder import (
    MAX_IMAGES_PER_REQUEST,
    MAX_TEXT_CHARACTERS,
    MAX_TEXTS_PER_REQUEST,
)
from services.contracts.openai import (
    MAX_INPUTS,
    OpenAIEmbedding,
    OpenAIEmbeddings,
    OpenAIEmbeddingsRequest,
    OpenAIError,
    OpenAIModel,
    OpenAIModels,
    OpenAIProblem,
    OpenAIUsage,
)
from services.contracts.problems import FieldProblem, Problem
from services.encoder.connected import while_connected
from services.encoder.outcome import UnitVector
from services.encoder.routes import State
from services.encoder.service import Encoder, Picture

PREFIX = "/v1"

router = APIRouter(prefix=PREFIX, tags=["openai"])

_DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)


def openai_problem(error: ServiceError, document: Problem) -> OpenAIProblem:
    """The problem document of an error below `PREFIX`, with the member that OpenAI's clients read.

    They show its message and nothing else, so it has the reasons of the fields too.
    """
    fields = document.errors or []
    reasons = [f"{one.field}: {one.message}." for one in fields if one.message != error.detail]
    shown = OpenAIError(
        message=" ".join([error.detail, *reasons[:3]]),
        type=document.type,
        param=fields[0].field.removeprefix("body.") if fields else None,
        code=error.slug,
    )
    return OpenAIProblem(**document.model_dump(exclude_none=True), error=shown)


def _errors(*kinds: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """As `problem_responses`, in this protocol's shape."""
    responses = problem_responses(*kinds)
    for response in responses.values():
        del response["content"]
        response["model"] = OpenAIProblem
    return responses


@router.get("/models", summary="The model, as OpenAI lists models", responses=_errors(NotReady))
async def models(state: State) -> OpenAIModels:
    return OpenAIModels(data=[OpenAIModel(id=state.encoder.info.model_id)])


@router.post(
    "/embeddings",
    summary="Unit vectors of texts or pictures, in OpenAI's format",
    response_model=OpenAIEmbeddings,
    responses=_errors(
        InvalidRequest,
        UnreadableImage,
        RequestTimeout,
        PayloadTooLarge,
        Overloaded,
        NotReady,
        DeadlineExceeded,
    ),
)
async def embeddings(body: OpenAIEmbeddingsRequest, state: State, request: Request) -> Response:
    return await while_connected(request, _embeddings(body, state.encoder))


async def _embeddings(body: OpenAIEmbeddingsRequest, encoder: Encoder) -> Response:
    inputs = [body.input] if isinstance(body.input, str) else body.input
    _check(body, inputs, encoder)
    tokens = 0
    if body.modality == "image":
        # In a thread: 10 MB of base64 take 45 ms.
        pictures = await asyncio.to_thread(lambda: [_picture(uri) for uri in inputs])
        vectors = await _picture_vectors(encoder, pictures)
    else:
        vectors = await _text_vectors(encoder, inputs)
        tokens = await encoder.count_tokens(inputs)
    # Without validation: the values are ours.
    answer = OpenAIEmbeddings.model_construct(
        data=[
            OpenAIEmbedding.model_construct(
                index=index,
                embedding=array("f", vector.tobytes())
                if body.encoding_format == "base64"
                else vector.tolist(),
            )
            for index, vector in enumerate(vectors)
        ],
        model=encoder.info.model_id,
        usage=OpenAIUsage(prompt_tokens=tokens, total_tokens=tokens),
    )
    return Response(answer.model_dump_json().encode(), media_type="application/json")


def _check(body: OpenAIEmbeddingsRequest, inputs: Sequence[str], encoder: Encoder) -> None:
    """Raises InvalidRequest for what the schema cannot say."""
    info = encoder.info
    if body.model not in (info.model_id, info.model_id.rpartition("@")[0]):
        raise _invalid("model", f"This encoder has the model {info.model_id!r} only.")
    if body.dimensions not in (None, info.dimension):
        raise _invalid("dimensions", f"The vectors of this model have {info.dimension} numbers.")
    if not 1 <= len(inputs) <= MAX_INPUTS:
        raise _invalid("input", f"Send 1 to {MAX_INPUTS} inputs.")
    if body.modality == "text" and max(map(len, inputs)) > MAX_TEXT_CHARACTERS:
        raise _invalid("input", f"A text has at most {MAX_TEXT_CHARACTERS} characters.")


def _picture(uri: str) -> Picture:
    """Raises InvalidRequest for anything but a data URI; links are never fetched."""
    start = _DATA_URI.match(uri)
    if start is None:
        raise _invalid(
            "input",
            "Send a picture as a data URI (data:image/jpeg;base64,…); links are not fetched.",
        )
    try:
        return Picture(base64.b64decode(uri[start.end() :], validate=True))
    except (binascii.Error, ValueError) as error:
        raise _invalid("input", "A data URI is not valid base64.") from error


async def _text_vectors(encoder: Encoder, texts: Sequence[str]) -> list[UnitVector]:
    vectors: list[UnitVector] = []
    for at in range(0, len(texts), MAX_TEXTS_PER_REQUEST):
        outcome = await encoder.embed_texts(texts[at : at + MAX_TEXTS_PER_REQUEST])
        vectors += [vector for vector in outcome.vectors if vector is not None]
    return vectors


async def _picture_vectors(encoder: Encoder, pictures: Sequence[Picture]) -> list[UnitVector]:
    """Raises the error of the first picture without a vector: the format has no place for it."""
    vectors: list[UnitVector] = []
    for at in range(0, len(pictures), MAX_IMAGES_PER_REQUEST):
        outcome = await encoder.embed_pictures(pictures[at : at + MAX_IMAGES_PER_REQUEST])
        if outcome.failed:
            raise outcome.failed[min(outcome.failed)]
        vectors += [vector for vector in outcome.vectors if vector is not None]
    return vectors


def _invalid(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(message, errors=[FieldProblem(field=f"body.{field}", message=message)])
