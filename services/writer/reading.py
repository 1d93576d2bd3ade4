"""A caller's product, checked and cleaned as a row of a product file is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.common.problems import InvalidRequest, UnreadableImage
from services.contracts.problems import FieldProblem
from services.contracts.products import LIST_PRICE, MORE_IMAGES
from services.contracts.writer import ProductInput
from services.pipeline.feeds import FeedRow
from services.pipeline.feeds.cleaning import CONTROL_CHARACTER, TOO_LONG
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.validation import FeedProduct, Reject, RowValidator, web_link
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture
from services.writer.change import PICTURE_FIELDS

_NO_PICTURE = "is neither a stored picture nor an http(s) address"

_FIELDS = {"image": "image_url"}
"""Fields of a product whose name in the request differs."""

_MENDED = frozenset({CONTROL_CHARACTER, TOO_LONG})
"""Kinds of notes that a caller need not correct: the text is stored as a file's would be."""


@dataclass(frozen=True, slots=True)
class ReadProduct:
    """A product that may be stored, and its first picture unless that is to be fetched."""

    product: FeedProduct
    """Its further pictures are paths of stored ones and links."""
    picture: StoredPicture | None


def read_product(product_id: str, given: ProductInput, media: MediaStore) -> ReadProduct:
    """Check a product and store its picture. Raises InvalidRequest, UnreadableImage.

    Decodes the picture: not for an event loop.
    """
    if given.product_id not in (None, product_id):
        raise _refused("product_id", "does not match the id in the URL")
    pictures = _pictures(given, media)
    picture = media.find(pictures[0]) if pictures else None
    checked = RowValidator(media.folder).check(_row(product_id, given, pictures, picture))
    if isinstance(checked, Reject):
        raise _problem(checked.column, checked.reason)
    if checked.product_id != product_id:
        raise _refused("product_id", "has blanks at its ends, or control characters")
    for note in checked.notes:
        if note.kind not in _MENDED:
            raise _problem(note.column, note.reason)
    more = _more(pictures[1:], media)
    if checked.picture_file is not None:
        raise _refused("image_url", _NO_PICTURE)
    # The attribute of an older release may name what it did not store.
    if given.image_urls is not None and len(more) < len(pictures) - 1:
        raise _refused("image_urls", _NO_PICTURE)
    return ReadProduct(replace(checked, more_pictures=more), picture)


def _row(
    product_id: str, given: ProductInput, pictures: Sequence[str], picture: StoredPicture | None
) -> FeedRow:
    """As a file's row: HTML in words becomes text. Its further pictures are checked apart."""
    fields = {
        "product_id": product_id.strip(),
        "title": html_to_text(given.title),
        "description": html_to_text(given.description),
        "brand": html_to_text(given.brand or ""),
        "category": html_to_text(given.category or ""),
        "price": "" if given.price is None else repr(given.price),
        LIST_PRICE: "" if given.list_price is None else repr(given.list_price),
        "currency": (given.currency or "").strip(),
        "image": "" if picture is not None or not pictures else pictures[0],
        "product_url": (given.product_url or "").strip(),
    }
    attributes = {
        name.strip(): value.strip()
        for name, value in given.attributes.items()
        if name.strip() and value.strip() and name.strip() != MORE_IMAGES
    }
    return FeedRow(number=1, values=(), fields=fields, attributes=attributes)


def _pictures(given: ProductInput, media: MediaStore) -> list[str]:
    """Paths of stored pictures and links, the first picture's first. Raises InvalidRequest,
    UnreadableImage.
    """
    named = [name for name in PICTURE_FIELDS if getattr(given, name) is not None]
    if len(named) > 1:
        raise _refused(named[1], f"cannot be given together with `{named[0]}`")
    more = given.attributes.get(MORE_IMAGES, "").split()
    if given.image is not None:
        return [_stored(given.image, media), *more]
    if given.images is not None:
        return [_stored(one, media) for one in given.images]
    if given.image_urls is not None:
        return [one.strip() for one in given.image_urls]
    return [given.image_url.strip(), *more] if given.image_url else more


def _stored(picture: bytes, media: MediaStore) -> str:
    try:
        return media.take_bytes(picture).url
    except UnusablePicture as error:
        raise UnreadableImage(f"The picture {error}.") from error


def _more(addresses: Sequence[str], media: MediaStore) -> tuple[str, ...]:
    """Further pictures: stored ones and links; without those that are neither."""
    kept = (one if media.find(one) is not None else web_link(one) for one in addresses)
    return tuple(filter(None, kept))


def _refused(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{field}` {message}.", errors=[FieldProblem(field=f"body.{field}", message=message)]
    )


def _problem(column: str, reason: str) -> InvalidRequest:
    field = _FIELDS.get(column, column)
    errors = [FieldProblem(field=f"body.{field}", message=reason)] if field else []
    return InvalidRequest(f"The product cannot be stored: {reason}.", errors=errors)
