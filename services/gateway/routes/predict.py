"""`POST /predict` and `POST /predict-image`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response

from services.common.awaited import CHANGE_PARAMETER, ReadYourWrites
from services.common.direct_routes import DirectRoute
from services.common.problems import (
    ChangeNotServed,
    UnreadableImage,
    problem_responses,
)
from services.contracts.gateway import (
    PredictImageOptions,
    PredictRequest,
    PredictResponse,
    SearchRequest,
)
from services.gateway.routes.dependencies import (
    QUERY_ERRORS,
    TimingsDependency,
    directly_searching,
    json_response,
    require_json,
)
from services.gateway.routes.examples import (
    IMAGE_ANSWER,
    TEXT_ANSWER,
    TEXT_QUERIES,
    found,
    image_form_schema,
)
from services.gateway.routes.image_form import read_image_form
from services.gateway.searching.answers import predict_json
from services.gateway.searching.encoding import encode_picture
from services.gateway.state import State

router = APIRouter(tags=["search"])


@router.post(
    "/predict",
    summary="Find products by words",
    response_model=PredictResponse,
    responses=found(TEXT_ANSWER) | problem_responses(*QUERY_ERRORS, ChangeNotServed),
    dependencies=[Depends(require_json), ReadYourWrites],
)
async def predict(
    query: Annotated[PredictRequest, Body(openapi_examples=TEXT_QUERIES)],
    state: State,
    timings: TimingsDependency,
) -> Response:
    """The query may be rewritten first; the answer has both queries.

    Without the rewriter the original query is searched, and `degraded` says so.
    """
    search = SearchRequest(
        query=query.query,
        rewrite=query.rewrite,
        interpret=query.interpret,
        weights=query.weights,
        k=query.k,
        threshold=query.threshold,
        # Only the caller's own threshold omits products.
        cutoff="off",
        group_variants=False,
    )
    outcome = await state.search.one(search, timings)
    return json_response(predict_json(outcome, timings), timings)


async def _predict_directly(query: PredictRequest, request: Request) -> Response:
    return await predict(query, *directly_searching(request))


DIRECT = (DirectRoute("/predict", PredictRequest, _predict_directly),)


@router.post(
    "/predict-image",
    summary="Find products by a picture",
    response_model=PredictResponse,
    responses=found(IMAGE_ANSWER)
    | problem_responses(*QUERY_ERRORS, ChangeNotServed, UnreadableImage),
    dependencies=[ReadYourWrites],
    openapi_extra=image_form_schema(PredictImageOptions),
)
async def predict_image(request: Request, state: State, timings: TimingsDependency) -> Response:
    """A form with the picture in the field `image`: JPEG, PNG, WebP or AVIF."""
    form = await read_image_form(
        request, state.settings.max_image_bytes, PredictImageOptions, other=(CHANGE_PARAMETER,)
    )
    vector, model = await encode_picture(
        state.services.encoder, form.image, form.options.crop, timings
    )
    outcome = await state.search.by_picture(vector, model, form.options, timings)
    return json_response(predict_json(outcome, timings), timings)
