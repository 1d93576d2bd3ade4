"""Requests of agents, as the Universal Commerce Protocol (UCP) defines them, and our extension.

UCP asks a receiver to ignore unknown members, so these models do, unlike `Contract`. Source: the
specification of the catalogue at <https://ucp.dev>, release `UCP_VERSION`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.contracts.base import ModalityWeights, ProductId
from services.contracts.gateway import MAX_CURSOR_CHARACTERS, PictureId, Query
from services.contracts.search import (
    MAX_FACETS,
    MAX_FILTER_VALUES,
    MAX_TERMS,
    FieldName,
    TermWeight,
)

UCP_VERSION = "2026-08-25"

MAX_IDS = 20
"""Identifiers of one lookup."""
DEFAULT_LIMIT = 10
MAX_LIMIT = 50
MAX_IMAGE_CHARACTERS = 4_000_000
"""Base64 of a picture of 3 MB."""

MAX_MINOR_UNITS = 2**53 - 1
_MAX_SELECTIONS = 16


class UcpObject(BaseModel):
    """A message of UCP. It is immutable; unknown members are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, protected_namespaces=())


_Text = Annotated[str, Field(min_length=1, max_length=256)]
_Texts = Annotated[list[_Text], Field(min_length=1, max_length=MAX_FILTER_VALUES)]
_MinorUnits = Annotated[int, Field(ge=0, le=MAX_MINOR_UNITS)]


class UcpContext(UcpObject):
    """Hints about the buyer. Only the currency is used, for the price filter."""

    currency: str | None = Field(
        default=None, max_length=64, description="ISO 4217 code.", examples=["EUR"]
    )


class UcpPriceFilter(UcpObject):
    """Bounds in minor units of `context.currency`; by default of the shop's main currency."""

    min: _MinorUnits | None = None
    max: _MinorUnits | None = Field(default=None, examples=[2000])


class UcpFilters(UcpObject):
    """All given filters must hold; within one, one value is enough."""

    # Kept, so that an answer can name the filters that it does not know.
    model_config = ConfigDict(extra="allow")

    categories: _Texts | None = Field(
        default=None,
        description="Category paths; each includes its sub-categories.",
        examples=[["Kitchen > Mugs"]],
    )
    price: UcpPriceFilter | None = None
    available: bool | None = Field(default=None, description="Ours: products in stock.")
    brands: _Texts | None = Field(default=None, description="Ours.")
    colors: _Texts | None = Field(default=None, description="Ours.")
    attributes: dict[FieldName, _Texts] = Field(
        default_factory=dict,
        max_length=MAX_FACETS,
        description="Ours: further attributes that the shop allows as filters.",
        examples=[{"material": ["wood"]}],
    )

    @property
    def given(self) -> set[str]:
        """Names of the filters that this shop knows."""
        return self.model_fields_set & set(UcpFilters.model_fields)

    @property
    def unknown(self) -> list[str]:
        return sorted(self.model_extra or {})


class UcpPage(UcpObject):
    """Page of a search."""

    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_CHARACTERS,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="`pagination.cursor` of the previous page. It holds the whole search, so all "
        "other inputs except `limit` are ignored.",
    )
    limit: int = Field(
        default=DEFAULT_LIMIT, ge=1, description=f"Page size; {MAX_LIMIT} at most are returned."
    )


class UcpReference(UcpObject):
    """Ours: one more part of a search. A weight below 0 asks for products unlike it."""

    id: ProductId | None = Field(default=None, description="Id of a variant of the catalogue.")
    text: Query | None = None
    picture_id: PictureId | None = None
    weight: TermWeight = 1.0

    @model_validator(mode="after")
    def _one(self) -> UcpReference:
        if sum(one is not None for one in (self.id, self.text, self.picture_id)) != 1:
            raise ValueError("exactly one of id, text and picture_id must be given")
        return self


class UcpSearchRequest(UcpObject):
    """`search_catalog`. At least one input is needed: a query, a filter, or one of ours."""

    query: Query | None = Field(default=None, examples=["red striped mug"])
    context: UcpContext = UcpContext()
    filters: UcpFilters = UcpFilters()
    pagination: UcpPage = UcpPage()
    image: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_IMAGE_CHARACTERS,
        description="Ours: a picture to search by, JPEG, PNG, WebP or AVIF, as base64.",
    )
    references: list[UcpReference] = Field(
        default_factory=list,
        max_length=MAX_TERMS - 2,
        description="Ours: further parts of the search, with weights.",
        examples=[[{"id": "sample-0001"}, {"text": "striped", "weight": -0.5}]],
    )
    weights: ModalityWeights | None = Field(
        default=None, description="Ours: weights of products' words and pictures in the score."
    )

    @property
    def has_input(self) -> bool:
        """True if there is anything to search or to browse by."""
        return bool(
            self.query
            or self.image
            or self.references
            or self.pagination.cursor
            or self.filters.given
        )

    @property
    def says_words(self) -> bool:
        """True if words are sought, so that there may be no match for them."""
        return bool(self.query) or any(one.text and one.weight > 0 for one in self.references)


class UcpLookupRequest(UcpObject):
    """`lookup_catalog`: products by the ids of products or variants, SKUs, or GTINs."""

    ids: list[Annotated[str, Field(min_length=1, max_length=1_000)]] = Field(
        min_length=1, max_length=MAX_IDS, examples=[["sample-0001"]]
    )
    context: UcpContext = UcpContext()
    filters: UcpFilters = UcpFilters()


class UcpSelected(UcpObject):
    """An option that the buyer has chosen."""

    name: _Text = Field(examples=["color"])
    label: _Text = Field(examples=["red"])


class UcpProductRequest(UcpObject):
    """`get_product`: all of one product, and the variants that fit the buyer's choice."""

    id: str = Field(min_length=1, max_length=1_000, examples=["sample-0001"])
    selected: list[UcpSelected] = Field(default_factory=list, max_length=_MAX_SELECTIONS)
    preferences: list[_Text] = Field(
        default_factory=list,
        max_length=_MAX_SELECTIONS,
        description="Names of options, the most important first. While no variant has all that is "
        "selected, the last one is dropped.",
    )
    context: UcpContext = UcpContext()
    filters: UcpFilters = UcpFilters()
