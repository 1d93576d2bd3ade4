"""Google Merchant feeds, tab-separated and XML, with what shops really put into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedOptions, FeedRow, open_feed

TSV = (
    "id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tprice\tproduct_type"
    "\tgoogle_product_category\tcolor\r\n"
    "A1\tMug\t<p>Holds <b>tea</b></p>\thttps://shop.example/a1\thttps://cdn.example/1.jpg"
    "\thttps://cdn.example/2.jpg,https://cdn.example/3.jpg\t1.299,00 EUR\tKitchen &gt; Mugs"
    "\t2169\tred\r\n"
    'A2\t"17"" tray"\t\thttps://shop.example/a2\t\t\t5.00 USD\t\tHome > Trays\t\r\n'
)
RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>
<item><g:id>A1</g:id><title>Mug</title><g:description>&lt;p&gt;Holds tea&lt;/p&gt;</g:description>
<link>https://shop.example/a1</link><g:image_link>https://cdn.example/1.jpg</g:image_link>
<g:additional_image_link>https://cdn.example/2.jpg</g:additional_image_link>
<g:additional_image_link>https://cdn.example/3.jpg</g:additional_image_link>
<g:price>1.299,00 EUR</g:price><g:color>red</g:color>
<g:product_detail><g:attribute_name>Capacity</g:attribute_name>
<g:attribute_value>300 ml</g:attribute_value></g:product_detail>
<g:shipping><g:country>DE</g:country><g:price>4.95 EUR</g:price></g:shipping>
<g:empty/></item>
<item><g:id>A2</g:id><title><![CDATA[17" tray & lid]]></title></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<entry><g:id>A1</g:id><title>Mug</title><link href="https://shop.example/a1"/></entry></feed>"""


def rows(folder: Path, content: str | bytes, name: str) -> list[FeedRow]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    feed = open_feed(path)
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


@pytest.mark.parametrize(("content", "name"), [(TSV, "feed.tsv"), (RSS, "feed.xml")])
def test_both_forms_say_the_same_of_a_product(tmp_path: Path, content: str, name: str) -> None:
    first, second = rows(tmp_path, content, name)
    assert {field: first.fields[field] for field in first.fields if field != "category"} == {
        "product_id": "A1",
        "title": "Mug",
        "description": "Holds tea",
        "product_url": "https://shop.example/a1",
        "image": "https://cdn.example/1.jpg",
        "price": "1.299,00 EUR",
    }
    assert first.attributes["more_images"] == "https://cdn.example/2.jpg https://cdn.example/3.jpg"
    assert first.attributes["color"] == "red"
    assert second.fields["title"].startswith('17" tray')


def test_the_shops_own_category_counts_and_googles_where_it_is_no_number(tmp_path: Path) -> None:
    first, second = rows(tmp_path, TSV, "feed.tsv")
    assert first.fields["category"] == "Kitchen > Mugs"
    assert first.attributes["google_product_category"] == "2169"
    assert second.fields["category"] == "Home > Trays"


def test_details_become_attributes_and_parts_are_said_in_one(tmp_path: Path) -> None:
    first, _ = rows(tmp_path, RSS, "feed.xml")
    assert first.attributes["Capacity"] == "300 ml"
    assert first.attributes["shipping"] == "DE 4.95 EUR"
    assert "empty" not in first.attributes
    assert "<" in first.values[0]  # what a rejects file shows


def test_atom_links_are_attributes_of_their_element(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, ATOM, "feed.xml")
    assert row.fields["product_url"] == "https://shop.example/a1"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_as_excel_writes_it_is_read(tmp_path: Path, encoding: str) -> None:
    first, _ = rows(tmp_path, TSV.replace("Mug", "Müg").encode(encoding), "feed.txt")
    assert (first.fields["product_id"], first.fields["title"]) == ("A1", "Müg")


def test_xml_in_another_encoding_is_read_as_it_says(tmp_path: Path) -> None:
    content = ATOM.replace("Mug", "Müg").encode("latin-1")
    (row,) = rows(tmp_path, b'<?xml version="1.0" encoding="ISO-8859-1"?>' + content, "feed.xml")
    assert row.fields["title"] == "Müg"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not readable as XML: no element found"),
        ("<rss><channel><item>", "not readable as XML: no element found"),
        ("<rss><channel><item></channel></rss>", "not readable as XML: mismatched tag"),
        (
            f"<rss><channel><item>{'<a>' * 2_000}{'</a>' * 2_000}</item></channel></rss>",
            "100 levels",
        ),
        ("<html></html>", "<html> is neither an RSS nor an Atom feed"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><rss>&a;</rss>', "it declares a document type"),
        (
            '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss>&a;</rss>',
            "it declares a document type",
        ),
    ],
)
def test_xml_that_is_no_feed_is_refused_by_name(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(content)
    with pytest.raises(FeedUnusable, match=reason) as refused:
        list(open_feed(path).rows())
    assert str(path) in str(refused.value)


def test_a_named_format_is_held_to(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("sku,name\n1,Mug\n")
    with pytest.raises(FeedUnusable, match="no column id or title, as Google has them"):
        open_feed(path, FeedOptions(format="google-merchant"))
    with pytest.raises(FeedUnusable, match="a file can't be read as sqid"):
        open_feed(path, FeedOptions(format="sqid"))
    (tmp_path / "feed.xml").write_text(RSS)
    with pytest.raises(FeedUnusable, match="XML is read as google-merchant, not shopify"):
        open_feed(tmp_path / "feed.xml", FeedOptions(format="shopify"))
