"""The other colours of the products that an answer shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.common.field_values import folded
from services.contracts.products import Variant
from services.contracts.search import COLOR
from services.retriever.catalogue.catalogue import Catalogue

MOST = 12
_LOOKED_AT = 200
"""Members of a group; some shops put thousands of products into one."""


def variants_of(catalogue: Catalogue, numbers: Sequence[int]) -> Iterator[dict[str, object]]:
    """The field `variants` of each of these products; nothing where it would be empty."""
    for number in numbers:
        found = _other_colours(catalogue, number)
        yield {"variants": found} if found else {}


def _other_colours(catalogue: Catalogue, number: int) -> list[Variant]:
    """One variant of this product in each of the other colours of its group."""
    products, index = catalogue.products, catalogue.index
    colours = {folded(_colour(catalogue, number) or "")}
    found: list[Variant] = []
    for member in products.group_of(number)[:_LOOKED_AT]:
        colour = _colour(catalogue, member)
        form = folded(colour or "")
        product_id = index.id_of(member)
        # A product that was put in again has another row number.
        if not colour or form in colours or index.number_of(product_id) != member:
            continue
        colours.add(form)
        found.append(Variant(product_id=product_id, color=colour))
        if len(found) == MOST:
            break
    return found


def _colour(catalogue: Catalogue, number: int) -> str | None:
    fields, row = catalogue.products.place(number)
    return fields.column(COLOR).of_row(row)
