"""`GET /products/{product_id}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from services.common.awaited import ReadYourWrites
from services.common.problems import (
    ChangeNotServed,
    InvalidRequest,
    NotFound,
    problem_responses,
)
from services.contracts.base import ProductId
from services.contracts.products import Product, product_etag
from services.gateway.routes.dependencies import UNANSWERED
from services.gateway.routes.etags import holds
from services.gateway.routes.examples import PRODUCT, answered
from services.gateway.searching.services import product_path
from services.gateway.state import State

router = APIRouter(tags=["products"], dependencies=[ReadYourWrites])

_ETAG = {
    "ETag": {"description": "For `If-Match` and `If-None-Match`.", "schema": {"type": "string"}}
}


# `path`, since a shop's ids may hold slashes.
@router.get(
    "/products/{product_id:path}",
    summary="One product",
    response_model=Product,
    responses={
        status: {**response, "headers": _ETAG}
        for status, response in (
            answered("The product.", PRODUCT)
            | {304: {"description": "The product that the caller holds is still the same."}}
        ).items()
    }
    | problem_responses(ChangeNotServed, NotFound, InvalidRequest, *UNANSWERED),
)
async def get_product(
    product_id: Annotated[ProductId, Path(description="Its id in the catalogue.")],
    state: State,
    response: Response,
    if_none_match: Annotated[
        str, Header(description="`ETag` of the product that the caller holds.")
    ] = "",
) -> Product | Response:
    """All of a product's metadata, the same as in search results.

    `If-Match` of a later change takes the `ETag`, so that no update is lost.
    """
    product = await state.services.retriever.get(product_path(product_id), Product)
    headers = {"ETag": f'"{product_etag(product)}"'}
    if holds(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return product
