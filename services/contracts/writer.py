"""The writer's wire: one product put in or taken out while the catalogue is served."""

from __future__ import annotations

from pydantic import Base64Bytes, ConfigDict, Field

from services.contracts.base import Contract, ProductId

MAX_PRODUCT_BYTES = 16_000_000
"""Of one product on the wire: a picture of 10 MB in base64, and words beside it."""


class ProductInput(Contract):
    """`PUT /products/{product_id}`: all that the catalogue is to know of it.

    What `GET` gives may be changed and put back: `image_url` then keeps the picture it had.
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
        default=None, description="The one of the address, where it is given here too."
    )
    title: str = Field(min_length=1, max_length=1_000)
    description: str = Field(default="", max_length=50_000)
    brand: str | None = Field(default=None, max_length=200)
    category: str | None = Field(default=None, max_length=1_000, examples=["Kitchen > Mugs"])
    price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    currency: str | None = Field(default=None, max_length=3, examples=["EUR"])
    image: Base64Bytes | None = Field(
        default=None, description="The picture itself in base64: JPEG, PNG or WebP."
    )
    image_url: str | None = Field(
        default=None,
        max_length=2_000,
        description="In place of `image`: a picture that is kept already, by its path as `GET` "
        "gives it, or an http(s) address, which is shown and never fetched.",
    )
    product_url: str | None = Field(default=None, max_length=2_000)
    attributes: dict[str, str] = Field(default_factory=dict, max_length=100)


class ProductChange(Contract):
    """What became of it: written, and searchable as soon as the retrievers look again."""

    product_id: ProductId
    catalogue_version: str = Field(description="The version that was changed.")
    sequence: int = Field(ge=0, description="Number of the change; later ones are higher.")
