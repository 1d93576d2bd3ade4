"""Prices are read whole, as people write them in several countries, or not at all."""

from __future__ import annotations

import pytest
from babel import localedata
from babel.numbers import format_currency

from services.pipeline.feeds.prices import Price, parse_price


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("12", 12, ""),
        ("12.90", 12.9, ""),
        ("1.299", 1.299, ""),  # as a program writes it
        ("1e3", 1000, ""),
        ("12,90", 12.9, ""),
        ("12€50", 12.5, "EUR"),
        ("£3.50", 3.5, "GBP"),
        ("12,99 $ CA", 12.99, "CAD"),
        ("1 299,00 $CA", 1299, "CAD"),
        ("12,99 $ US", 12.99, "USD"),
        ("1.299,00 €", 1299, "EUR"),
        ("1,299.00 USD", 1299, "USD"),
        ("15.00 USD", 15, "USD"),
        ("usd 15", 15, "USD"),
        ("EUR 1.299,00", 1299, "EUR"),
        ("1.299 €", 1299, "EUR"),
        ("1.299.000 €", 1299000, "EUR"),
        ("1,299", 1299, ""),
        ("12,9 €", 12.9, "EUR"),
        ("1 299,00 zł", 1299, "PLN"),
        ("1\u202f299,00\u00a0€", 1299, "EUR"),
        ("CHF 1'299.-", 1299, "CHF"),
        ("€ 12,-", 12, "EUR"),
        ("£.99", 0.99, "GBP"),
        ("US$5", 5, "USD"),
        ("$12", 12, ""),
        ("1.299 KWD", 1.299, "KWD"),
        ("-5,00 €", -5, "EUR"),
        # No group of thousands begins with 0.
        ("0,125 €", 0.125, "EUR"),
        ("0.045 EUR", 0.045, "EUR"),
        ("€0,079", 0.079, "EUR"),
        ("0,125", 0.125, ""),
        ("012,345", 12.345, ""),
        # Indian groups.
        ("₹1,29,900", 129_900, "INR"),
        ("1,09,990.00", 109_990, ""),
        ("₹12,34,567.50", 1_234_567.5, "INR"),
        # Abbreviations with a dot.
        ("129,00 kr.", 129, ""),
        ("kr. 129", 129, ""),
        ("kr.129", 129, ""),
        ("kr. 1.299,00", 1299, ""),
        ("Rs. 1,299", 1299, ""),
        ("1 490,00 руб.", 1490, "RUB"),
        ("12.90 EUR.", 12.9, "EUR"),
        # Local signs and words.
        ("12,50 lei", 12.5, "RON"),
        ("1.250,00 Lei", 1250, "RON"),
        ("1 299 Kč", 1299, "CZK"),
        ("฿1,299", 1299, "THB"),
        ("1.299.000 ₫", 1_299_000, "VND"),
        ("Rp 150.000", 150_000, "IDR"),
        ("RM 45.90", 45.9, "MYR"),
        ("R 1 299.00", 1299, ""),
        ("1.299,00 TL", 1299, "TRY"),
        ("3,600円", 3600, "JPY"),
        ("₱1,299.00", 1299, "PHP"),
        ("S/ 12.90", 12.9, "PEN"),
        ("12,90 Euro", 12.9, "EUR"),
        ("129:-", 129, ""),
        # A sign and a code, and a word after both.
        ("$12.90 USD", 12.9, "USD"),
        ("EUR 12,90 €", 12.9, "EUR"),
        ("12,50 € TTC", 12.5, "EUR"),
        # Words behind it: of one piece, with its tax.
        ("12.90 each", 12.9, ""),
        ("$12.90/ea", 12.9, ""),
        ("12,90 €/Stk", 12.9, "EUR"),
        ("12,90 € / Stück", 12.9, "EUR"),
        ("12,90 € pro Stück", 12.9, "EUR"),
        ("€12.90 per piece", 12.9, "EUR"),
        ("12,90 €/Stk. inkl. MwSt.", 12.9, "EUR"),
        ("SAR 129.00 (incl. VAT)", 129, "SAR"),
        ("129.00 SAR including VAT", 129, "SAR"),
        ("12.90 inc GST", 12.9, ""),
        ("12,90 € (inkl. 19 % MwSt.)", 12.9, "EUR"),
        ("12,90 € (IVA incluido)", 12.9, "EUR"),
        ("12,90 € (TTC)", 12.9, "EUR"),
        ("12.90 (EUR)", 12.9, "EUR"),
        # Other digits, and characters that nobody sees.
        ("١٬٢٩٩٫٥٠ ر.س", 1299.5, "SAR"),
        ("１２，９０ €", 12.9, "EUR"),
        ("\u200e12,90\u00a0€", 12.9, "EUR"),
    ],
)
def test_a_price_is_read_as_it_is_meant(text: str, amount: float, currency: str) -> None:
    assert parse_price(text) == Price(amount, currency)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "free",
            "12 – 15 €",
            "from 12 €",
            "ab 12 €",
            "12 EUR 13",
            "€12€",
            "19€29€",
            "$10€20",
            "1.2.3",
            "1,2,3",
        ),
        *("12 € (per kg)", "12 €/100 g", "(12 €)", "12 € incl. VAT per kg", "12 € (from)"),
        *("12 € each 13 €", "from 12 € each", "12 €/kg incl. VAT", "12 €/m", "12 incl. 3 EUR"),
        *("12 €/kg", "1_000", "12 15", "1 29", "€12 USD"),
    ],
)
def test_what_is_not_one_price_is_refused_even_where_the_currency_is_known(text: str) -> None:
    for currency in ("", "EUR"):
        with pytest.raises(ValueError, match="expected"):
            parse_price(text, currency)


