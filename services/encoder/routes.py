"""The encoder's HTTP routes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, File, Form, Header, Request, Response, UploadFile
from pydantic import TypeAdapter, ValidationError
from safetensors.numpy import save

from services.common.direct_routes import DirectRoute
from services.common.problems import (
    DeadlineExceeded,
    InvalidRequest,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    UnreadableImage,
    UnsupportedMediaType,
    problem_responses,
)
from services.common.state import get_state, state_dependency
from services.contracts.encoder import (
    BINARY_MEDIA_TYPE,
    EMBEDDINGS_TENSOR,
    MAX_IMAGES_PER_REQUEST,
    PRIORITY_HEADER,
    REPORT_TENSOR,
    Crop,
    EmbeddingsResponse,
    EmbedTextsRequest,
    ItemProblem,
    ModelInfo,
    RegionsResponse,
)
from services.contracts.problems import FieldProblem
from services.contracts.vectors import ENCODING_DESCRIPTION, VectorEncoding
from services.encoder.connected import while_connected
from services.encoder.outcome import Outcome, UnitVector
from services.encoder.service import Encoder, Picture

router = APIRouter(tags=["encoder"])

_CROPS: TypeAdapter[list[Crop | None]] = TypeAdapter(list[Crop | None])


@dataclass(frozen=True, slots=True)
class EncoderState:
    """The state of the app."""

    encoder: Encoder


State = Annotated[EncoderState, Depends(state_dependency(EncoderState))]
Priority = Annotated[
    Literal["interactive", "bulk"],
    Header(
        alias=PRIORITY_HEADER,
        description="`bulk`: runs after all other requests and is not cached; for programs that "
        "encode a catalogue.",
    ),
]
_BINARY: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {BINARY_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "description": "Vectors in the order of the request. With `Accept: "
        f"{BINARY_MEDIA_TYPE}`, a safetensors file of `embeddings` (float32) and `report` (JSON).",
    }
}


@router.get("/model", summary="The model of this encoder", responses=problem_responses(NotReady))
async def model(state: State) -> ModelInfo:
    encoder = state.encoder
    return ModelInfo(
        model=encoder.info.model_id,
        dimension=encoder.info.dimension,
        image_size=encoder.info.image_size,
        context_length=encoder.info.context_length,
        precision=encoder.precision,
        weights_sha256=encoder.info.weights_sha256,
    )


@router.post(
    "/embed/texts",
    summary="Unit vectors of texts",
    response_model=EmbeddingsResponse,
    responses=_BINARY | problem_responses(InvalidRequest, Overloaded, NotReady, DeadlineExceeded),
)
async def embed_texts(
    body: EmbedTextsRequest,
    state: State,
    request: Request,
    priority: Priority = "interactive",
) -> Response:
    outcome = await state.encoder.embed_texts(body.texts, bulk=priority == "bulk")
    return _response(request, state.encoder, outcome, body.encoding_format)


async def _embed_texts_directly(body: EmbedTextsRequest, request: Request) -> Response:
    return await embed_texts(body, get_state(request.app, EncoderState), request)


DIRECT = (
    DirectRoute(
        "/embed/texts",
        EmbedTextsRequest,
        _embed_texts_directly,
        unusual=(PRIORITY_HEADER.lower().encode(),),
    ),
)


@router.post(
    "/embed/images",
    summary="Unit vectors of pictures",
    response_model=EmbeddingsResponse,
    responses=_BINARY
    | problem_responses(
        InvalidRequest,
        UnreadableImage,
        PayloadTooLarge,
        UnsupportedMediaType,
        Overloaded,
        NotReady,
        DeadlineExceeded,
    ),
)
async def embed_images(
    state: State,
    images: Annotated[
        list[UploadFile],
        File(
            min_length=1,
            max_length=MAX_IMAGES_PER_REQUEST,
            description="JPEG, PNG, WebP or AVIF files. `errors` lists unreadable files; if all "
            "are unreadable, the answer is the first error.",
        ),
    ],
    request: Request,
    priority: Priority = "interactive",
    crops: Annotated[
        str | None,
        Form(
            description="A JSON list with a crop or null for each picture, in fractions of the "
            "upright picture. Without it the whole pictures are used.",
            examples=['[{"x": 0.25, "y": 0.1, "width": 0.5, "height": 0.6}]'],
        ),
    ] = None,
    encoding_format: Annotated[VectorEncoding, Form(description=ENCODING_DESCRIPTION)] = "float",
) -> Response:
    parts = _crops(crops, len(images))
    pictures = [
        Picture(await image.read(), crop) for image, crop in zip(images, parts, strict=True)
    ]
    outcome = await while_connected(
        request, state.encoder.embed_pictures(pictures, bulk=priority == "bulk")
    )
    if len(outcome.failed) == len(images):
        raise next(iter(outcome.failed.values()))
    return _response(request, state.encoder, outcome, encoding_format)


@router.post(
    "/regions",
    summary="The things on a picture",
    responses=problem_responses(
        InvalidRequest, UnreadableImage, PayloadTooLarge, UnsupportedMediaType, NotReady
    ),
)
async def regions(
    state: State,
    image: Annotated[UploadFile, File(description="A JPEG, PNG, WebP or AVIF file.")],
) -> RegionsResponse:
    """Parts of the upright picture that are worth a search of their own, the largest first."""
    return RegionsResponse(regions=await state.encoder.find_regions(await image.read()))


def _crops(text: str | None, pictures: int) -> list[Crop | None]:
    """One crop or None per picture. Raises InvalidRequest for any other text."""
    if text is None:
        return [None] * pictures
    try:
        crops = _CROPS.validate_json(text)
    except ValidationError as error:
        raise _bad_crops(f"Send a JSON list of crops: {error.errors()[0]['msg']}") from error
    if len(crops) != pictures:
        raise _bad_crops(f"Send one crop per picture, not {len(crops)} for {pictures} pictures.")
    return crops


def _bad_crops(message: str) -> InvalidRequest:
    return InvalidRequest(message, errors=[FieldProblem(field="body.crops", message=message)])


def _response(
    request: Request, encoder: Encoder, outcome: Outcome, encoding: VectorEncoding
) -> Response:
    binary = BINARY_MEDIA_TYPE in request.headers.get("Accept", "")
    # Without validation: the values are ours, and there may be a hundred thousand of them.
    answer = EmbeddingsResponse.model_construct(
        model=encoder.info.model_id,
        dimension=encoder.info.dimension,
        embeddings=[]
        if binary
        else [None if one is None else _written(one, encoding) for one in outcome.vectors],
        errors=[
            ItemProblem(index=index, type=error.type_path(), detail=error.detail)
            for index, error in sorted(outcome.failed.items())
        ],
        cached=outcome.cached,
    )
    if binary:
        content, media_type = to_safetensors(answer, outcome), BINARY_MEDIA_TYPE
    else:
        content, media_type = answer.model_dump_json().encode(), "application/json"
    return Response(content, media_type=media_type, headers={"Vary": "Accept"})


def to_safetensors(report: EmbeddingsResponse, outcome: Outcome) -> bytes:
    """`embeddings` (n, dimension) float32, with zeros for a failed item, and `report` as JSON."""
    nothing = np.zeros(report.dimension, np.float32)
    rows = np.stack([nothing if one is None else one for one in outcome.vectors])
    description = np.frombuffer(report.model_dump_json(exclude={"embeddings"}).encode(), np.uint8)
    return save({EMBEDDINGS_TENSOR: rows, REPORT_TENSOR: description})


def _written(vector: UnitVector, encoding: VectorEncoding) -> Sequence[float]:
    """A list of floats, or an array, which the contract packs."""
    if encoding == "base64":
        return array("f", vector.tobytes())
    numbers: list[float] = vector.tolist()
    return numbers
