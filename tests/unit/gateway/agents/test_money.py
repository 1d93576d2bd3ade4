"""Minor units of every currency, compared with the table of ISO 4217."""

from __future__ import annotations

import pytest
from iso4217 import Currency

from services.gateway.agents.money import currency_code, digits, from_minor, to_minor


@pytest.mark.parametrize("currency", list(Currency), ids=lambda one: one.code)
def test_digits_are_those_of_iso_4217(currency: Currency) -> None:
    if currency.exponent is not None:
        assert digits(currency.code) == currency.exponent


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [
        (12.9, "EUR", 1290),
        (0.0, "EUR", 0),
        (19.99, "USD", 1999),
        (1.005, "EUR", 101),
        (1500, "JPY", 1500),
        (1.2345, "KWD", 1235),
        (4.35, "EUR", 435),
        (1e15, "EUR", 10**17),
        (1e30, "EUR", 10**32),
    ],
)
def test_a_price_is_exact_in_minor_units(price: float, currency: str, minor: int) -> None:
    assert to_minor(price, currency) == minor


def test_an_amount_comes_back() -> None:
    for currency in ("EUR", "JPY", "KWD"):
        assert all(to_minor(from_minor(n, currency), currency) == n for n in range(5_000))


def test_only_codes_are_currencies() -> None:
    assert [currency_code(one) for one in ("eur", " EUR ", "€", "", None, "EURO")] == [
        "EUR",
        "EUR",
        None,
        None,
        None,
        None,
    ]
