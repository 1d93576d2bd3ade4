"""A caller's product, checked and cleaned as a row of a product file is."""

from __future__ import annotations

from dataclasses import dataclass

from services.common.problems import InvalidRequest, UnreadableImage
from services.contracts.problems import FieldProblem
from services.contracts.products import LIST_PRICE
from services.contracts.writer import ProductInput
from services.pipeline.feeds import FeedRow
from services.pipeline.feeds.cleaning import CONTROL_CHARACTER, TOO_LONG
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.validation import FeedProduct, Reject, RowValidator
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture

_FIELDS = {"image": "image_url"}
"""Fields of a product whose name in the request differs."""

_MENDED = frozenset({CONTROL_CHARACTER, TOO_LONG})
"""Kinds of notes that a caller need not correct: the text is stored as a file's would be."""


@dataclass(frozen=True, slots=True)
class ReadProduct:
    """A product that may be stored, and its picture unless that is to be fetched."""

    product: FeedProduct
    picture: StoredPicture | None


def read_product(product_id: str, given: ProductInput, media: MediaStore) -> ReadProduct:
    """Check a product and store its picture. Raises InvalidRequest, UnreadableImage.

    Decodes the picture: not for an event loop.
    """
    if given.product_id not in (None, product_id):
        raise _refused("product_id", "does not match the id in the URL")
    picture = _picture(given, media)
    checked = RowValidator(media.folder).check(_row(product_id, given, picture))
    if isinstance(checked, Reject):
        raise _problem(checked.column, checked.reason)
    if checked.product_id != product_id:
        raise _refused("product_id", "has blanks at its ends, or control characters")
    for note in checked.notes:
        if note.kind not in _MENDED:
            raise _problem(note.column, note.reason)
    if checked.picture_file is not None:
        raise _refused("image_url", "is neither a stored picture nor an http(s) address")
    return ReadProduct(checked, picture)


def _row(product_id: str, given: ProductInput, picture: StoredPicture | None) -> FeedRow:
    """As a file's row: HTML in words becomes text."""
    fields = {
        "product_id": product_id.strip(),
        "title": html_to_text(given.title),
        "description": html_to_text(given.description),
        "brand": html_to_text(given.brand or ""),
        "category": html_to_text(given.category or ""),
        "price": "" if given.price is None else repr(given.price),
        LIST_PRICE: "" if given.list_price is None else repr(given.list_price),
        "currency": (given.currency or "").strip(),
        "image": "" if picture is not None else (given.image_url or "").strip(),
        "product_url": (given.product_url or "").strip(),
    }
    attributes = {
        name.strip(): value.strip()
        for name, value in given.attributes.items()
        if name.strip() and value.strip()
    }
    return FeedRow(number=1, values=(), fields=fields, attributes=attributes)


def _picture(given: ProductInput, media: MediaStore) -> StoredPicture | None:
    if given.image is not None and given.image_url is not None:
        raise _refused("image_url", "cannot be given together with `image`")
    if given.image is not None:
        try:
            return media.take_bytes(given.image)
        except UnusablePicture as error:
            raise UnreadableImage(f"The picture {error}.") from error
    return None if given.image_url is None else media.find(given.image_url)


def _refused(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{field}` {message}.", errors=[FieldProblem(field=f"body.{field}", message=message)]
    )


def _problem(column: str, reason: str) -> InvalidRequest:
    field = _FIELDS.get(column, column)
    errors = [FieldProblem(field=f"body.{field}", message=reason)] if field else []
    return InvalidRequest(f"The product cannot be stored: {reason}.", errors=errors)
