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
from services.gateway.routes.dependencies import OrchestratorDependency
from services.gateway.routes.examples import PRODUCT, answered

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
    orchestrator: OrchestratorDependency,
) -> Product:
    """Everything the catalogue knows of a product, as search results carry it too."""
    return await orchestrator.product(product_id)
