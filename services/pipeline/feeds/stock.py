"""Stock, and yes and no, in the words of some twenty languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from functools import lru_cache

_YES = "true yes y 1 ja oui sí si sì sim tak igen ano áno da kyllä evet да так ναι はい 是 כן نعم"
_NO = "false no n 0 nein nee non não nao nie nem ne nej nei nu ei hayır нет ні όχι いいえ 否 לא لا"
_IN_STOCK = (
    "in stock | low stock | few left | limited stock | limited availability | online only | "
    "in store only | available | available for "
    "order | unlimited | auf lager | lieferbar | sofort lieferbar | verfügbar | sofort verfügbar "
    "| vorrätig | en stock | disponible | disponibile | disponível | in magazzino | em estoque | "
    "em stock | op voorraad | leverbaar | beschikbaar | i lager | på lager | dostępny | "
    "dostępne | w magazynie | skladem | na skladě | na sklade | raktáron | în stoc | varastossa | "
    "stokta | stokta var | в наличии | в наявності | σε απόθεμα | 在庫あり | 有货 | متوفر"
)
_OUT_OF_STOCK = (
    "out of stock | no stock | temporarily out of stock | currently out of stock | "
    "sold out | discontinued | unavailable | not available | not in stock | nicht "
    "auf lager | nicht lieferbar | nicht verfügbar | nicht vorrätig | ausverkauft | vergriffen | "
    "en rupture | en rupture de stock | rupture de stock | épuisé | indisponible | agotado | sin "
    "stock | no disponible | esaurito | non disponibile | esgotado | indisponível | sem estoque | "
    "niet op voorraad | niet leverbaar | uitverkocht | slutsåld | slut i lager | ikke på lager | "
    "udsolgt | utsolgt | niedostępny | brak | vyprodáno | není skladem | nincs készleten | stoc "
    "epuizat | loppu | tükendi | нет в наличии | немає в наявності | 在庫なし | 缺货 | 无货"
)
_SEPARATORS = re.compile(r"[\s_-]+")
_QUANTITY = re.compile(r"[<>]?=?\s?(?P<minus>-?)(?P<digits>\d+(?:[.,' ]\d+)*)[.,]?\+?\s?")
"""In any digits, with marks between groups of them: `1,200`, `> 10`."""
_PIECES = frozenset(
    (
        *("stück", "stk", "st", "pcs", "pc", "pieces", "piece", "units", "unit", "items", "item"),
        *("left", "pièces", "unités", "unidades", "uds", "ud", "pezzi", "pz", "stuks", "szt", "ks"),
    )
)
"""Words behind a quantity."""


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
    return _by_quantity(word) or _STOCK.get(_SEPARATORS.sub("", word), "")


def is_quantity(availability: str) -> bool:
    """True if it says how many there are, `5` or `5 pcs`."""
    return bool(_by_quantity(availability.strip().casefold()))


def _by_quantity(word: str) -> str:
    """Empty for what is not a quantity."""
    found = _QUANTITY.match(word)
    if found is None:
        return ""
    unit = _SEPARATORS.sub("", word[found.end() :]).rstrip(".")
    if unit and unit not in _PIECES and _STOCK.get(unit) != "true":
        return ""
    return (
        "true"
        if not found["minus"] and any(map(int, re.findall(r"\d", found["digits"])))
        else "false"
    )


def stock_of_variants(stocks: Set[str]) -> str:
    """`true` if a variant can be had, `false` if none can, and empty for anything else."""
    return "true" if "true" in stocks else "false" if stocks == {"false"} else ""
