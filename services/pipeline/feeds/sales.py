"""Sale prices: which of two prices is paid today."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, time
from functools import lru_cache

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


_YES = "true yes y 1 ja oui sí si sì sim tak igen ano áno da kyllä evet да так ναι はい 是 כן نعم"
_NO = "false no n 0 nein nee non não nao nie nem ne nej nei nu ei hayır нет ні όχι いいえ 否 לא لا"
_IN_STOCK = (
    "in stock | limited availability | online only | in store only | available | available for "
    "order | unlimited | auf lager | lieferbar | sofort lieferbar | verfügbar | sofort verfügbar "
    "| vorrätig | en stock | disponible | disponibile | disponível | in magazzino | em estoque | "
    "em stock | op voorraad | leverbaar | beschikbaar | i lager | på lager | dostępny | "
    "dostępne | w magazynie | skladem | na skladě | na sklade | raktáron | în stoc | varastossa | "
    "stokta | stokta var | в наличии | в наявності | σε απόθεμα | 在庫あり | 有货 | متوفر"
)
_OUT_OF_STOCK = (
    "out of stock | sold out | discontinued | unavailable | not available | not in stock | nicht "
    "auf lager | nicht lieferbar | nicht verfügbar | nicht vorrätig | ausverkauft | vergriffen | "
    "en rupture | en rupture de stock | rupture de stock | épuisé | indisponible | agotado | sin "
    "stock | no disponible | esaurito | non disponibile | esgotado | indisponível | sem estoque | "
    "niet op voorraad | niet leverbaar | uitverkocht | slutsåld | slut i lager | ikke på lager | "
    "udsolgt | utsolgt | niedostępny | brak | vyprodáno | není skladem | nincs készleten | stoc "
    "epuizat | loppu | tükendi | нет в наличии | немає в наявності | 在庫なし | 缺货 | 无货"
)
_SEPARATORS = re.compile(r"[\s_-]+")
_QUANTITY = re.compile(r">?\s?(-?[0-9]+)(?:\.0*)?\+?")


def _words(text: str, between: str | None = None) -> list[str]:
    return [_SEPARATORS.sub("", word) for word in text.split(between)]


_TRUTHS: Mapping[str, str] = {
    **dict.fromkeys(_words(_YES), "true"),
    **dict.fromkeys(_words(_NO), "false"),
}
_STOCK: Mapping[str, str] = {
    **_TRUTHS,
    **dict.fromkeys(_words(_IN_STOCK, "|"), "true"),
    **dict.fromkeys(_words(_OUT_OF_STOCK, "|"), "false"),
}


def truth(value: str) -> str:
    """`true` for a yes in some language, `false` for a no, and empty for anything else."""
    return _TRUTHS.get(value.strip().casefold().removesuffix(".0"), "")


@lru_cache(maxsize=1_024)
def in_stock(availability: str) -> str:
    """`true`, `false`, or empty for what is neither, as preorder and backorder are.

    availability: words, a yes or a no, or how many there are.
    """
    word = availability.strip().casefold().rpartition("/")[2]  # schema.org's are links
    if (found := _QUANTITY.fullmatch(word)) is not None:
        return "true" if int(found[1]) > 0 else "false"
    return _STOCK.get(_SEPARATORS.sub("", word), "")
