"""Sale prices: which of two prices is paid today."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone

from services.contracts.products import LIST_PRICE
from services.pipeline.feeds.base import Note
from services.pipeline.feeds.currencies import CODES
from services.pipeline.feeds.prices import parse_price
from services.pipeline.feeds.validation import PRICE

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FORMATS = (
    *("%m/%d/%y", "%m/%d/%Y", "%m/%d/%y, %I:%M %p", "%m/%d/%Y, %I:%M %p", "%m/%d/%Y %H:%M"),
    *("%d.%m.%Y", "%d.%m.%y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"),
)
_ZONES: Mapping[str, int] = {
    **dict.fromkeys(("UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("BST", "WEST", "CET", "MEZ"), 1),
    **dict.fromkeys(("CEST", "MESZ", "EET"), 2),
    **dict.fromkeys(("MST", "PDT"), -7),
    "EEST": 3,
    "EDT": -4,
    "EST": -5,
    "MDT": -6,
    "PST": -8,
}
"""Hours ahead of UTC by abbreviation. CST is several zones."""


def apply_sale(
    fields: MutableMapping[str, str], sale: str, dates: str | tuple[str, str], *, column: str
) -> tuple[bool, tuple[Note, ...]]:
    """Make the sale price the price, and the price the list price, if it is in effect and lower.

    dates: start and end, each may be empty, or both in one text as Google has them.
    column: of the sale price. Returns whether it was applied, and a note on what cannot be read.
    """
    if not sale:
        return False, ()
    try:
        start, end = interval(dates) if isinstance(dates, str) else dates
        return _apply_sale(fields, sale, start, end), ()
    except ValueError as error:
        return False, (Note(PRICE, f"{error}; the regular price is shown", column),)


def _apply_sale(fields: MutableMapping[str, str], sale: str, start: str, end: str) -> bool:
    """Raises ValueError, with a reason for a person."""
    try:
        price = parse_price(sale, fields.get("currency", ""))
    except ValueError as error:
        raise ValueError(f"sale price {sale!r} {error}") from error
    if price.amount <= 0 or not is_in_effect(start, end):
        return False
    regular = fields.get("price", "")
    if regular:
        try:
            before = parse_price(regular, fields.get("currency", ""))
        except ValueError:
            return False  # validation says why
        named = before.currency or fields.get("currency", "").upper()
        if price.currency and named in CODES and price.currency != named:
            raise ValueError(
                f"sale price {sale!r} is in {price.currency}, but its price in {named}"
            )
        if price.amount >= before.amount:
            return False
        fields[LIST_PRICE] = regular
        if before.currency and not price.currency:
            fields.setdefault("currency", before.currency)
    fields["price"] = sale
    return True


@dataclass(frozen=True, slots=True)
class SaleColumns:
    """Names of a shop system's columns of prices."""

    regular: str
    sale: str
    start: str
    end: str

    def prices(self, values: Mapping[str, str]) -> tuple[dict[str, str], tuple[Note, ...]]:
        """The fields of a row's price, and notes on what cannot be read."""
        fields = {"price": values[self.regular]} if self.regular in values else {}
        dates = values.get(self.start, ""), values.get(self.end, "")
        _, notes = apply_sale(fields, values.get(self.sale, ""), dates, column=self.sale)
        return fields, notes


def is_in_effect(start: str, end: str, now: datetime | None = None) -> bool:
    """True if now is between two dates; a date without a time includes its whole day.

    Raises ValueError for what is not a date.
    """
    now = now or datetime.now(UTC)
    begins = _instant(start, time.min)
    ends = _instant(end, time.max)
    return (begins is None or begins <= now) and (ends is None or now <= ends)


def interval(text: str) -> tuple[str, str]:
    """Google's `2024-11-29T00:00-0800/2024-12-02T23:59-0800`, or empty. Raises ValueError."""
    if not text:
        return "", ""
    start, slash, end = text.partition("/")
    if not slash:
        raise ValueError(f"sale_price_effective_date {text!r} is not two dates with a / between")
    return start.strip(), end.strip()


def _instant(text: str, at: time) -> datetime | None:
    text = text.strip()
    if not text or text.startswith("0000"):
        return None
    found = _date(text)
    if _DAY.fullmatch(text) or text.count(":") == 0:
        found = datetime.combine(found.date(), at)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _date(text: str) -> datetime:
    before, _, zone = text.rpartition(" ")
    if before and zone.upper() in _ZONES:
        return _date(before.strip()).replace(tzinfo=timezone(timedelta(hours=_ZONES[zone.upper()])))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if text.isdecimal() and len(text) in {10, 13}:  # seconds or milliseconds since 1970
        return datetime.fromtimestamp(int(text[:10]), UTC)
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is not a date; expected one such as 2026-11-29")
