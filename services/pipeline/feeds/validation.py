"""Is this row a product? One that is comes out typed; one that isn't, with the reason."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.pipeline.feeds import FeedRow, ReadyVectors
from services.pipeline.feeds.base import MAX_ATTRIBUTE_CHARACTERS
from services.pipeline.feeds.prices import SYMBOLS, parse_price
from services.pipeline.feeds.ready_vectors import UnusableVector, unit_vectors

MAX_CHARACTERS: Mapping[str, int] = {
    "product_id": 128,
    "title": 1_000,
    "description": 50_000,
    "brand": 200,
    "category": 1_000,
    "image": 2_000,
    "product_url": 2_000,
}

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_WEB = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
_LINK = re.compile(r"https?://", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LINE_BREAKS = frozenset("\t\n\r")


@dataclass(frozen=True, slots=True)
class FeedProduct:
    """A row that may be loaded; text is empty where the feed says nothing."""

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
    """A file inside the feed's folder; at most one of this and `picture_link` is there."""
    picture_link: str
    attributes: Mapping[str, str]
    vectors: ReadyVectors | None = field(default=None, compare=False)
    """(d,) unit vectors that came with the feed."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that may not, and why."""

    row: int
    product_id: str
    reason: str
    column: str = ""
    """The field that it is about; empty where it is the whole row."""


class _Refused(Exception):
    """The row breaks a rule; the message is the reason."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.column = column


class RowValidator:
    """Checks the rows of one feed, in order; remembers the ids that it let through."""

    def __init__(self, folder: Path, *, currency: str = "", dimension: int | None = None) -> None:
        """folder: of the feed. Pictures are looked for in it, and nowhere else.

        currency: of prices for which the feed names none. dimension: of vectors that it brings,
        which are left when there is none.
        """
        self._dimension = dimension
        self._default_currency = currency
        self._folder = folder.resolve()
        self._rows_by_id: dict[str, int] = {}

    def check(self, row: FeedRow) -> FeedProduct | Reject:
        """Everything but the inside of the picture, which takes reading it."""
        product_id = row.fields.get("product_id", "")
        try:
            if row.problem is not None:
                raise _Refused(row.problem)
            product = self._product(row)
        except _Refused as refused:
            return Reject(row.number, product_id, str(refused), refused.column)
        self._rows_by_id[product.product_id] = row.number
        return product

    def _product(self, row: FeedRow) -> FeedProduct:
        fields = {name: row.fields.get(name, "") for name in MAX_CHARACTERS}
        for name, value in fields.items():
            _check_text(name, value, MAX_CHARACTERS[name])
        for name, value in row.attributes.items():
            _check_text(name, name, MAX_ATTRIBUTE_CHARACTERS)
            _check_text(name, value, MAX_ATTRIBUTE_CHARACTERS)
        product_id = fields["product_id"]
        if not product_id:
            raise _Refused("there is no product id", "product_id")
        if any(character in _LINE_BREAKS for character in product_id):
            raise _Refused("product_id holds a line break or a tab", "product_id")
        earlier = self._rows_by_id.get(product_id)
        if earlier is not None:
            raise _Refused(
                f"product_id {product_id!r} is already that of row {earlier}", "product_id"
            )
        if not fields["title"]:
            raise _Refused("there is no title", "title")
        product_url = _as_browsers_read(fields["product_url"])
        if product_url and not _WEB.fullmatch(product_url):
            # It becomes a link on a page, where `javascript:` would run.
            raise _Refused(
                f"product_url {_short(fields['product_url'])} is no http(s) address", "product_url"
            )
        picture_file, picture_link = self._picture(fields["image"])
        price, currency = self._price(
            row.fields.get("price", ""), _currency(row.fields.get("currency", ""))
        )
        return FeedProduct(
            row=row.number,
            product_id=product_id,
            title=fields["title"],
            description=fields["description"],
            brand=fields["brand"],
            category=fields["category"],
            price=price,
            currency=currency,
            product_url=product_url,
            picture_file=picture_file,
            picture_link=picture_link,
            attributes=row.attributes,
            vectors=self._vectors(row.vectors),
        )

    def _price(self, value: str, named: str) -> tuple[float | None, str]:
        """An amount and its currency, which may stand in a column or beside the amount."""
        if not value:
            return None, named
        try:
            price = parse_price(value, named or self._default_currency)
        except ValueError as error:
            raise _Refused(f"price {_short(value)} {error}", "price") from error
        if not math.isfinite(price.amount):
            raise _Refused(f"price {_short(value)} is not a finite number", "price")
        if price.amount < 0:
            raise _Refused(f"price {_short(value)} is below zero", "price")
        if named and price.currency and named != price.currency:
            raise _Refused(f"price {_short(value)} is not in {named}, which its row names", "price")
        currency = named or price.currency or self._default_currency
        return abs(price.amount), currency  # -0.0 is 0.0

    def _vectors(self, vectors: ReadyVectors | None) -> ReadyVectors | None:
        if vectors is None or self._dimension is None:
            return None
        try:
            return unit_vectors(vectors, self._dimension)
        except UnusableVector as error:
            raise _Refused(str(error), f"{error.kind}_vector") from error

    def _picture(self, value: str) -> tuple[Path | None, str]:
        """A file of the feed, or a link, or neither."""
        value = _as_browsers_read(value)
        if not value:
            return None, ""
        if _WEB.fullmatch(value):
            return None, value
        if _SCHEME.match(value):
            raise _Refused(
                f"picture {_short(value)} is neither a file nor an http(s) address", "image"
            )
        if Path(value).is_absolute():
            raise _Refused(
                f"picture {_short(value)} is an absolute path; say it from the feed on", "image"
            )
        try:
            # Resolved, so that no link inside the folder leads out of it either.
            file = (self._folder / value).resolve()
            if not file.is_relative_to(self._folder):
                raise _Refused(f"picture {_short(value)} is outside the feed's folder", "image")
            if not file.is_file():
                raise _Refused(f"picture {_short(value)} does not exist", "image")
        except (OSError, RuntimeError) as error:  # a name too long, a circle of links
            raise _Refused(f"picture {_short(value)} can't be looked for", "image") from error
        return file, ""


def _as_browsers_read(link: str) -> str:
    """With the scheme that `//host/path` leaves out, and `%20` for the blanks of a link."""
    if link.startswith("//"):
        link = f"https:{link}"
    return link.replace(" ", "%20") if _LINK.match(link) else link


def _check_text(name: str, value: str, most: int) -> None:
    if len(value) > most:
        raise _Refused(
            f"{_short(name)} has {len(value)} characters; at most {most} are taken", name
        )
    if value.isprintable():  # by far the most, and quick
        return
    for character in value:
        category = unicodedata.category(character)
        if category == "Cs":
            raise _Refused(f"{_short(name)} is not valid UTF-8; `--encoding` names another", name)
        if category == "Cc" and character not in _LINE_BREAKS:
            raise _Refused(
                f"{_short(name)} holds a control character, U+{ord(character):04X}", name
            )


def _currency(value: str) -> str:
    value = SYMBOLS.get(value) or value
    if value and not _CURRENCY.fullmatch(value):
        raise _Refused(f"currency {_short(value)} is not three letters, as in EUR", "currency")
    return value.upper()


def _short(value: str) -> str:
    return repr(value if len(value) <= 80 else value[:80] + "…")
