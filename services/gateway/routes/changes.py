"""`PUT` and `DELETE /products/{product_id}`, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from services.common.client import ServiceClient
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    Forbidden,
    InvalidRequest,
    MethodNotAllowed,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    Unauthorized,
    UnreadableImage,
    UnsupportedMediaType,
    problem_responses,
)
from services.contracts.base import ProductId
from services.contracts.writer import ProductChange, ProductInput
from services.gateway.routes.dependencies import AdminOnly, require_json
from services.gateway.routes.examples import CHANGE, answered
from services.gateway.searching.services import product_path
from services.gateway.state import GatewayState, State

router = APIRouter(
    tags=["administration"],
    # Before anything of the body is read.
    dependencies=[AdminOnly],
    responses=answered("The change, written.", CHANGE)
    | problem_responses(
        Unauthorized,
        Forbidden,
        NotFound,
        InvalidRequest,
        ModelMismatch,
        NotReady,
        Overloaded,
        DependencyUnavailable,
        DeadlineExceeded,
    ),
)

ProductIdPath = Annotated[ProductId, Path(description="Its id in the catalogue.")]


@router.api_route(
    "/products/{product_id:path}/similar", methods=["PUT", "DELETE"], include_in_schema=False
)
async def refuse_similar() -> None:
    """It would be taken for a product whose id ends like that, which could never be asked for."""
    raise HTTPException(MethodNotAllowed.status)


@router.put(
    "/products/{product_id:path}",
    summary="Put a product in, or in place of what it was",
    responses=problem_responses(UnreadableImage, UnsupportedMediaType, PayloadTooLarge),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ProductInput.model_json_schema()}},
        }
    },
)
async def put_product(product_id: ProductIdPath, request: Request, state: State) -> ProductChange:
    """Searchable in less than a second, on every replica, without a reload.

    What `GET` gives may be changed and put back. An address in `image_url` is shown, never fetched.
    """
    await require_json(request)
    try:
        product = ProductInput.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        ) from error
    return await _writer(state).put(product_path(product_id), product, ProductChange)


@router.delete("/products/{product_id:path}", summary="Take a product out")
async def delete_product(product_id: ProductIdPath, state: State) -> ProductChange:
    """No longer found in less than a second; one that is not there is no error."""
    return await _writer(state).delete(product_path(product_id), ProductChange)


def _writer(state: GatewayState) -> ServiceClient:
    if state.services.writer is None:
        raise DependencyUnavailable("No writer is set up here: `GATEWAY_WRITER_URL` names none.")
    return state.services.writer
