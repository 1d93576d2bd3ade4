"""What a search may say beside what is sought, on the gateway's wire and on the retriever's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from services.contracts.base import Contract, ProductId

MAX_TERMS = 8
MAX_FILTER_VALUES = 100
MAX_FACETS = 16
MAX_FACET_VALUES = 100
MAX_EXCLUDED = 1_000
MAX_SEARCHES_PER_BATCH = 64

DEPTH = 1_000
"""How many of the best products a search looks at: facets count them, pages end with them."""

CATEGORY = "category"
BRAND = "brand"
PRICE = "price"
COLOR = "color"
IN_STOCK = "in_stock"
GROUP = "item_group_id"
"""The attribute that variants of one product share."""

EVERY_FACET = "*"
"""In place of names: every field that can be counted, whatever the catalogue declares."""

Sort = Literal["relevance", "price_asc", "price_desc"]

Strength = Literal["strong", "weak"]
"""Where a score stands among this query's scores over the whole catalogue."""

CutOff = Literal["auto", "off"]

TermWeight = Annotated[
    float,
    Field(
        ge=-10,
        le=10,
        description="How much it counts beside the other terms; below 0: products unlike it.",
    ),
]

FieldName = Annotated[str, Field(min_length=1, max_length=64, examples=[COLOR])]
_Value = Annotated[str, Field(min_length=1, max_length=256)]
_Values = Annotated[list[_Value], Field(min_length=1, max_length=MAX_FILTER_VALUES)]


class PriceRange(Contract):
    """Both ends belong to it."""

    model_config = ConfigDict(strict=True)

    min: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> PriceRange:
        if self.min is None and self.max is None:
            raise ValueError("at least one of min and max must be given")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min must not be above max")
        return self


class Filters(Contract):
    """Products must pass every field given; within one field, any of its values will do.

    Letter case does not matter. A product that lacks what is asked for does not pass.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"category": ["Kitchen"], "color": ["red", "blue"], "price": {"max": 20}},
            ]
        }
    )

    category: _Values | None = Field(
        default=None,
        description="Paths of the catalogue; each takes in its sub-categories.",
        examples=[["Kitchen > Mugs"]],
    )
    brand: _Values | None = None
    color: _Values | None = None
    in_stock: bool | None = None
    price: PriceRange | None = None
    attributes: dict[FieldName, _Values] = Field(
        default_factory=dict,
        max_length=MAX_FACETS,
        description="Further attributes that the catalogue declares filterable.",
        examples=[{"material": ["wood", "bamboo"]}],
    )


class FacetValue(Contract):
    """One value of a field, and how many of the products found have it."""

    value: str
    count: int = Field(ge=1)


class PriceSpan(Contract):
    """What the products found cost, those without a price apart."""

    min: float
    max: float


class Facets(Contract):
    """Of the products found (the best `DEPTH` at most), what they have in common.

    A field that is filtered by is counted as if it were not, so that further values can be chosen.
    """

    fields: dict[str, list[FacetValue]] = Field(
        description="Most frequent first; for categories every level is counted."
    )
    price: PriceSpan | None = Field(default=None, description="Null where none has a price.")


class TermScore(Contract):
    """What one term of the query gave to a product's score."""

    weight: float = Field(description="As used, after balancing the terms.")
    text: float = Field(description="Cosine to the product's words.")
    image: float = Field(description="Cosine to the product's picture; 0 where it has none.")
    contribution: float = Field(description="Its share of `score`; the shares add up to it.")


class Refinements(Contract):
    """Everything but what is sought."""

    threshold: (
        Annotated[
            float,
            Field(ge=-1, le=1, description="Leave out products that score below this similarity."),
        ]
        | None
    ) = None
    cutoff: CutOff = Field(
        default="auto",
        description="`auto` leaves out what is no good match for this query, which may be "
        "everything; `off` shows it too.",
    )
    filters: Filters | None = None
    facets: list[FieldName] = Field(
        default_factory=list,
        max_length=MAX_FACETS,
        description="Fields whose values are counted: `category`, `brand`, `price` and the "
        f"filterable attributes. `{EVERY_FACET}` stands for all of them.",
        examples=[[CATEGORY, BRAND, COLOR, PRICE]],
    )
    facet_values: int = Field(
        default=20, ge=1, le=MAX_FACET_VALUES, description="Values a field at most."
    )
    sort: Sort = Field(
        default="relevance", description="By price: what has none comes last, in either order."
    )
    exclude: list[ProductId] = Field(
        default_factory=list, max_length=MAX_EXCLUDED, description="Products not to show."
    )
    group_variants: bool = Field(
        default=True, description=f"Show only the best of products that share `{GROUP}`."
    )
