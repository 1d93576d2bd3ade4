"""`GET /products/{product_id}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    NotFound,
    NotReady,
    Overloaded,
    problem_responses,
)
from services.contracts.base import ProductId
from services.contracts.products import Product
from services.gateway.routes.examples import PRODUCT, answered
from services.gateway.searching.services import product_path
from services.gateway.state import State

router = APIRouter(tags=["products"])


# `path`, since a shop's ids may hold slashes.
@router.get(
    "/products/{product_id:path}",
    summary="One product",
    responses=answered("The product.", PRODUCT)
    | problem_responses(
        NotFound, InvalidRequest, Overloaded, NotReady, DependencyUnavailable, DeadlineExceeded
    ),
)
async def get_product(
    product_id: Annotated[ProductId, Path(description="Its id in the catalogue.")],
    state: State,
) -> Product:
    """All of a product's metadata, the same as in search results."""
    return await state.services.retriever.get(product_path(product_id), Product)
