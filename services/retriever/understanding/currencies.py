"""Signs and names of currencies in queries, folded, with their ISO 4217 codes."""

from __future__ import annotations

from services.retriever.words.folding import fold

_NAMES = {
    "EUR": "€ eur euro euros eure евро евpo ευρω يورو 欧元 歐元 ユーロ",
    "USD": "usd dollar dollars dolar dolares dolari доллар долларов доллара دولار 美元 美金 ドル",
    "GBP": "£ gbp pound pounds quid sterling libras livres pfund фунтов",
    "JPY": "jpy yen 円 日元 йен",
    "CNY": "cny rmb yuan 元 块 塊 人民币",
    "INR": "₹ inr rs rupee rupees rupien",
    "PLN": "pln zl zloty zlotych zlote",
    "CHF": "chf franken sfr",
    "RUB": "₽ rub руб рублей рубля рубль р",
    "TRY": "₺ try tl lira",
    "KRW": "₩ krw won 원",
    "BRL": "brl reais real",
    "SEK": "sek", "NOK": "nok", "DKK": "dkk", "ISK": "isk",
    "CZK": "czk kc korun", "HUF": "huf ft forint", "RON": "ron lei",
    "THB": "฿ thb baht บาท", "ILS": "₪ ils", "VND": "₫ vnd", "UAH": "₴ uah грн",
    "AED": "aed dirham dirhams درهم", "SAR": "sar riyal riyals ريال",
    "AUD": "aud", "CAD": "cad", "NZD": "nzd", "MXN": "mxn", "SGD": "sgd", "HKD": "hkd",
    "ZAR": "zar", "IDR": "idr", "PHP": "₱ php", "NGN": "₦ ngn", "KZT": "₸ kzt",
}  # fmt: skip
_SHARED = "$ ¥ kr kronor kroner bucks peso pesos franc francs"
"""Signs that several countries use: they mark a price, but do not name its currency."""

CURRENCIES: dict[str, str | None] = {
    **{fold(name): code for code, names in _NAMES.items() for name in names.split()},
    **dict.fromkeys(_SHARED.split()),
}

ALSO_UNITS = frozenset({"pound", "pounds", "libras", "livres", "pfund", "real", "try", "won", "р"})
"""Names that mean something else where the catalogue has no such currency."""
