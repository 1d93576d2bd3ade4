"""The encoder over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Request, UploadFile

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
from services.contracts.encoder import (
    MAX_IMAGES_PER_REQUEST,
    EmbeddingsResponse,
    EmbedTextsRequest,
    ItemProblem,
    ModelInfo,
)
from services.encoder.service import Encoder, Outcome

router = APIRouter(tags=["encoder"])


def _encoder(request: Request) -> Encoder:
    encoder: Encoder | None = request.app.state.encoder
    if encoder is None:
        raise NotReady("The model is being loaded.")
    return encoder


EncoderDep = Annotated[Encoder, Depends(_encoder)]


@router.get("/model", summary="Which model answers here", responses=problem_responses(NotReady))
async def model(encoder: EncoderDep) -> ModelInfo:
    return ModelInfo(
        model=encoder.info.model_id,
        dimension=encoder.info.dimension,
        image_size=encoder.info.image_size,
        context_length=encoder.info.context_length,
        precision=encoder.precision,
    )


@router.post(
    "/embed/texts",
    summary="Unit vectors of texts",
    responses=problem_responses(InvalidRequest, Overloaded, NotReady, DeadlineExceeded),
)
async def embed_texts(body: EmbedTextsRequest, encoder: EncoderDep) -> EmbeddingsResponse:
    return _response(encoder, await encoder.embed_texts(body.texts))


@router.post(
    "/embed/images",
    summary="Unit vectors of pictures",
    responses=problem_responses(
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
    encoder: EncoderDep,
    images: Annotated[
        list[UploadFile],
        File(
            min_length=1,
            max_length=MAX_IMAGES_PER_REQUEST,
            description="JPEG, PNG or WebP files. One that cannot be read is named in `errors`; "
            "when none can be, the answer is that error.",
        ),
    ],
) -> EmbeddingsResponse:
    outcome = await encoder.embed_pictures([await image.read() for image in images])
    if len(outcome.failed) == len(images):
        raise next(iter(outcome.failed.values()))
    return _response(encoder, outcome)


def _response(encoder: Encoder, outcome: Outcome) -> EmbeddingsResponse:
    # Our own float32 values need no checking again, and there may be a hundred thousand of them.
    return EmbeddingsResponse.model_construct(
        model=encoder.info.model_id,
        dimension=encoder.info.dimension,
        embeddings=[None if one is None else one.tolist() for one in outcome.vectors],
        errors=[
            ItemProblem(index=index, type=error.type_path(), detail=error.detail)
            for index, error in sorted(outcome.failed.items())
        ],
    )
