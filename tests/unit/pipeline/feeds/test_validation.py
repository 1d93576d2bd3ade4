"""Validation: a product comes out typed, anything else with a reason that helps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.contracts.products import LIST_PRICE
from services.pipeline.feeds import FeedRow
from services.pipeline.feeds.cleaning import (
    ATTRIBUTE_TOO_LONG,
    CONTROL_CHARACTER,
    TOO_LONG,
    WRONG_ENCODING,
)
from services.pipeline.feeds.validation import (
    CURRENCY,
    LINK,
    NO_ID,
    NO_TITLE,
    PICTURE,
    PRICE,
    FeedProduct,
    Reject,
    RowValidator,
)

GOOD = {"product_id": "p-1", "title": "Mug"}


def row(number: int = 1, problem: str | None = None, **fields: str) -> FeedRow:
    values = {"product_id": f"p-{number}", "title": "Mug"} | fields
    return FeedRow(number, tuple(values.values()), values, {}, problem)


def reason(validator: RowValidator, given: FeedRow) -> str:
    result = validator.check(given)
    assert isinstance(result, Reject)
    assert result.row == given.number
    return result.reason


@pytest.fixture
def validator(tmp_path: Path) -> RowValidator:
    (tmp_path / "feed" / "images").mkdir(parents=True)
    (tmp_path / "feed" / "images" / "1.png").write_bytes(b"picture")
    (tmp_path / "secret.png").write_bytes(b"picture")
    (tmp_path / "feed" / "out.png").symlink_to(tmp_path / "secret.png")
    return RowValidator(tmp_path / "feed")


def test_a_whole_row_becomes_a_product(validator: RowValidator, tmp_path: Path) -> None:
    fields = {
        "description": "For tea.\nOr coffee.",
        "brand": "Lumo",
        "category": "Kitchen > Mugs",
        "price": "12.90",
        "currency": "eur",
        "image": "images/1.png",
        "product_url": "https://example.com/1",
    }
    given = FeedRow(4, (), {"product_id": "é-1", "title": "Mug", **fields}, {"color": "red"})
    assert validator.check(given) == FeedProduct(
        row=4,
        product_id="é-1",
        title="Mug",
        description="For tea.\nOr coffee.",
        brand="Lumo",
        category="Kitchen > Mugs",
        price=12.9,
        currency="EUR",
        product_url="https://example.com/1",
        picture_file=tmp_path / "feed" / "images" / "1.png",
        picture_link="",
        attributes={"color": "red"},
    )


def test_id_and_title_are_enough(validator: RowValidator) -> None:
    product = validator.check(row())
    assert isinstance(product, FeedProduct)
    assert (product.price, product.picture_file, product.picture_link) == (None, None, "")


def test_the_currency_may_stand_beside_the_price_or_be_said_of_the_whole_feed(
    tmp_path: Path,
) -> None:
    validator = RowValidator(tmp_path, currency="CHF")
    for number, (price, column, expected) in enumerate(
        [
            ("12 €", "", "EUR"),
            ("12", "€", "EUR"),
            ("$12", "CAD", "CAD"),
            ("12", "", "CHF"),
            ("$12", "", "CHF"),
        ]
    ):
        product = validator.check(row(number, price=price, currency=column))
        assert isinstance(product, FeedProduct)
        assert (product.price, product.currency) == (12, expected)


@pytest.mark.parametrize("path", ["images\\1.png", "./images\\1.png", "image%73/1.png"])
def test_a_path_may_be_written_as_on_windows_or_as_in_a_link(
    tmp_path: Path, validator: RowValidator, path: str
) -> None:
    product = validator.check(row(image=path))
    assert isinstance(product, FeedProduct)
    assert product.picture_file == tmp_path / "feed" / "images" / "1.png"


@pytest.mark.parametrize("path", ["..\\..\\etc\\passwd", "%2e%2e/secret.png", "images/%00.png"])
def test_a_path_in_another_spelling_leads_nowhere_else(validator: RowValidator, path: str) -> None:
    product = validator.check(row(image=path))
    assert isinstance(product, FeedProduct)
    assert product.picture_file is None
    assert [note.kind for note in product.notes] == [PICTURE]


def test_a_picture_by_link_stays_a_link(validator: RowValidator) -> None:
    product = validator.check(row(image="https://example.com/a.jpg"))
    assert isinstance(product, FeedProduct)
    assert (product.picture_file, product.picture_link) == (None, "https://example.com/a.jpg")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ("https://cdn.example/red mug.jpg", "https://cdn.example/red%20mug.jpg"),
    ],
)
def test_a_link_is_read_as_browsers_read_it(
    validator: RowValidator, written: str, meant: str
) -> None:
    product = validator.check(row(image=written, product_url=written))
    assert isinstance(product, FeedProduct)
    assert (product.picture_link, product.product_url) == (meant, meant)


@pytest.mark.parametrize(
    ("fields", "kind", "expected"),
    [
        ({"product_id": ""}, NO_ID, "there is no product id"),
        ({"product_id": " "}, NO_ID, "there is no product id"),
        ({"product_id": "x" * 129}, NO_ID, "product_id has 129 characters; at most 128"),
        ({"product_id": "a\nb"}, NO_ID, "product_id holds a line break, a tab"),
        ({"product_id": "a\x0bb"}, NO_ID, "another control character"),
        ({"product_id": "a\udce9"}, NO_ID, "product_id is wrong in the file's encoding"),
        ({"title": ""}, NO_TITLE, "there is no title"),
        ({"title": "\x07"}, NO_TITLE, "there is no title"),
        ({"title": "\u200b \u2060"}, NO_TITLE, "there is no title"),
        ({"title": "a\udce9"}, NO_TITLE, "title is wrong in the file's encoding; `--encoding`"),
    ],
)
def test_only_an_id_or_a_title_that_cannot_be_had_refuses_a_row(
    validator: RowValidator, fields: dict[str, str], kind: str, expected: str
) -> None:
    result = validator.check(FeedRow(1, (), GOOD | fields, {}))
    assert isinstance(result, Reject)
    assert (result.kind, result.column) == (kind, next(iter(fields)))
    assert expected in result.reason


@pytest.mark.parametrize(
    ("fields", "kind", "expected"),
    [
        ({"title": "x" * 1001}, TOO_LONG, "'title' has 1001 characters; cut after 1000"),
        ({"title": "a\x07b"}, CONTROL_CHARACTER, "'title' holds a control character, U+0007"),
        ({"description": "a\x00b"}, CONTROL_CHARACTER, "U+0000; now a blank"),
        ({"description": "a\x92b"}, CONTROL_CHARACTER, "U+0092; now a blank"),
        ({"brand": "a\udce9"}, WRONG_ENCODING, "'brand' holds bytes that are wrong"),
        ({"brand": "x" * 1000}, TOO_LONG, "'brand' has 1000 characters; cut after 200"),
        ({"price": "nan"}, PRICE, "price 'nan' is not one amount; expected"),
        ({"price": "1e999"}, PRICE, "price '1e999' is not a finite number"),
        ({"price": "1_000"}, PRICE, "price '1_000' is not one amount"),
        ({"price": "12 – 15"}, PRICE, "price '12 – 15' is not one amount"),
        ({"price": "12 €", "currency": "USD"}, PRICE, "price '12 €' is in EUR, but its row names"),
        ({"price": "-1"}, PRICE, "price '-1' is below zero"),
        ({"currency": "$"}, CURRENCY, "currency '$' is not known; expected a code of ISO 4217"),
        ({"currency": "Taler"}, CURRENCY, "currency 'Taler' is not known"),
        ({"product_url": "javascript:alert(1)"}, LINK, "product_url 'javascript:alert(1)' is not"),
        ({"product_url": "/products/mug"}, LINK, "'/products/mug' is not an http(s) link"),
        ({"product_url": "www.shop.example/cup"}, LINK, "is not an http(s) link"),
        ({"product_url": "https://a/" + "x" * 2000}, LINK, "is not an http(s) link"),
        ({"image": "images/none.png"}, PICTURE, "picture 'images/none.png' does not exist"),
        ({"image": "images"}, PICTURE, "picture 'images' does not exist"),
        ({"image": "../secret.png"}, PICTURE, "is outside the feed's folder"),
        ({"image": "images/../../secret.png"}, PICTURE, "is outside the feed's folder"),
        ({"image": "out.png"}, PICTURE, "is outside the feed's folder"),
        ({"image": "/etc/passwd"}, PICTURE, "is an absolute path; write it relative to the feed"),
        ({"image": "file:///etc/passwd"}, PICTURE, "is neither a file nor an http(s) link"),
        ({"image": "x" * 300}, PICTURE, "cannot be looked for"),
        ({"image": "a\x00b"}, PICTURE, "holds a line break, a control character"),
        ({"image": "pipe.png"}, PICTURE, "does not exist"),
    ],
)
def test_any_other_detail_is_left_out_or_changed_and_noted_by_column(
    validator: RowValidator, tmp_path: Path, fields: dict[str, str], kind: str, expected: str
) -> None:
    os.mkfifo(tmp_path / "feed" / "pipe.png")
    product = validator.check(FeedRow(1, (), GOOD | fields, {}))
    assert isinstance(product, FeedProduct)
    (note,) = product.notes
    assert (note.kind, note.column) == (kind, next(iter(fields)))
    assert expected in note.reason
    assert (product.price, product.product_url) == (None, "")
    assert (product.picture_file, product.picture_link) == (None, "")


def test_text_is_cut_and_control_characters_become_blanks(validator: RowValidator) -> None:
    given = GOOD | {"title": "Old\x0bmug", "description": "It\x92s " + "x" * 60_000}
    product = validator.check(FeedRow(1, (), given, {"color": "r\x1bed", "big": "x" * 10_001}))
    assert isinstance(product, FeedProduct)
    assert (product.title, product.description[:6]) == ("Old mug", "It s x")
    assert len(product.description) == 50_000
    assert product.attributes == {"color": "r ed"}
    assert [note.column for note in product.notes] == [
        *("title", "description", "description", "color", "big")
    ]


@pytest.mark.parametrize(
    ("written", "currency", "amount"),
    [
        ("12,90&nbsp;&euro;", "EUR", 12.9),
        ("<span>12,90</span> €", "", 12.9),
        ("Fr. 12.90", "CHF", 12.9),
        ("12,90 Talerchen", "", None),
    ],
)
def test_html_and_signs_beside_a_price_cost_nothing_where_the_currency_is_named(
    validator: RowValidator, written: str, currency: str, amount: float | None
) -> None:
    product = validator.check(row(price=written, currency=currency))
    assert isinstance(product, FeedProduct)
    assert product.price == amount


@pytest.mark.parametrize(
    ("price", "list_price", "kept"),
    [
        ("9.99", "20", "20"),
        ("9.99", "20,00 €", "20.0"),
        ("9.99", "9.99", None),
        ("9.99", "5", None),
        ("", "20", None),
        ("9.99", "20 USD", None),
    ],
)
def test_a_list_price_is_kept_above_the_price_and_in_its_currency(
    validator: RowValidator, price: str, list_price: str, kept: str | None
) -> None:
    given = GOOD | {"price": price, "list_price": list_price, "currency": "EUR"}
    product = validator.check(FeedRow(1, (), given, {}))
    assert isinstance(product, FeedProduct)
    assert product.attributes.get(LIST_PRICE) == kept


@pytest.mark.parametrize("link", ["https://s.example/p?id=1&amp;v=2", "//s.example/p?id=1&#38;v=2"])
def test_an_escaped_ampersand_in_a_link_is_one(validator: RowValidator, link: str) -> None:
    product = validator.check(row(image=link, product_url=link))
    assert isinstance(product, FeedProduct)
    meant = "https://s.example/p?id=1&v=2"
    assert (product.picture_link, product.product_url) == (meant, meant)


def test_a_parameter_that_looks_like_a_character_stays(validator: RowValidator) -> None:
    product = validator.check(row(product_url="https://s.example/p?a=1&copy=2&reg=3"))
    assert isinstance(product, FeedProduct)
    assert product.product_url == "https://s.example/p?a=1&copy=2&reg=3"


def test_the_second_of_two_equal_ids_is_refused(validator: RowValidator) -> None:
    assert isinstance(validator.check(row(1, product_id="a")), FeedProduct)
    assert reason(validator, row(5, product_id="a")) == "product_id 'a' is already that of row 1"


def test_an_id_of_a_refused_row_may_still_be_used(validator: RowValidator) -> None:
    assert isinstance(validator.check(row(1, product_id="a", title="")), Reject)
    assert isinstance(validator.check(row(2, product_id="a")), FeedProduct)


def test_a_row_that_could_not_be_read_is_refused_with_its_problem(validator: RowValidator) -> None:
    assert reason(validator, row(problem="it is torn")) == "it is torn"


@pytest.mark.parametrize(
    ("image", "link"),
    [
        ("images/1.png", "https://shop.example/export/images/1.png"),
        ("/media/a b.png", "https://shop.example/media/a%20b.png"),
        ("//cdn.example/1.png", "https://cdn.example/1.png"),
        ("https://cdn.example/1.png", "https://cdn.example/1.png"),
    ],
)
def test_pictures_of_a_downloaded_feed_are_relative_to_its_address(
    tmp_path: Path, image: str, link: str
) -> None:
    validator = RowValidator(tmp_path, address="https://shop.example/export/feed.csv?v=1")
    product = validator.check(row(image=image))
    assert isinstance(product, FeedProduct)
    assert (product.picture_link, product.picture_file) == (link, None)


def test_an_attribute_with_a_name_that_is_too_long_is_left_out(validator: RowValidator) -> None:
    product = validator.check(FeedRow(1, (), GOOD, {"x" * 10_001: "y", "color": "red"}))
    assert isinstance(product, FeedProduct)
    assert product.attributes == {"color": "red"}
    assert [note.kind for note in product.notes] == [ATTRIBUTE_TOO_LONG]
