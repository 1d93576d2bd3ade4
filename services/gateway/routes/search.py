"""`POST /predict`, `POST /predict-image` and `POST /pictures`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response

from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    ModelMismatch,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    UnreadableImage,
    UnsupportedMediaType,
    problem_responses,
)
from services.contracts.gateway import (
    PictureOptions,
    PictureResponse,
    PredictImageOptions,
    PredictRequest,
    PredictResponse,
)
from services.gateway.routes.dependencies import (
    OrchestratorDependency,
    SettingsDependency,
    TimingsDependency,
    require_json,
)
from services.gateway.routes.examples import (
    IMAGE_ANSWER,
    PICTURE_ANSWER,
    TEXT_ANSWER,
    TEXT_QUERIES,
    answered,
    found,
    image_form_schema,
)
from services.gateway.routes.image_form import read_image_form

router = APIRouter(tags=["search"])

_ERRORS = (
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    ModelMismatch,
    Overloaded,
    NotReady,
    DependencyUnavailable,
    DeadlineExceeded,
)


@router.post(
    "/predict",
    summary="Find products like these words",
    responses=found(TEXT_ANSWER) | problem_responses(*_ERRORS),
    dependencies=[Depends(require_json)],
)
async def predict(
    query: Annotated[PredictRequest, Body(openapi_examples=TEXT_QUERIES)],
    response: Response,
    orchestrator: OrchestratorDependency,
    timings: TimingsDependency,
) -> PredictResponse:
    """The query may be rewritten first; the answer carries both queries.

    Without the rewriter the search goes on with the query as it came, and `degraded` says so.
    """
    answer = await orchestrator.search_by_text(query, timings)
    response.headers["Server-Timing"] = timings.server_timing()
    return answer


@router.post(
    "/predict-image",
    summary="Find products that look like this picture",
    responses=found(IMAGE_ANSWER) | problem_responses(*_ERRORS, UnreadableImage),
    openapi_extra=image_form_schema(PredictImageOptions),
)
async def predict_image(
    request: Request,
    response: Response,
    orchestrator: OrchestratorDependency,
    settings: SettingsDependency,
    timings: TimingsDependency,
) -> PredictResponse:
    """A form with the picture in the field `image`: JPEG, PNG or WebP."""
    form = await read_image_form(request, settings.max_image_bytes, PredictImageOptions)
    answer = await orchestrator.search_by_image(form.image, form.options, timings)
    response.headers["Server-Timing"] = timings.server_timing()
    return answer


@router.post(
    "/pictures",
    summary="A picture for later searches",
    responses=answered("What stands for the picture.", PICTURE_ANSWER)
    | problem_responses(*_ERRORS, UnreadableImage),
    openapi_extra=image_form_schema(PictureOptions),
)
async def add_picture(
    request: Request,
    response: Response,
    orchestrator: OrchestratorDependency,
    settings: SettingsDependency,
    timings: TimingsDependency,
) -> PictureResponse:
    """A form with the picture in the field `image`. Nothing is kept: the id holds all it needs.

    It goes into `terms` of `POST /search`, or into the address of a page.
    """
    form = await read_image_form(request, settings.max_image_bytes, PictureOptions)
    answer = await orchestrator.picture(form.image, form.options, timings)
    response.headers["Server-Timing"] = timings.server_timing()
    return answer