@pytest.mark.parametrize("word", ["net", "TTC", "pcs", "abc"])
def test_a_word_is_a_currency_only_if_iso_4217_has_it(word: str) -> None:
    with pytest.raises(ValueError, match=f"is in a currency '{word}' that is not known"):
        parse_price(f"12,50 {word}")
    assert parse_price(f"12,50 {word}", "EUR") == Price(12.5, "")


CODES = ("EUR", "USD", "GBP", "INR", "JPY", "KWD", "CHF", "RON", "SEK", "VND", "BRL", "ILS")
AMOUNTS = (0.5, 7.25, 12.9, 1299, 1299.5, 129_900.75, 12_345_678.9)
INVENTED = frozenset({"tok", "tok_001"})
"""Toki Pona, which groups digits by two."""


@pytest.mark.parametrize("code", CODES)
def test_prices_are_read_as_every_locale_of_cldr_writes_them(code: str) -> None:
    wrong = []
    for locale in sorted(set(localedata.locale_identifiers()) - INVENTED):
        for amount in AMOUNTS:
            amount = amount if code not in {"JPY", "VND"} else max(round(amount), 1)
            text = format_currency(amount, code, locale=locale)
            price = parse_price(text, code)
            if abs(price.amount - amount) > 0.006 or price.currency not in {"", code}:
                wrong.append((locale, text, price))
    assert not wrong


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        *(("99¢", one) for one in ("", "USD", "EUR")),
        *(("99 ct", "EUR"), ("99 Cent", "EUR"), ("99 c", "ZAR"), ("50 øre", "DKK")),
        *(("50p", ""), ("50p", "GBP"), ("50 pence", "GBP"), ("50 коп.", "RUB")),
    ],
)
def test_hundredths_are_not_taken_for_the_currency(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="is in hundredths of its currency"):
        parse_price(text, currency)


def test_a_latin_p_is_a_rouble_where_the_currency_is_named() -> None:
    assert parse_price("1 200 p.", "RUB") == Price(1200)
