"""Messages of the writer: one product added, replaced or removed while the catalogue is served."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Base64Bytes,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    WithJsonSchema,
)

from services.contracts.base import Contract, ProductId
from services.contracts.catalogue import MOST_IMAGES

MAX_PRODUCT_BYTES = 16_000_000
"""Largest request for one product: a picture of 10 MB in base64, and its texts."""

PATCH_MEDIA_TYPE = "application/merge-patch+json"


def _finite(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON
    """Raises ValueError for NaN and for a number that is too large for a float.

    They would become null on the way to the writer, and null removes a field.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name.removeprefix('.')} is not a finite number")
    if isinstance(value, dict):
        for part, inner in value.items():
            _finite(inner, f"{name}.{part}")
    if isinstance(value, list):
        for inner in value:
            _finite(inner, name)
    return value


def _no_boolean(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Raises ValueError for true and false, which would become 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


MergePatch = Annotated[dict[str, Any], AfterValidator(_finite)]
"""A merge patch (RFC 7396)."""

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_no_boolean)]

AnyTag = Annotated[Literal["*"], WithJsonSchema({"type": "string", "pattern": r"^\*$"})]
"""`If-None-Match`. Its schema has no constant, which some client generators refuse in a header."""

ImageAddress = Annotated[str, Field(min_length=1, max_length=2_000)]

ChangeStatus = Literal["stored", "searchable"]


class ProductInput(Contract):
    """`PUT /products/{product_id}`: all fields of the product.

    The answer of `GET` can be changed and sent back; its `image_url` then keeps the picture.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Red striped mug",
                    "description": "A mug of stoneware.",
                    "category": "Kitchen > Mugs",
                    "price": 12.9,
                    "currency": "EUR",
                    "attributes": {"color": "red"},
                }
            ]
        }
    )

    product_id: ProductId | None = Field(
        default=None, description="If present, it must match the id in the URL."
    )
    title: str = Field(min_length=1, max_length=1_000)
    description: str = Field(default="", max_length=50_000)
    brand: str | None = Field(default=None, max_length=200)
    category: str | None = Field(default=None, max_length=1_000, examples=["Kitchen > Mugs"])
    price: Amount | None = None
    list_price: Amount | None = Field(
        default=None,
        description="Price before a reduction; kept where it is above `price`.",
    )
    currency: str | None = Field(default=None, max_length=3, examples=["EUR"])
    image: Base64Bytes | None = Field(
        default=None, description="The picture in base64: JPEG, PNG, WebP or AVIF."
    )
    image_url: str | None = Field(
        default=None,
        max_length=2_000,
        description="Instead of `image`: the path of a stored picture, as `GET` returns it, or an "
        "http(s) URL, from which the writer downloads the picture.",
    )
    images: list[Base64Bytes] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_IMAGES,
        description="Instead of `image`: several pictures, the main one first.",
    )
    image_urls: list[ImageAddress] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_IMAGES,
        description="Instead of `image_url`: several paths or URLs, the main one first. The answer "
        "of `GET` names further pictures in `attributes.more_images`.",
    )
    product_url: str | None = Field(default=None, max_length=2_000)
    attributes: dict[str, str] = Field(default_factory=dict, max_length=100)


class ProductPatch(RootModel[MergePatch]):
    """`PATCH /products/{product_id}`: a merge patch (RFC 7396) of the answer of `GET`.

    null removes a field. New words or another picture are encoded; price and attributes are not.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"price": 9.9, "brand": None}]})


class ProductChange(Contract):
    """The change is stored, and is never lost. Searches find it in less than a second."""

    product_id: ProductId
    catalogue_version: str = Field(description="The changed version.")
    sequence: int = Field(ge=0, description="Number of the change; later ones are higher.")
    change: str = Field(
        default="",
        description="Opaque name of the change. A request with it in `X-Catalogue-Change`, or in "
        "the query parameter `change`, waits until the answer shows the change.",
        examples=["63d8a2f1b5c40-4b1d0c5e7a9f2e31-7"],
    )
    status: ChangeStatus = Field(
        default="stored",
        description="`searchable`: `?wait=searchable` was asked for, and searches show the change. "
        "`stored`: it is on the disk, and searches may not show it yet.",
    )
    detail: str | None = Field(
        default=None, description="The reason, if the wait ended before the change was searchable."
    )
