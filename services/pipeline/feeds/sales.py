"""Sale prices: which of two prices is paid today."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, time

from services.contracts.products import LIST_PRICE
from services.pipeline.feeds.prices import parse_price

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FORMATS = ("%m/%d/%y", "%m/%d/%Y", "%m/%d/%y, %I:%M %p", "%m/%d/%Y, %I:%M %p", "%m/%d/%Y %H:%M")


def apply_sale(fields: MutableMapping[str, str], sale: str, *, start: str, end: str) -> bool:
    """Make the sale price the price, and the price the list price, if it is in effect and lower.

    start, end: dates, or empty. Raises ValueError, with a reason for a person, when the sale price
    or a date cannot be read.
    """
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
        if price.amount >= before.amount:
            return False
        fields[LIST_PRICE] = regular
        if before.currency and not price.currency:
            fields.setdefault("currency", before.currency)
    fields["price"] = sale
    return True


def is_in_effect(start: str, end: str, now: datetime | None = None) -> bool:
    """True if now is between two dates; a date without a time includes its whole day.

    Raises ValueError for what is not a date.
    """
    now = now or datetime.now(UTC)
    begins = _instant(start, time.min)
    ends = _instant(end, time.max)
    return (begins is None or begins <= now) and (ends is None or now <= ends)


def interval(text: str) -> tuple[str, str]:
    """Google's `2024-11-29T00:00-0800/2024-12-02T23:59-0800`. Raises ValueError."""
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


STOCK: Mapping[str, str] = {
    "instock": "true",
    "limitedavailability": "true",
    "onlineonly": "true",
    "instoreonly": "true",
    "available": "true",
    "availablefororder": "true",
    "outofstock": "false",
    "soldout": "false",
    "discontinued": "false",
    "unavailable": "false",
    "notavailable": "false",
}
_SEPARATORS = re.compile(r"[\s_-]+")


def in_stock(availability: str) -> str:
    """`true`, `false`, or empty for what is neither, as preorder and backorder are."""
    word = availability.strip().casefold().rpartition("/")[2]  # schema.org's are links
    return STOCK.get(_SEPARATORS.sub("", word), "")
