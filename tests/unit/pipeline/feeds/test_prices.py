"""Prices are read whole, as people write them in several countries, or not at all."""

from __future__ import annotations

import pytest

from services.pipeline.feeds.prices import Price, parse_price


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("12", 12, ""),
        ("12.90", 12.9, ""),
        ("1.299", 1.299, ""),  # as a program writes it
        ("1e3", 1000, ""),
        ("12,90", 12.9, ""),
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
    ],
)
def test_a_price_is_read_as_it_is_meant(text: str, amount: float, currency: str) -> None:
    assert parse_price(text) == Price(amount, currency)


@pytest.mark.parametrize(
    "text",
    ["free", "12 – 15 €", "from 12 €", "12 EUR 13", "€12€", "1.2.3", "1,2,3", "12 €/kg", "1_000"],
)
def test_what_is_not_one_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a finite number|is in a currency"):
        parse_price(text)
