"""`PUT`, `PATCH` and `DELETE /products/{product_id}`, for administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from services.common.client import ServiceClient
from services.common.media_types import require_media_type
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
    PreconditionFailed,
    Unauthorized,
    UnreadableImage,
    UnsupportedMediaType,
    problem_responses,
)
from services.contracts.base import ProductId
from services.contracts.problems import FieldProblem
from services.contracts.writer import (
    PATCH_MEDIA_TYPE,
    AnyTag,
    ProductChange,
    ProductInput,
    ProductPatch,
)
from services.gateway.routes.dependencies import AdminOnly, require_json
from services.gateway.routes.examples import CHANGE, changed
from services.gateway.routes.searchable import until_searchable
from services.gateway.searching.services import product_path
from services.gateway.state import GatewayState, State


async def _require_utf8(request: Request) -> None:
    """Refuse an id in another encoding: its letters would be lost, and two ids become one."""
    try:
        unquote_to_bytes(request.scope["raw_path"]).decode()
    except UnicodeDecodeError as error:
        message = "is not in UTF-8; encode the id as UTF-8 before it is percent-encoded"
        field = FieldProblem(field="path.product_id", message=message)
        raise InvalidRequest(f"The id in the URL {message}.", errors=[field]) from error


router = APIRouter(
    tags=["administration"],
    # Before anything of the body is read.
    dependencies=[AdminOnly, Depends(_require_utf8)],
    responses=changed(CHANGE)
    | problem_responses(
        Unauthorized,
        Forbidden,
        NotFound,
        InvalidRequest,
        ModelMismatch,
        PreconditionFailed,
        NotReady,
        Overloaded,
        DependencyUnavailable,
        DeadlineExceeded,
    ),
)

ProductIdPath = Annotated[ProductId, Path(description="Its id in the catalogue.")]
IfMatch = Annotated[
    str | None,
    Header(
        max_length=200,
        description="`ETag` of the product as the caller knows it; if it has changed since, the "
        "change is refused with 412.",
    ),
]

IfNoneMatch = Annotated[
    AnyTag | None,
    Header(
        description="`*`: only add the product; if the catalogue has one with this id, the change "
        "is refused with 412."
    ),
]

Wait = Annotated[
    Literal["searchable"] | None,
    Query(
        description="`searchable`: answer when searches show the change, or when the time of the "
        "request is over. `status` in the answer says which."
    ),
]

Body = TypeVar("Body", bound=BaseModel)

_REFUSED_BODY = problem_responses(UnreadableImage, UnsupportedMediaType, PayloadTooLarge)


def _body(models: dict[str, type[BaseModel]]) -> dict[str, Any]:
    """The request body of a route that reads it by itself, for OpenAPI."""
    content = {kind: {"schema": model.model_json_schema()} for kind, model in models.items()}
    return {"requestBody": {"required": True, "content": content}}


@router.api_route(
    "/products/{product_id:path}/similar",
    methods=["PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
async def refuse_similar() -> None:
    """A product with such an id could never be requested."""
    raise HTTPException(MethodNotAllowed.status)


@router.put(
    "/products/{product_id:path}",
    summary="Add a product, or replace it",
    responses=_REFUSED_BODY,
    openapi_extra=_body({"application/json": ProductInput}),
)
async def put_product(
    product_id: ProductIdPath,
    request: Request,
    state: State,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    wait: Wait = None,
) -> ProductChange:
    """Searchable in less than a second, on every replica, without a reload.

    The answer of `GET` can be changed and sent back.
    """
    await require_json(request)
    product = await _read(request, ProductInput)
    change = await writer_of(state).change(
        "PUT",
        product_path(product_id),
        ProductChange,
        product,
        only={"If-Match": if_match, "If-None-Match": if_none_match},
    )
    return await _waited(state, change, wait)


@router.patch(
    "/products/{product_id:path}",
    summary="Change some fields of a product",
    responses=_REFUSED_BODY,
    openapi_extra=_body({PATCH_MEDIA_TYPE: ProductPatch, "application/json": ProductPatch}),
)
async def patch_product(
    product_id: ProductIdPath,
    request: Request,
    state: State,
    if_match: IfMatch = None,
    wait: Wait = None,
) -> ProductChange:
    """A merge patch (RFC 7396). A new price or stock needs no encoder."""
    await require_media_type(request, PATCH_MEDIA_TYPE, "application/json")
    patch = await _read(request, ProductPatch)
    change = await writer_of(state).change(
        "PATCH", product_path(product_id), ProductChange, patch, only={"If-Match": if_match}
    )
    return await _waited(state, change, wait)


@router.delete("/products/{product_id:path}", summary="Delete a product")
async def delete_product(
    product_id: ProductIdPath, state: State, if_match: IfMatch = None, wait: Wait = None
) -> ProductChange:
    """No longer found in less than a second; a product that is not there is no error."""
    change = await writer_of(state).change(
        "DELETE", product_path(product_id), ProductChange, only={"If-Match": if_match}
    )
    return await _waited(state, change, wait)


async def _waited(state: State, change: ProductChange, wait: Wait) -> ProductChange:
    return await until_searchable(state.services.retriever, change) if wait else change


async def _read(request: Request, model: type[Body]) -> Body:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        ) from error


def writer_of(state: GatewayState) -> ServiceClient:
    """The writer's client. Raises DependencyUnavailable where there is no writer."""
    if state.services.writer is None:
        raise DependencyUnavailable("No writer is set up here: `GATEWAY_WRITER_URL` names none.")
    return state.services.writer
