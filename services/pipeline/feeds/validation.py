"""Check of a row: a typed product, with notes on details that were left out, or a reason.

Only an id or a title that cannot be had refuses a row that the feed offers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urljoin

from services.contracts.products import LIST_PRICE, MORE_IMAGES
from services.pipeline.feeds.base import FeedRow, Note, ReadyVectors
from services.pipeline.feeds.cleaning import (
    MAX_CHARACTERS,
    clean_attributes,
    clean_text,
    is_plain,
    short,
)
from services.pipeline.feeds.currencies import currency_of
from services.pipeline.feeds.html import html_to_text
from services.pipeline.feeds.links import as_browsers_read
from services.pipeline.feeds.prices import parse_price
from services.pipeline.feeds.ready_vectors import UnusableVector, unit_vectors
from services.pipeline.feeds.wrong_bytes import has_wrong_bytes

NO_ID = "no usable product id"
NO_TITLE = "no usable title"
REPEATED_ID = "repeated product id"
"""Kinds of rejects, beside those of `FeedRow.problem_kind`."""

_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"
"""Around an id: marks of a file that was joined to another, and of pages that were copied."""

PRICE = "unusable price"
CURRENCY = "unknown currency"
LINK = "unusable link"
PICTURE = "unusable picture"
VECTOR = "unusable vector"
BARCODE = "unusable barcode"
"""Kinds of notes, beside those of `cleaning`."""

_WEB = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_ROUNDED = re.compile(r"[1-9](?:[.,][0-9]+)?E\+[0-9]{2}")
"""A long number as spreadsheets save it, with its last digits lost: `4.00638E+12`."""
_ROUNDED_BY = "rounded by a spreadsheet; export the file again, and format the column as text"
_BARCODES = ("gtin", "ean", "barcode", "upc")


@dataclass(frozen=True, slots=True)
class FeedProduct:
    """A row that may be loaded; text is empty where the feed has none."""

    row: int
    product_id: str
    title: str
    description: str
    brand: str
    category: str
    price: float | None
    currency: str
    product_url: str
    picture_file: Path | None
    """A file inside the feed's folder; at most one of the three pictures is there."""
    picture_link: str
    attributes: Mapping[str, str]
    vectors: ReadyVectors | None = field(default=None, compare=False)
    """(d,) unit vectors that came with the feed."""
    picture_bytes: bytes | None = field(default=None, compare=False, repr=False)
    more_pictures: tuple[Path | str, ...] = ()
    """Files and links of the pictures after the first."""
    notes: tuple[Note, ...] = field(default=(), compare=False)
    """Details that it loads without."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that may not be loaded, and why."""

    row: int
    product_id: str
    reason: str
    column: str = ""
    """The field concerned; empty where it is the whole row."""
    kind: str = ""
    """Short and always the same: reports count by it."""


