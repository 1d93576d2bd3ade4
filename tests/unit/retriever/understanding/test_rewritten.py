"""Limits and corrections of a language model count where the query's own words state them."""

from __future__ import annotations

from functools import cache

import pytest

from services.contracts.limits import LimitKind, QueryLimit
from services.contracts.rewriter import RewrittenQuery
from services.contracts.search import PriceRange
from services.contracts.understanding import UnderstoodQuery
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.rewritten import understand_rewritten
from services.retriever.understanding.understand import understand
from tests.unit.retriever.test_words import catalogue
from tests.unit.retriever.understanding.test_understand import TWO_CURRENCIES, shop


@cache
def priced() -> Catalogue:
    return catalogue(shop(), price=10.0)


def meant(
    query: str,
    *limits: QueryLimit,
    text: str = "mug",
    corrected: str | None = None,
) -> UnderstoodQuery:
    proposed = RewrittenQuery(
        query=query, rewritten_query=text, corrected_query=corrected, understood=list(limits)
    )
    return understand_rewritten(priced(), proposed)


def price(text: str, low: float | None = None, high: float | None = None) -> QueryLimit:
    return QueryLimit(kind="price", text=text, price=PriceRange(min=low, max=high))


def exclude(text: str, *excluded: str) -> QueryLimit:
    return QueryLimit(kind="exclude", text=text, excluded=list(excluded))


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("ein Becher, bitte bloß nichts Rotes", exclude("bloß nichts Rotes", "Rotes")),
        ("ein Becher, bitte bloß nichts Rotes", exclude("bloß nichts Rotes", "red")),
        ("Tasse, aber keinesfalls ohne Henkel und nicht rot", exclude("nicht rot", "red")),
        ("tasse sans rayures", exclude("sans rayures", "striped")),
        ("a mug, I could not stand wool", exclude("not stand wool", "wool")),
        ("一个杯子 不要红色", exclude("不要红色", "red")),
    ],
)
def test_a_negation_that_the_query_states_in_other_words_excludes(
    query: str, limit: QueryLimit
) -> None:
    found = meant(query, limit, text="cup")
    assert found.text == "cup"
    assert [one.lower() for one in found.exclusions] == [one.lower() for one in limit.excluded] or (
        found.exclusions == understand(priced(), query).exclusions != []
    )


@pytest.mark.parametrize(
    ("query", "limit", "expected"),
    [
        ("Becher für höchstens 20 Euro", price("höchstens 20 Euro", high=20), (None, 20)),
        ("tasse qui coûte moins de 20 euros", price("moins de 20 euros", high=20), (None, 20)),
        ("taza entre 10 y 20 euros", price("entre 10 y 20 euros", 10, 20), (10, 20)),
        ("a mug, I have 20 €", price("I have 20 €", 0, 20), (None, 20)),
        ("a mug, spend 1.299,50 €", price("spend 1.299,50 €", high=1299.5), (None, 1299.5)),
    ],
)
def test_a_price_whose_amounts_the_query_has_is_a_limit(
    query: str, limit: QueryLimit, expected: tuple[float | None, float | None]
) -> None:
    found = meant(query, limit)
    assert found.price is not None
    assert (found.price.min, found.price.max) == expected
    assert [(one.kind, one.text) for one in found.understood] == [("price", limit.text)]
    assert limit.text not in found.understood[0].without


def test_blanks_of_the_query_do_not_matter() -> None:
    found = meant("Becher\tfür höchstens  20 Euro", price("höchstens 20 Euro", high=20))
    assert found.price == PriceRange(max=20)
    assert [(one.text, one.without) for one in found.understood] == [
        ("höchstens  20 Euro", "Becher für")
    ]


def test_a_wish_for_stock_in_other_words_is_a_limit() -> None:
    limit = QueryLimit(kind="in_stock", text="I need it today")
    found = meant("a mug, I need it today", limit)
    assert found.in_stock is True
    assert found.understood[0].without == "a mug"


