"""An answer as JSON. Products are written once and then reused, because they rarely change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from services.contracts.products import Product, ScoredProduct
from services.contracts.retriever import RetrievalHead
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.products import Products

_PLACE: Mapping[str, Any] = {
    name: None if field.is_required() else field.get_default(call_default_factory=True)
    for name, field in ScoredProduct.model_fields.items()
    if name not in Product.model_fields
}
"""Fields that a product has only in an answer, in the contract's order, with their defaults."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`results` is the JSON list of products."""

    head: RetrievalHead
    results: bytes

    def json(self) -> bytes:
        """`RetrievalResponse` as JSON."""
        return self.head.model_dump_json().encode()[:-1] + b',"results":' + self.results + b"}"

    def lines(self) -> bytes:
        """The two lines of `LINES_MEDIA_TYPE`."""
        return self.head.model_dump_json().encode() + b"\n" + self.results


def nothing_found(catalogue: Catalogue) -> Answer:
    """An answer without products."""
    head = RetrievalHead(
        found=0, confidence=0, catalogue=catalogue.info, snapshot=catalogue.snapshot
    )
    return Answer(head, b"[]")


def written(
    products: Products, numbers: Sequence[int], places: Sequence[Mapping[str, Any]]
) -> bytes:
    """The JSON list of these products. places: the other fields of `ScoredProduct` of each."""
    parts = [
        product + to_json({**_PLACE, **place})[1:]
        for product, place in zip(products.written(numbers), places, strict=True)
    ]
    return b"[" + b",".join(parts) + b"]"
