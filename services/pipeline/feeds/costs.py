"""Columns of what the shop itself paid, and of its margin, which no shopper may see."""

from __future__ import annotations

import re
from functools import lru_cache

from services.pipeline.feeds.own_columns import currency_in

_MARKS = re.compile(r"[\W_]")
_COST = re.compile(
    r"(?:meta|product|item|variant|default|unit|average|avg|landed|net|gross|wc|cog|total)*"
    r"costs?(?:price|peritem|ofgoods|ofgoodssold)?(?:net|gross)?"
    r"|(?:product|item|variant|net|gross)*"
    r"(?:purchas(?:e|ing)|buying|supply|supplier|wholesale|dealer|reseller)prices?(?:net|gross)?"
    r"|cogs|(?:gross|profit|net)?margins?(?:percent)?"
    # In German, French, Spanish, Portuguese and Italian
    r"|(?:netto|brutto)?(?:ek|(?:ek|einkaufs?|händler|selbstkosten)preis)(?:netto|brutto)?"
    r"|prixd?achat(?:ht|ttc)?|co[uû]td?achat"
    r"|preciode(?:compra|costo|coste)|costo|coste|pre[cç]ode(?:custo|compra)|custo"
    r"|prezzodi?acquisto"
    # In Dutch, Swedish, Danish, Norwegian, Polish, Czech, Hungarian, Turkish and Russian
    r"|inkoopprijs(?:excl|incl)?|inköpspris|indkøbspris|kostpris|innkjøpspris"
    r"|cenazakupu(?:netto|brutto)?|nákupnícena|beszerzésiár|alışfiyatı|закупочнаяцена"
    r"|себестоимость"
)
_CURRENCY = re.compile(r"(?:_|\b)\(?[a-z]{3}\)?$")
"""Behind a name: `cost_eur`, `Cost price (EUR)`. Marks are left out anyway."""


@lru_cache(maxsize=1_024)
def is_cost(name: str) -> bool:
    """True for such a column, with its currency in the name too, and for members of such an object.

    name: as columns are compared; `inventory_item.unit_cost.amount` is of an object.
    """
    forms = {name, *name.split(".")}
    if currency_in(name):
        forms.add(_CURRENCY.sub("", name))
    return any(_COST.fullmatch(_MARKS.sub("", form)) for form in forms)
