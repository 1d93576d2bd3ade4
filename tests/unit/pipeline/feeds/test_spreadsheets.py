"""Values as spreadsheets and shops write them: sales, rounded numbers, entities, wrong suffixes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.pipeline.feeds import open_feed
from services.pipeline.feeds.sales import interval, is_in_effect
from services.pipeline.feeds.validation import FeedProduct, Reject, RowValidator


def checked(folder: Path, content: str, name: str = "feed.csv") -> list[FeedProduct | Reject]:
    (folder / name).write_text(content)
    feed = open_feed(folder / name)
    validator = RowValidator(feed.folder)
    return [validator.check(row) for row in feed.rows()]


@pytest.mark.parametrize(
    ("dates", "is_on"),
    [
        ("01.11.2026/24.12.2026", True),
        ("01.12.2026/24.12.2026", False),
        ("2026-11-30 10:00 CET/2026-12-01 00:00 CET", True),
        ("2026-11-30 12:30 EST/2026-12-01 00:00 EST", False),
    ],
)
def test_dates_of_a_sale_may_be_german_and_have_a_zone(dates: str, is_on: bool) -> None:
    assert is_in_effect(*interval(dates), datetime(2026, 11, 30, 12, tzinfo=UTC)) == is_on


def test_a_sale_in_another_currency_leaves_the_price(tmp_path: Path) -> None:
    (found,) = checked(tmp_path, "id,title,price,sale_price\n1,Mug,12.00 EUR,9.00 USD\n")
    assert isinstance(found, FeedProduct)
    assert (found.price, found.currency) == (12.0, "EUR")
    assert "is in USD" in found.notes[0].reason


def test_rounded_ids_are_refused_and_rounded_barcodes_left_out(tmp_path: Path) -> None:
    refused, found, plain = checked(
        tmp_path, "id,title,ean\n4.00638E+12,Mug,1\nm1,Mug,4.00638E+12\n1e5,Mug,4006381333931\n"
    )
    assert isinstance(refused, Reject)
    assert "format the column as text" in refused.reason
    assert isinstance(found, FeedProduct)
    assert not found.attributes
    assert "format the column as text" in found.notes[0].reason
    assert isinstance(plain, FeedProduct)
    assert not plain.notes


def test_entities_in_attributes_are_characters_and_json_stays(tmp_path: Path) -> None:
    (found,) = checked(
        tmp_path, 'id|title|color|more|to\n1|Mug|Black &amp;amp; White|["a &amp; b"]|?a&copy=2\n'
    )
    assert isinstance(found, FeedProduct)
    assert found.attributes == {
        "color": "Black & White",
        "more": '["a &amp; b"]',
        "to": "?a&copy=2",
    }


@pytest.mark.parametrize("name", ["feed.csv", "feed.txt"])
def test_xml_is_read_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    item = "<item><id>1</id><title>Mug</title></item>"
    (found,) = checked(tmp_path, f'<?xml version="1.0"?><rss><channel>{item}</channel></rss>', name)
    assert isinstance(found, FeedProduct)


def test_columns_of_awin_are_read(tmp_path: Path) -> None:
    (found,) = checked(
        tmp_path,
        "aw_deep_link,product_name,aw_product_id,merchant_product_id,aw_image_url,search_price,"
        "rrp_price,currency\nhttps://a.example/1,Mug,77,m1,https://a.example/1.jpg,9.5,12,EUR\n",
    )
    assert isinstance(found, FeedProduct)
    assert (found.product_id, found.price, found.currency) == ("m1", 9.5, "EUR")
    assert found.picture_link == "https://a.example/1.jpg"
    assert found.product_url == "https://a.example/1"
    assert found.attributes["list_price"] == "12"
