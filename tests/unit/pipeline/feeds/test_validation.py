"""Validation: a product comes out typed, anything else with a reason that helps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.pipeline.feeds import FeedRow
from services.pipeline.feeds.validation import FeedProduct, Reject, RowValidator

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
    ("fields", "expected"),
    [
        ({"product_id": ""}, "there is no product id"),
        ({"product_id": "x" * 129}, "'product_id' has 129 characters; at most 128 are taken"),
        ({"product_id": "a\nb"}, "product_id holds a line break or a tab"),
        ({"title": ""}, "there is no title"),
        ({"title": "x" * 1001}, "'title' has 1001 characters; at most 1000 are taken"),
        ({"title": "a\x07b"}, "'title' holds a control character, U+0007"),
        ({"description": "a\x00b"}, "'description' holds a control character, U+0000"),
        ({"brand": "a\udce9"}, "'brand' is not valid UTF-8"),
        ({"price": "nan"}, "price 'nan' is not a finite number"),
        ({"price": "1e999"}, "price '1e999' is not a finite number"),
        ({"price": "1_000"}, "price '1_000' is not a finite number"),
        ({"price": "12 – 15"}, "price '12 – 15' is not a finite number"),
        ({"price": "12 €", "currency": "USD"}, "price '12 €' is not in USD, which its row names"),
        ({"price": "-1"}, "price '-1' is below zero"),
        ({"currency": "$"}, "currency '$' is not three letters, as in EUR"),
        ({"currency": "EURO"}, "currency 'EURO' is not three letters, as in EUR"),
        (
            {"product_url": "javascript:alert(1)"},
            "product_url 'javascript:alert(1)' is no http(s) address",
        ),
        ({"image": "images/none.png"}, "picture 'images/none.png' does not exist"),
        ({"image": "images"}, "picture 'images' does not exist"),
        ({"image": "../secret.png"}, "picture '../secret.png' is outside the feed's folder"),
        (
            {"image": "images/../../secret.png"},
            "picture 'images/../../secret.png' is outside the feed's folder",
        ),
        ({"image": "out.png"}, "picture 'out.png' is outside the feed's folder"),
        ({"image": "/etc/passwd"}, "picture '/etc/passwd' is an absolute path; say it from"),
        ({"image": "file:///etc/passwd"}, "picture 'file:///etc/passwd' is neither a file nor"),
        ({"image": "x" * 300}, "can't be looked for"),
    ],
)
def test_a_bad_row_is_refused_with_the_reason(
    validator: RowValidator, fields: dict[str, str], expected: str
) -> None:
    assert expected in reason(validator, FeedRow(1, (), GOOD | fields, {}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("price", "-1"),
        ("currency", "Euro"),
        ("image", "images/none.png"),
        ("product_url", "javascript:alert(1)"),
        ("brand", "x" * 1000),
    ],
)
def test_a_refusal_names_the_column_that_it_is_about(
    validator: RowValidator, field: str, value: str
) -> None:
    result = validator.check(row(1, None, **{field: value}))
    assert isinstance(result, Reject)
    assert result.column == field


def test_control_characters_in_an_attribute_are_refused(validator: RowValidator) -> None:
    given = FeedRow(1, (), {"product_id": "1", "title": "Mug"}, {"color": "r\x1bed"})
    assert reason(validator, given) == "'color' holds a control character, U+001B"


def test_the_second_of_two_equal_ids_is_refused(validator: RowValidator) -> None:
    assert isinstance(validator.check(row(1, product_id="a")), FeedProduct)
    assert reason(validator, row(5, product_id="a")) == "product_id 'a' is already that of row 1"


def test_an_id_of_a_refused_row_may_still_be_used(validator: RowValidator) -> None:
    assert isinstance(validator.check(row(1, product_id="a", title="")), Reject)
    assert isinstance(validator.check(row(2, product_id="a")), FeedProduct)


def test_a_row_that_could_not_be_read_is_refused_with_its_problem(validator: RowValidator) -> None:
    assert reason(validator, row(problem="it is torn")) == "it is torn"


def test_a_special_file_is_no_picture(validator: RowValidator, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feed" / "pipe.png")
    assert reason(validator, row(image="pipe.png")) == "picture 'pipe.png' does not exist"
