"""Search options that the gateway and the retriever share: filters, facets, order, cut-off."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from services.contracts.base import Contract, ProductId

MAX_TERMS = 8
MAX_FILTER_VALUES = 100
MAX_FACETS = 16
MAX_FACET_VALUES = 100
MAX_EXCLUDED = 1_000
MAX_EXCLUSIONS = 8
"""Excluded texts of one search."""
MAX_SEARCHES_PER_BATCH = 64

DEPTH = 1_000
"""Number of best products that a search considers. Facets count them; pages end with them."""

CATEGORY = "category"
BRAND = "brand"
CURRENCY = "currency"
PRICE = "price"
COLOR = "color"
IN_STOCK = "in_stock"
GROUP = "item_group_id"
"""The attribute that all variants of a product share."""

EVERY_FACET = "*"
"""Stands for all fields that can be counted in this catalogue."""

Sort = Literal["relevance", "price_asc", "price_desc"]

Strength = Literal["strong", "weak"]
"""Position of a score among this query's scores over the whole catalogue."""

CutOff = Literal["auto", "off"]

Mode = Literal["hybrid", "vectors", "words"]

TermWeight = Annotated[
    float,
    Field(
        ge=-10,
        le=10,
        description="Weight of this term among the terms; below 0 for products unlike it.",
    ),
]

ExcludedText = Annotated[str, Field(min_length=1, max_length=256, examples=["blue"])]

WordField = Literal["title", "brand", "category", "attributes", "description", "identifier"]
"""A field of a product whose words are searched."""

FieldName = Annotated[str, Field(min_length=1, max_length=64, examples=[COLOR])]
MAX_FILTER_VALUE_CHARS = 256
_Value = Annotated[str, Field(min_length=1, max_length=MAX_FILTER_VALUE_CHARS)]
_Values = Annotated[list[_Value], Field(min_length=1, max_length=MAX_FILTER_VALUES)]


class PriceRange(Contract):
    """A range of prices in one currency that includes both ends."""

    model_config = ConfigDict(strict=True)

    min: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    currency: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z]{3}$",
        description="ISO 4217 code. Products priced in another currency do not match. Default: the "
        "currency of most products.",
        examples=["EUR"],
    )

    @model_validator(mode="after")
    def _ordered(self) -> PriceRange:
        if self.min is None and self.max is None:
            raise ValueError("at least one of min and max must be given")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min must not be above max")
        return self


class Filters(Contract):
    """A product must match every given field, and within a field at least one value.

    Case is ignored. A product without the field does not match.
    """

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {"category": ["Kitchen"], "color": ["red", "blue"], "price": {"max": 20}},
            ]
        },
    )

    category: _Values | None = Field(
        default=None,
        description="Category paths; each includes its sub-categories.",
        examples=[["Kitchen > Mugs"]],
    )
    brand: _Values | None = None
    color: _Values | None = None
    in_stock: bool | None = None
    price: PriceRange | None = None
    attributes: dict[FieldName, _Values] = Field(
        default_factory=dict,
        max_length=MAX_FACETS,
        description="Further attributes that the catalogue allows as filters. `item_group_id` "
        "gives the variants of one product.",
        examples=[{"material": ["wood", "bamboo"]}],
    )


class FacetValue(Contract):
    """One value of a field, and the number of found products that have it."""

    value: str
    count: int = Field(ge=1)


class PriceSpan(Contract):
    """Lowest and highest price of the found products that are priced in one currency."""

    min: float
    max: float
    currency: str | None = Field(
        default=None,
        description="That of the price filter, otherwise that of most products of the catalogue. "
        "Null if the catalogue names none.",
        examples=["EUR"],
    )


class Facets(Contract):
    """Counts over the found products (at most the best `DEPTH`).

    A field with a filter is counted without this filter, so that further values can be chosen.
    A group of variants counts once for each value that a variant of it has.
    """

    fields: dict[str, list[FacetValue]] = Field(
        description="Values by field, most frequent first. All levels of a category are counted."
    )
    price: PriceSpan | None = Field(default=None, description="Null if no product has a price.")


class TermScore(Contract):
    """The part of a product's score that comes from one term of the query."""

    weight: float = Field(description="Weight as used, after the terms were scaled.")
    text: float = Field(description="Cosine similarity to the text vector.")
    image: float = Field(description="Cosine similarity to the image vector; 0 without a picture.")
    contribution: float = Field(description="Share of `score`; the shares add up to `score`.")


class Match(Contract):
    """A word of the query that a product contains."""

    word: str = Field(description="The word of the query.", examples=["striped"])
    found: list[str] = Field(
        description="The words that the product contains: this one, another form of it, a synonym, "
        "or a similar spelling.",
        examples=[["stripes"]],
    )
    fields: list[WordField] = Field(description="Fields that contain it.", examples=[["title"]])


class WordScore(Contract):
    """The part of a product's relevance that comes from one word of the query."""

    word: str
    share: float = Field(description="Share of this word in the query, by its rarity: 0..1.")
    strength: float = Field(description="How much the product is about it: 0..1.")
    contribution: float = Field(description="Part of `words`.")


class Relevance(Contract):
    """The parts of the relevance that results are ordered by; `total` is their sum."""

    total: float
    similarity: float = Field(description="Cosine similarity, as `score`; 0 with `mode: words`.")
    words: float = Field(description="Bonus for the words that the product contains.")
    identifier: float = Field(description="Bonus for an identifier, or for the beginning of one.")
    missing_picture: float = Field(
        description="Similarity that pictures of products with such a text have, for a product "
        "that contains all words but has no picture."
    )
    excluded_look: float = Field(
        default=0.0, description="Penalty for a picture that looks like an excluded word."
    )
    by_word: list[WordScore] = Field(default_factory=list)


class Refinements(Contract):
    """All options of a search except its terms."""

    threshold: (
        Annotated[
            float,
            Field(ge=-1, le=1, description="Lowest similarity; products below it are omitted."),
        ]
        | None
    ) = None
    cutoff: CutOff = Field(
        default="auto",
        description="`auto` omits weak matches, which may be all products; `off` shows them too.",
    )
    mode: Mode = Field(
        default="hybrid",
        description="`hybrid` ranks by vectors and by the words that products contain; an "
        "identifier as the query puts its product first. `vectors` and `words` rank by one of "
        "them. A query without words is always ranked by vectors.",
    )
    filters: Filters | None = None
    facets: list[FieldName] = Field(
        default_factory=list,
        max_length=MAX_FACETS,
        description="Fields to count: `category`, `brand`, `price` and the filterable attributes. "
        f"`{EVERY_FACET}` stands for all of them.",
        examples=[[CATEGORY, BRAND, COLOR, PRICE]],
    )
    facet_values: int = Field(
        default=20, ge=1, le=MAX_FACET_VALUES, description="Maximum number of values per field."
    )
    sort: Sort = Field(
        default="relevance",
        description="Order of the results. Products without a price come last in price orders. If "
        "there are several currencies, the one of most products comes first.",
    )
    exclude: list[ProductId] = Field(
        default_factory=list, max_length=MAX_EXCLUDED, description="Products to omit."
    )
    group_variants: bool = Field(
        default=True, description=f"Whether to show only the best of products with one `{GROUP}`."
    )