def test_what_is_out_of_stock_stays_asked_for() -> None:
    assert meant("a mug, out of stock").in_stock is False
    limit = QueryLimit(kind="in_stock", text="I need it today")
    assert meant("a mug out of stock, I need it today", limit).in_stock is False


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        pytest.param("a mug", price("a mug", high=20), id="no amount"),
        pytest.param("a mug with 20 dots", price("a mug", high=20), id="amount elsewhere"),
        pytest.param("a mug for 20 €", price("20 €", high=200), id="another amount"),
        pytest.param("a mug for 20 €", price("for 20 €", 10, 20), id="one amount, two ends"),
        pytest.param("Becher unter 20", price("unter 20", low=20), id="the other side"),
        pytest.param("Becher ab 20", price("ab 20", high=20), id="the other side"),
        pytest.param("a mug of 20 cm", price("20 cm", high=20), id="a measure"),
        pytest.param("a mug", exclude("a mug", "red"), id="no negation"),
        pytest.param("a red mug", exclude("a red", "red"), id="no negation, own word"),
        pytest.param("Becher ohne Rot", exclude("ohne Rot", "mug"), id="excludes what is sought"),
        pytest.param("tasse sauf bleu red", exclude("sauf bleu", "red"), id="wanted elsewhere"),
        pytest.param("a mug, never mind", exclude("never mind", "blue"), id="no word of it"),
        pytest.param("no-show socks", exclude("no-show", "show"), id="a name"),
        pytest.param("not your mother's", exclude("not your", "your"), id="a brand"),
        pytest.param("mug not too dear", exclude("not too dear", "dear"), id="idiom"),
        pytest.param("a mug ab", exclude("ed mug", "mug"), id="half a word"),
    ],
)
def test_what_the_words_do_not_state_is_no_limit(query: str, limit: QueryLimit) -> None:
    own = understand(priced(), query)
    found = meant(query, limit)
    assert (found.understood, found.price, found.in_stock, found.exclusions) == (
        own.understood,
        own.price,
        own.in_stock,
        own.exclusions,
    )


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("mug under 20 €", price("under 20 €", low=20)),
        ("mug under 20 €", price("20 €", low=20)),
        ("mug under 20 €, 30 inside", price("30 inside", high=30)),
        ("mug, not red", exclude("not red", "blue")),
        ("mug, not red", exclude("mug, not", "mug")),
        ("mug in stock", QueryLimit(kind="in_stock", text="in stock")),
        ("mug in stock", exclude("in stock", "stock")),
    ],
)
def test_the_querys_own_words_win_over_the_model(query: str, limit: QueryLimit) -> None:
    found, own = meant(query, limit), understand(priced(), query)
    assert found == own.model_copy(update={"text": "mug"})


@pytest.mark.parametrize("kind", ["price", "in_stock", "exclude"])
def test_a_limit_that_the_catalogue_cannot_keep_is_none(kind: LimitKind) -> None:
    one = catalogue({"a": {"title": "Mug"}})
    proposed = RewrittenQuery(
        query="tasse, moins de 20 euros",
        rewritten_query="mug",
        understood=[
            QueryLimit(
                kind=kind,
                text="moins de 20 euros",
                price=PriceRange(max=20) if kind == "price" else None,
                excluded=["euros cheap"] if kind == "exclude" else [],
            )
        ],
    )
    assert understand_rewritten(one, proposed).understood == []


def test_an_identifier_stays_the_query() -> None:
    found = meant("NS-1000", exclude("NS", "socks"), text="nintendo switch")
    assert found == UnderstoodQuery(text="NS-1000")


@pytest.mark.parametrize(
    ("query", "corrected", "taken"),
    [
        ("tasse sns rayures", "tasse sans rayures", True),
        ("mgu of woool", "mug of wool", True),
        ("striped mug", "dotted mug", False),
        ("red mug", "rd mug", False),
        ("mug 12", "mug 13", False),
        ("qwxyz mug", "leather mug", False),
        ("garden hose", "garden rose", False),
        ("mug", "mug not red", False),
        ("hi,striped mug", "hi, striped mug", False),
        ("große strasse qqq", "große straße qqq", False),
    ],
)
def test_only_slips_of_unknown_words_are_corrected(query: str, corrected: str, taken: bool) -> None:
    own = understand(priced(), query).corrected_query
    found = meant(query, corrected=corrected).corrected_query
    if own is not None:
        assert found == own
    else:
        assert found == (corrected if taken else None)


def test_the_limits_of_a_corrected_query_are_its_own() -> None:
    found = meant("a mug wihuot dots", corrected="a mug without dots")
    assert found.corrected_query == "a mug without dots"
    assert found.exclusions == ["dots"]


@pytest.mark.parametrize(
    ("query", "corrected", "quote", "said"),
    [
        ("tasse sns rayures", "tasse sans rayures", "sns rayures", "sans rayures"),
        ("tasse sns rayures", "tasse sans rayures", "sans rayures", "sans rayures"),
        ("mug keinesfallss wool", None, "keinesfallss wool", None),
    ],
)
def test_a_limit_is_quoted_as_the_shopper_wrote_it(
    query: str, corrected: str | None, quote: str, said: str | None
) -> None:
    found = meant(query, exclude(quote, "striped"), corrected=corrected)
    assert [one.text for one in found.understood] == ([] if said is None else [said])


@pytest.mark.parametrize(
    ("text", "currency", "named"),
    [("höchstens 20 Euro", "EUR", "EUR"), ("höchstens 20 SEK", "SEK", "SEK"),
     ("höchstens 20 USD", None, "USD"), ("höchstens 20", None, None)],
)  # fmt: skip
def test_a_currency_is_the_one_that_the_words_name(
    text: str, currency: str | None, named: str | None
) -> None:
    proposed = RewrittenQuery(
        query=f"Tasse {text}", rewritten_query="mug", understood=[price(text, high=20)]
    )
    (part,) = understand_rewritten(catalogue(TWO_CURRENCIES, price=10.0), proposed).understood
    assert part.price is not None
    assert (part.price.currency, part.currency) == (currency, named)
