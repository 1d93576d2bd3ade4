"""`PUT` and `DELETE /products/{product_id}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from services.common.problems import (
    DependencyUnavailable,
    InvalidRequest,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    UnreadableImage,
    problem_responses,
)
from services.contracts.base import ProductId
from services.contracts.catalogue import CatalogueHead
from services.contracts.writer import ProductChange, ProductInput
from services.writer.writer import LiveWriter

router = APIRouter(tags=["products"])

_ERRORS = (NotFound, InvalidRequest, ModelMismatch, NotReady, Overloaded, DependencyUnavailable)


async def _writer(request: Request) -> LiveWriter:
    writer: LiveWriter = request.app.state.writer
    return writer


WriterDependency = Annotated[LiveWriter, Depends(_writer)]
ProductIdPath = Annotated[ProductId, Path(description="Its id in the catalogue.")]


@router.put(
    "/products/{product_id:path}",
    summary="Put a product in, or in place of what it was",
    responses=problem_responses(*_ERRORS, UnreadableImage, PayloadTooLarge),
)
async def put_product(
    product_id: ProductIdPath, product: ProductInput, writer: WriterDependency
) -> ProductChange:
    """Answers when it is written; searchable as soon as the retrievers look again."""
    return _change(product_id, await writer.put(product_id, product))


@router.delete(
    "/products/{product_id:path}",
    summary="Take a product out",
    responses=problem_responses(*_ERRORS),
)
async def delete_product(product_id: ProductIdPath, writer: WriterDependency) -> ProductChange:
    """One that is not there is no error."""
    return _change(product_id, await writer.delete(product_id))


def _change(product_id: str, head: CatalogueHead) -> ProductChange:
    return ProductChange(
        product_id=product_id, catalogue_version=head.version, sequence=head.sequence
    )
