"""Signs and names of currencies in queries, folded, with their ISO 4217 codes."""

from __future__ import annotations

from services.common.currency_signs import SIGNS_BY_CODE
from services.retriever.understanding.tokens import tokens_of
from services.retriever.words.folding import fold

_NAMES = {
    "EUR": "€ eur euro euros d'euros eure евро евpo ευρω يورو 欧元 歐元 ユーロ 유로 "
    "यूरो eurodan euro'dan euronun euro'nun euroya euro'ya",
    "USD": "usd dollar dollars dolar dolares dolari доллар долларов доллара دولار 美元 美金 ドル "
    "달러 डॉलर dolardan dolarin dolara",
    "GBP": "£ gbp pound pounds quid sterling libras livres pfund фунтов 파운드",
    "JPY": "jpy yen 円 日元 йен",
    "CNY": "cny rmb yuan 元 块 塊 人民币",
    "INR": "₹ inr rs rupee rupees rupien रुपये रुपए रुपया रुपयों",
    "PLN": "pln zl zloty zlotych zlote",
    "CHF": "chf franken sfr",
    "RUB": "₽ rub руб рублей рубля рубль р",
    "TRY": "₺ try tl lira liradan liranin liraya tl'den tl'nin tl'ye tl'yi",
    "KRW": "₩ krw won 원",
    "BRL": "brl reais real",
    "SEK": "sek skr", "NOK": "nok nkr", "DKK": "dkk dkr", "ISK": "isk",
    "CZK": "czk kc korun", "HUF": "huf ft forint", "RON": "ron lei",
    "THB": "฿ thb baht บาท", "ILS": "₪ ils nis", "VND": "₫ vnd", "UAH": "₴ uah грн",
    "AED": "aed dhs dirham dirhams درهم", "SAR": "sar riyal riyals ريال",
    "AUD": "aud", "CAD": "cad", "NZD": "nzd", "MXN": "mxn", "SGD": "sgd", "HKD": "hkd",
    "ZAR": "zar", "IDR": "idr rp", "PHP": "₱ php", "NGN": "₦ ngn", "KZT": "₸ kzt",
}  # fmt: skip
_SHARED = "$ ¥ kr kronor kroner bucks peso pesos franc francs"
"""Signs that several countries use: they mark a price, but do not name its currency."""

_DOLLARS = {
    "USD": "us |us-|american ", "CAD": "canadian ", "AUD": "australian |aussie ",
    "NZD": "new zealand ", "HKD": "hong kong ", "SGD": "singapore ",
}  # fmt: skip
_POUNDS = "pound sterling|pounds sterling|british pound|british pounds"
_LETTERED = {
    sign: code
    for code, signs in SIGNS_BY_CODE.items()
    for sign in signs.split()
    if len(sign) > 1 and set(sign) & set("$¥£₵")
}
"""Signs with letters beside them: `us$`."""
_CIRCA = "ca$"
"""With a blank, "ca $10" means about $10."""

CURRENCIES: dict[str, str | None] = {
    **{fold(name): code for code, names in _NAMES.items() for name in names.split()},
    **dict.fromkeys(_SHARED.split()),
    **_LETTERED,
    **{
        f"{sign[:-1]} {sign[-1]}": code
        for sign, code in _LETTERED.items()
        if len(sign) > 2 and sign[-1] in "$¥£" and sign != _CIRCA
    },
    **{f"{code.lower()}$": code for sign, code in _LETTERED.items() if "$" in sign},
    **{
        f"{country}{dollar}": code
        for code, countries in _DOLLARS.items()
        for country in countries.split("|")
        for dollar in ("dollar", "dollars")
    },
    **dict.fromkeys(_POUNDS.split("|"), "GBP"),
}
"""Codes by name. None where the name is of several currencies."""

BEGINNINGS = frozenset(tokens_of(name)[0].folded for name in CURRENCIES)
"""First words of the names."""

ALSO_UNITS = frozenset({"pound", "pounds", "libras", "livres", "pfund", "real", "try", "won", "р"})
"""Names that mean something else where the catalogue has no such currency."""

_HUNDREDTHS = {
    None: "¢ cent cents centime centimes centimo centimos centavo centavos centesimo centesimi "
    "centen ore orer цент цента центов سنت سنتا セント 센트 เซนต์ 美分 欧分 歐分 eurocent eurocents",
    "GBP": "pence penny pennies",
    "EUR": "евроцентов",
    "PLN": "grosz grosze groszy",
    "RUB": "коп копеек копейки копейка",
    "TRY": "kurus",
    "INR": "paise paisa",
    "CHF": "rappen",
    "THB": "สตางค์",
}
HUNDREDTHS: dict[str, str | None] = {
    fold(name): code for code, names in _HUNDREDTHS.items() for name in names.split()
}
"""Names of hundredths of a currency, folded, with its code where it is known."""
