"""Answers to agents, as the Universal Commerce Protocol (UCP) defines them.

Members without a value are left out of the JSON.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.contracts.problems import Problem


class UcpAnswer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class UcpEntity(UcpAnswer):
    """A service, or a capability, of a profile or of an answer."""

    version: str
    spec: str | None = None
    schema_: str | None = Field(default=None, serialization_alias="schema")
    extends: str | None = None
    transport: Literal["rest", "mcp"] | None = None
    endpoint: str | None = None


Registry = dict[str, list[UcpEntity]]
"""Entities by their reverse-domain names."""


class UcpEnvelope(UcpAnswer):
    """The protocol's part of an answer: the version in use, and the active capabilities."""

    version: str
    status: Literal["success", "error"] | None = None
    capabilities: Registry | None = None


class UcpProfile(UcpAnswer):
    """The `ucp` member of a shop's profile."""

    version: str
    services: Registry
    capabilities: Registry
    payment_handlers: dict[str, Any]


class UcpProfileDocument(UcpAnswer):
    """`GET /.well-known/ucp`."""

    ucp: UcpProfile


class UcpPrice(UcpAnswer):
    amount: int = Field(ge=0, description="In minor units of the currency.", examples=[1290])
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])


class UcpPriceRange(UcpAnswer):
    min: UcpPrice
    max: UcpPrice


class UcpDescription(UcpAnswer):
    """Always plain text: markup and control characters are removed."""

    plain: str


class UcpCategory(UcpAnswer):
    value: str
    taxonomy: Literal["merchant"] = "merchant"


class UcpMedia(UcpAnswer):
    type: Literal["image"] = "image"
    url: str
    alt_text: str | None = None


class UcpAvailability(UcpAnswer):
    available: bool
    status: Literal["in_stock", "out_of_stock"]


class UcpBarcode(UcpAnswer):
    type: str
    value: str


class UcpOption(UcpAnswer):
    """The value of one option of a variant."""

    name: str
    label: str


class UcpOptionValue(UcpAnswer):
    label: str
    available: bool | None = None
    exists: bool | None = None


class UcpProductOption(UcpAnswer):
    name: str
    values: Annotated[list[UcpOptionValue], Field(min_length=1)]


class UcpInput(UcpAnswer):
    """A requested identifier, and how it led to the variant."""

    id: str
    match: Literal["exact", "featured"]


class UcpVariant(UcpAnswer):
    id: str
    sku: str | None = None
    barcodes: list[UcpBarcode] | None = None
    title: str
    description: UcpDescription
    url: str | None = None
    categories: list[UcpCategory] | None = None
    price: UcpPrice
    list_price: UcpPrice | None = None
    availability: UcpAvailability | None = None
    options: list[UcpOption] | None = None
    media: list[UcpMedia] | None = None
    metadata: dict[str, Any] | None = Field(
        default=None, description="Brand, attributes, and in a search the score."
    )
    inputs: list[UcpInput] | None = None


class UcpProduct(UcpAnswer):
    """A product and its variants, the best one first."""

    id: str
    title: str
    description: UcpDescription
    url: str | None = None
    categories: list[UcpCategory] | None = None
    price_range: UcpPriceRange
    list_price_range: UcpPriceRange | None = None
    media: list[UcpMedia] | None = None
    options: list[UcpProductOption] | None = None
    selected: list[UcpOption] | None = None
    variants: Annotated[list[UcpVariant], Field(min_length=1)]


class UcpMessage(UcpAnswer):
    type: Literal["error", "warning", "info"]
    code: str
    content: str
    severity: Literal["recoverable", "unrecoverable"] | None = Field(
        default=None, description="Of errors alone."
    )
    path: str | None = None


class UcpPagination(UcpAnswer):
    cursor: str | None = None
    has_next_page: bool
    total_count: int | None = Field(default=None, ge=0)


class UcpSearchAnswer(UcpAnswer):
    """The answer to `search_catalog`."""

    ucp: UcpEnvelope
    products: list[UcpProduct]
    pagination: UcpPagination
    messages: list[UcpMessage] | None = None
    picture_id: str | None = Field(
        default=None, description="Ours: stands for the sent picture in further searches."
    )


class UcpLookupAnswer(UcpAnswer):
    """The answer to `lookup_catalog`, in no certain order."""

    ucp: UcpEnvelope
    products: list[UcpProduct]
    messages: list[UcpMessage] | None = None


class UcpProductAnswer(UcpAnswer):
    """The answer to `get_product`."""

    ucp: UcpEnvelope
    product: UcpProduct
    messages: list[UcpMessage] | None = None


class UcpErrorAnswer(UcpAnswer):
    """The answer where there is nothing to return, with status 200: the request was understood."""

    ucp: UcpEnvelope
    messages: Annotated[list[UcpMessage], Field(min_length=1)]


class UcpProblem(Problem):
    """A transport error: a problem document with UCP's two members."""

    code: str = Field(description="UCP's code, or ours.", examples=["version_unsupported"])
    content: str = Field(description="The same as `detail`.")


def ucp_json(answer: UcpAnswer) -> bytes:
    """The JSON of an answer, without members that have no value."""
    return answer.model_dump_json(exclude_none=True, by_alias=True).encode()
