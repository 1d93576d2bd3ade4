"""`PUT`, `PATCH` and `DELETE /products/{product_id}`, and groups of changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response

from services.common.media_types import require_media_type
from services.common.problems import (
    DeadlineExceeded,
    DependencyUnavailable,
    InvalidRequest,
    ModelMismatch,
    NotFound,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    PreconditionFailed,
    UnreadableImage,
    UnsupportedMediaType,
    problem_responses,
)
from services.common.state import state_dependency
from services.contracts.base import ProductId
from services.contracts.batches import (
    BATCH_MEDIA_TYPE,
    BATCH_PATH,
    IDEMPOTENCY_HEADER,
    IdempotencyKey,
)
from services.contracts.synonyms import AddedSynonyms, StoredSynonyms
from services.contracts.writer import (
    PATCH_MEDIA_TYPE,
    AnyTag,
    MergePatch,
    ProductChange,
    ProductInput,
)
from services.pipeline.catalogue.ledger import Published
from services.writer.batch_log import token_of
from services.writer.batches import Batches
from services.writer.change import Change
from services.writer.writer import LiveWriter, own_time

router = APIRouter(tags=["products"])


@dataclass(frozen=True, slots=True)
class WriterState:
    """Everything that lives as long as the app does."""

    writer: LiveWriter
    batches: Batches


State = Annotated[WriterState, Depends(state_dependency(WriterState))]

_RESULTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One result a line.",
        "content": {BATCH_MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}

_ERRORS = (
    NotFound,
    InvalidRequest,
    ModelMismatch,
    PreconditionFailed,
    NotReady,
    Overloaded,
    DependencyUnavailable,
    DeadlineExceeded,
)


ProductIdPath = Annotated[ProductId, Path(description="Its id in the catalogue.")]
IfMatch = Annotated[
    str | None,
    Header(description="`ETag` that the caller has seen; the change is refused on any other."),
]


@router.put(
    "/products/{product_id:path}",
    summary="Add a product, or replace it",
    responses=problem_responses(*_ERRORS, UnreadableImage, PayloadTooLarge),
)
async def put_product(
    product_id: ProductIdPath,
    product: ProductInput,
    state: State,
    if_match: IfMatch = None,
    if_none_match: Annotated[
        AnyTag | None, Header(description="`*`: only add the product, replace none.")
    ] = None,
) -> ProductChange:
    """Answers when the change is on the disk; searchable as soon as the retrievers look again."""
    change = Change(
        product_id,
        own_time(),
        given=product,
        if_match=if_match,
        only_new=if_none_match is not None,
    )
    return answered(product_id, await state.writer.make(change))


@router.patch(
    "/products/{product_id:path}",
    summary="Change some fields of a product",
    responses=problem_responses(*_ERRORS, UnreadableImage, PayloadTooLarge),
)
async def patch_product(
    product_id: ProductIdPath,
    patch: Annotated[MergePatch, Body(media_type=PATCH_MEDIA_TYPE)],
    state: State,
    if_match: IfMatch = None,
) -> ProductChange:
    """A merge patch (RFC 7396). Only new words or another picture are encoded."""
    change = Change(product_id, own_time(), patch=patch, if_match=if_match)
    return answered(product_id, await state.writer.make(change))


@router.delete(
    "/products/{product_id:path}",
    summary="Delete a product",
    responses=problem_responses(*_ERRORS),
)
async def delete_product(
    product_id: ProductIdPath, state: State, if_match: IfMatch = None
) -> ProductChange:
    """A product that is not there is no error."""
    change = Change(product_id, own_time(), if_match=if_match)
    return answered(product_id, await state.writer.make(change))


@router.post(
    BATCH_PATH,
    summary="Make many changes",
    response_class=Response,
    responses=_RESULTS
    | problem_responses(
        InvalidRequest, NotReady, Overloaded, PayloadTooLarge, UnsupportedMediaType
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {BATCH_MEDIA_TYPE: {"schema": {"type": "string"}}},
        }
    },
)
async def write_batch(
    request: Request,
    state: State,
    first_line: Annotated[int, Query(ge=1, description="Number of the first line.")] = 1,
    key: Annotated[IdempotencyKey | None, Header(alias=IDEMPOTENCY_HEADER)] = None,
) -> Response:
    """A group of lines of a batch, NDJSON. Answers when what is stored is on the disk."""
    await require_media_type(request, BATCH_MEDIA_TYPE)
    with state.batches.places.one():
        results = await state.batches.write(await request.body(), first_line, key)
    lines = [result.model_dump_json(exclude_none=True) for result in results]
    return Response("\n".join([*lines, ""]), media_type=BATCH_MEDIA_TYPE)


@router.put(
    "/synonyms",
    summary="Replace the added synonyms",
    responses=problem_responses(
        InvalidRequest, NotReady, Overloaded, DependencyUnavailable, DeadlineExceeded
    ),
)
async def put_synonyms(synonyms: AddedSynonyms, state: State) -> StoredSynonyms:
    """Answers when they are on the disk; every retriever follows within a second."""
    published = await state.writer.relate(synonyms.added)
    return StoredSynonyms(**dict(published.head.synonyms), change=token_of(published))


def answered(product_id: str, published: Published) -> ProductChange:
    """The answer to a change that is stored."""
    head = published.head
    return ProductChange(
        product_id=product_id,
        catalogue_version=head.version,
        sequence=head.sequence,
        change=token_of(published),
    )