class _Refused(Exception):
    """The row breaks a rule; the message is the reason."""

    def __init__(self, kind: str, reason: str, column: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.column = column


class RowValidator:
    """Checks the rows of one feed, in order; remembers the ids that it let through."""

    def __init__(
        self, folder: Path, *, address: str = "", currency: str = "", dimension: int | None = None
    ) -> None:
        """folder: of the feed. Picture files must be in it.

        address: of a feed that was downloaded; its picture paths are relative to that.
        currency: of prices for which the feed names none. dimension: of vectors that it brings;
        None ignores them.
        """
        self._address = address
        self._dimension = dimension
        self._default_currency = currency
        self._folder = folder.resolve()
        self._rows_by_id: dict[str, int] = {}

    def check(self, row: FeedRow) -> FeedProduct | Reject:
        """Everything but the inside of the picture, which takes reading it."""
        product_id = row.fields.get("product_id", "")
        if row.problem is not None:
            return Reject(row.number, product_id, row.problem, kind=row.problem_kind)
        try:
            product = self._product(row)
        except _Refused as refused:
            return Reject(row.number, product_id, str(refused), refused.column, refused.kind)
        self._rows_by_id[product.product_id] = row.number
        return product

    def _product(self, row: FeedRow) -> FeedProduct:
        notes = list(row.notes)
        product_id = self._id(row.fields.get("product_id", ""))
        title = _title(row.fields.get("title", ""), notes)
        words = {
            name: clean_text(name, row.fields.get(name, ""), notes)
            for name in ("description", "brand", "category")
        }
        image = "" if row.picture is not None else row.fields.get("image", "")
        picture = self._picture(image, "image", notes)
        more = (
            self._picture(one if "://" in one else one.replace("%20", " "), MORE_IMAGES, notes)
            for one in row.attributes.get(MORE_IMAGES, "").split()
        )
        price, currency = self._price(row.fields, notes)
        attributes = _without_rounded(clean_attributes(row.attributes, notes), notes)
        if (list_price := row.fields.get(LIST_PRICE, "")) and price is not None:
            attributes = {**attributes, **_list_price(list_price, price, currency, notes)}
        return FeedProduct(
            row=row.number,
            product_id=product_id,
            title=title,
            **words,
            price=price,
            currency=currency,
            product_url=_link("product_url", row.fields.get("product_url", ""), notes),
            picture_file=picture if isinstance(picture, Path) else None,
            picture_link=picture if isinstance(picture, str) else "",
            attributes=attributes,
            vectors=self._vectors(row.vectors, notes),
            picture_bytes=row.picture,
            more_pictures=tuple(one for one in more if one),
            notes=tuple(notes),
        )

    def _id(self, product_id: str) -> str:
        product_id = product_id.strip(_INVISIBLE)
        reason = ""
        if not product_id.strip():
            reason = "there is no product id"
        elif len(product_id) > MAX_CHARACTERS["product_id"]:
            most = MAX_CHARACTERS["product_id"]
            reason = f"product_id has {len(product_id)} characters; at most {most} are allowed"
        elif has_wrong_bytes(product_id):
            reason = "product_id is wrong in the file's encoding; `--encoding` names another"
        elif not is_plain(product_id):
            reason = "product_id holds a line break, a tab or another control character"
        elif _ROUNDED.fullmatch(product_id):
            reason = f"product_id {product_id!r} is {_ROUNDED_BY}"
        if reason:
            raise _Refused(NO_ID, reason, "product_id")
        earlier = self._rows_by_id.get(product_id)
        if earlier is not None:
            raise _Refused(
                REPEATED_ID,
                f"product_id {product_id!r} is already that of row {earlier}",
                "product_id",
            )
        return product_id

    def _price(self, fields: Mapping[str, str], notes: list[Note]) -> tuple[float | None, str]:
        """An amount and its currency, which may stand in a column or beside the amount."""
        named = _named_currency(fields.get("currency", ""), self._default_currency, notes)
        value = fields.get("price", "")
        if not value:
            return None, named
        try:
            amount, beside = _amount(value, named or self._default_currency)
            if named and beside and named != beside:
                raise ValueError(f"is in {beside}, but its row names {named}")
        except ValueError as error:
            notes.append(Note(PRICE, f"price {short(value)} {error}", "price"))
            return None, named
        return amount, named or beside or self._default_currency

    def _vectors(self, vectors: ReadyVectors | None, notes: list[Note]) -> ReadyVectors | None:
        if vectors is None or self._dimension is None:
            return None
        try:
            return unit_vectors(vectors, self._dimension)
        except UnusableVector as error:
            column = f"{error.kind}_vector"
            notes.append(Note(VECTOR, f"{error}; words and picture are encoded", column))
            return None

    def _picture(self, value: str, column: str, notes: list[Note]) -> Path | str | None:
        """A file of the feed, or a link, or neither."""
        value = as_browsers_read(value)
        if not value:
            return None
        if self._address and not _SCHEME.match(value):
            value = urljoin(self._address, value.replace(" ", "%20"))
        if _is_web(value, MAX_CHARACTERS["image"]):
            return value
        try:
            return self._file(value)
        except ValueError as error:
            reason = str(error)
        except (OSError, RuntimeError):  # a name too long, a circle of links
            reason = "cannot be looked for"
        notes.append(Note(PICTURE, f"picture {short(value)} {reason}", column))
        return None

    def _file(self, value: str) -> Path:
        """Raises ValueError with the reason."""
        if not is_plain(value):
            raise ValueError("holds a line break, a control character or a wrong byte")
        if _SCHEME.match(value):
            raise ValueError("is neither a file nor an http(s) link")
        if Path(value).is_absolute():
            raise ValueError("is an absolute path; write it relative to the feed")
        # As it stands, as Windows writes paths, and as links do.
        for name in (value, value.replace("\\", "/"), unquote(value)):
            # Resolved, so that no link inside the folder leads out of it.
            file = (self._folder / name).resolve()
            if not file.is_relative_to(self._folder):
                raise ValueError("is outside the feed's folder")
            if file.is_file():
                return file
        raise ValueError("does not exist")


def _title(title: str, notes: list[Note]) -> str:
    if has_wrong_bytes(title):
        reason = "title is wrong in the file's encoding; `--encoding` names another"
        raise _Refused(NO_TITLE, reason, "title")
    title = clean_text("title", title, notes)
    if not any(one.isprintable() and not one.isspace() for one in title):
        raise _Refused(NO_TITLE, "there is no title", "title")
    return title


def _without_rounded(attributes: Mapping[str, str], notes: list[Note]) -> Mapping[str, str]:
    """Without barcodes that a spreadsheet has rounded."""
    said = ((one, attributes[one]) for one in _BARCODES if one in attributes)
    rounded = [one for one, value in said if "E+" in value and _ROUNDED.fullmatch(value)]
    if not rounded:
        return attributes
    notes += [Note(BARCODE, f"{one} {attributes[one]!r} is {_ROUNDED_BY}", one) for one in rounded]
    return {name: value for name, value in attributes.items() if name not in rounded}


def _link(name: str, value: str, notes: list[Note]) -> str:
    """It becomes a link on a page, where `javascript:` would run."""
    link = as_browsers_read(value)
    if not link:
        return ""
    if _is_web(link, MAX_CHARACTERS[name]):
        return link
    notes.append(Note(LINK, f"{name} {short(value)} is not an http(s) link", name))
    return ""


def web_link(value: str) -> str:
    """The picture's link as browsers read it; empty if it is none."""
    link = as_browsers_read(value)
    return link if _is_web(link, MAX_CHARACTERS["image"]) else ""


def _is_web(link: str, most: int) -> bool:
    return len(link) <= most and _WEB.fullmatch(link) is not None and is_plain(link)


def _named_currency(value: str, default: str, notes: list[Note]) -> str:
    if not value:
        return ""
    code = currency_of(value)
    if not code and not (code == "" and default):
        expected = "expected a code of ISO 4217, as in EUR"
        notes.append(
            Note(CURRENCY, f"currency {short(value)} is not known; {expected}", "currency")
        )
    return code or ""


def _amount(value: str, currency: str) -> tuple[float, str]:
    """Raises ValueError, whose message continues `price '…'`."""
    price = parse_price(html_to_text(value) if "&" in value or "<" in value else value, currency)
    if not math.isfinite(price.amount):
        raise ValueError("is not a finite number")
    if price.amount < 0:
        raise ValueError("is below zero")
    return abs(price.amount), price.currency  # -0.0 is 0.0


def _list_price(value: str, price: float, currency: str, notes: list[Note]) -> dict[str, str]:
    """The list price as an attribute, if it is above the price and in the same currency."""
    try:
        amount, beside = _amount(value, currency)
    except ValueError as error:
        notes.append(Note(PRICE, f"list price {short(value)} {error}", LIST_PRICE))
        return {}
    if amount <= price or (beside and currency and beside != currency):
        return {}
    return {LIST_PRICE: value if _PLAIN.fullmatch(value) else repr(amount)}
