"""Merge patches (RFC 7396) of a stored product, `If-Match` and `If-None-Match`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.common.problems import InvalidRequest, NotFound, PreconditionFailed, field_problems
from services.contracts.products import MORE_IMAGES, Product, product_etag, take_list_price
from services.contracts.writer import ProductInput
from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.pictures.media import MediaStore
from services.writer.change import PICTURE_FIELDS, Change
from services.writer.reading import ReadProduct, read_product

Row = Mapping[str, Any]
"""Features of `product_metadata` by name."""

_SHOWN = ("title", "description", "image_url")
"""Fields that the vectors depend on, as `GET` shows them."""

_OPTIONAL = ("brand", "category", "currency", "image_url", "product_url")


def product_of(product_id: str, row: Row) -> Product:
    """The product as `GET` gives it."""
    price = None if row["price"] is None or math.isnan(row["price"]) else row["price"]
    attributes = json.loads(row["attributes"]) if row["attributes"] else {}
    return Product(
        product_id=product_id,
        title=row["title"],
        description=row["description"] or "",
        price=price,
        list_price=take_list_price(attributes, price),
        attributes=attributes,
        **{name: row[name] or None for name in _OPTIONAL},
    )


def check_match(change: Change, row: Row | None) -> None:
    """Raises PreconditionFailed when the stored product is not what the caller expects."""
    product_id = change.product_id
    if change.only_new and row is not None:
        raise PreconditionFailed(f"The catalogue has a product {product_id!r} already.")
    if change.if_match is None:
        return
    wanted = [tag.strip().removeprefix("W/").strip('"') for tag in change.if_match.split(",")]
    if row is None:
        raise PreconditionFailed(f"The catalogue has no product {product_id!r}.")
    if "*" in wanted:
        return
    now = product_etag(product_of(product_id, row))
    if now not in wanted:
        raise PreconditionFailed(
            f'Product {product_id!r} was changed meanwhile; its ETag is now "{now}". Read it again.'
        )


def patched_product(
    product_id: str,
    patch: dict[str, Any],
    row: Row | None,
    vector_fingerprint: str,
    media: MediaStore,
    model_id: str,
) -> ReadProduct | CatalogueProduct:
    """The product after a merge patch; complete if its vectors stay as they are.

    row, vector_fingerprint: of the stored product. Raises NotFound, InvalidRequest,
    UnreadableImage.
    """
    if row is None:
        raise NotFound(f"The catalogue has no product {product_id!r}.")
    before = product_of(product_id, row)
    given = _merged(before.model_dump(exclude={"product_id"}), patch)
    new = {name for name in PICTURE_FIELDS if patch.get(name) is not None}
    if new:
        # The stored addresses are not sent back beside new pictures.
        given = {name: value for name, value in given.items() if name not in PICTURE_FIELDS}
        given |= {name: patch[name] for name in new}
    same = (
        not {"image", "images", "image_urls"} & patch.keys()
        and all((given.get(name) or None) == (getattr(before, name) or None) for name in _SHOWN)
        and _more(given.get("attributes")) == _more(before.attributes)
    )
    if same:
        # They stay, whatever they are.
        given.pop("image_url", None)
        given["attributes"] = _without_pictures(given.get("attributes"))
    try:
        wanted = ProductInput.model_validate(given)
    except ValidationError as error:
        problems = field_problems(error, "body")
        where = ", ".join(problem.field for problem in problems)
        raise InvalidRequest(
            f"The patched product cannot be accepted; look at: {where}.", errors=problems
        ) from error
    read = read_product(product_id, wanted, media)
    if not same:
        return read
    product = CatalogueProduct.of(read.product, read.picture, model_id)
    more = _more(before.attributes)
    return product.with_vectors_of(vector_fingerprint, before.image_url or "", more)


def _more(attributes: object) -> str:
    """The further pictures among the attributes of a product."""
    return str(attributes.get(MORE_IMAGES) or "") if isinstance(attributes, dict) else ""


def _without_pictures(attributes: object) -> object:
    if not isinstance(attributes, dict):
        return {} if attributes is None else attributes
    return {name: value for name, value in attributes.items() if name != MORE_IMAGES}


def _merged(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396: null removes a member, an object is merged, all else replaces."""
    merged = dict(target)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            inner = merged.get(name)
            merged[name] = _merged(inner if isinstance(inner, dict) else {}, value)
        else:
            merged[name] = value
    return merged
