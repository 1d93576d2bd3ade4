"""Google Merchant feeds, tab-separated and XML, with what shops really put into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedOptions, FeedRow, open_feed
from services.pipeline.feeds.base import NOT_FOR_SALE, UNREADABLE
from services.pipeline.feeds.validation import FeedProduct, RowValidator

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
        (
            f"<rss><channel><item>{'<a>' * 2_000}{'</a>' * 2_000}</item></channel></rss>",
            "100 levels",
        ),
        ("<html></html>", "this is an HTML page, not a product feed"),
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


def checked(folder: Path, content: str | bytes, name: str) -> dict[str, FeedProduct]:
    validator = RowValidator(folder)
    products = [validator.check(row) for row in rows(folder, content, name)]
    return {one.product_id: one for one in products if isinstance(one, FeedProduct)}


def item(**attributes: str) -> str:
    inner = "".join(f"<g:{name}>{value}</g:{name}>" for name, value in attributes.items())
    return f"<item><g:id>1</g:id><g:title>Mug</g:title>{inner}</item>"


def feed(*items: str, declaration: str = "") -> str:
    namespace = 'xmlns:g="http://base.google.com/ns/1.0"'
    return f"{declaration}<rss {namespace}><channel>{''.join(items)}</channel></rss>"


@pytest.mark.parametrize(
    ("availability", "in_stock"),
    [
        ("in stock", "true"),
        ("in_stock", "true"),
        ("In Stock", "true"),
        ("IN-STOCK", "true"),
        ("https://schema.org/InStock", "true"),
        ("limited_availability", "true"),
        ("out of stock", "false"),
        ("out_of_stock", "false"),
        ("http://schema.org/OutOfStock", "false"),
        ("sold out", "false"),
        ("preorder", None),
        ("backorder", None),
    ],
)
def test_availability_in_every_spelling_says_what_is_in_stock(
    tmp_path: Path, availability: str, in_stock: str | None
) -> None:
    (row,) = rows(tmp_path, feed(item(availability=availability)), "feed.xml")
    assert row.attributes.get("in_stock") == in_stock
    assert row.attributes["availability"] == availability


ALWAYS = "2020-01-01T00:00+0100/2099-12-31T23:59+0100"
OVER = "2020-01-01T00:00+0100/2020-12-31T23:59+0100"
LATER = "2099-01-01/2099-02-01"


@pytest.mark.parametrize(
    ("sale", "dates", "price", "list_price"),
    [
        ("9.99 EUR", "", 9.99, "20.0"),
        ("9.99 EUR", ALWAYS, 9.99, "20.0"),
        ("9.99", ALWAYS, 9.99, "20.0"),
        ("9.99 EUR", OVER, 20, None),
        ("9.99 EUR", LATER, 20, None),
        ("9.99 EUR", "soon", 20, None),
        ("cheap", "", 20, None),
        ("25 EUR", "", 20, None),
        ("0.00 EUR", "", 20, None),
    ],
)
def test_a_sale_price_in_its_dates_is_the_price_and_the_other_the_list_price(
    tmp_path: Path, sale: str, dates: str, price: float, list_price: str | None
) -> None:
    given = item(price="20.00 EUR", sale_price=sale, sale_price_effective_date=dates)
    product = checked(tmp_path, feed(given), "feed.xml")["1"]
    assert (product.price, product.currency) == (price, "EUR")
    assert product.attributes.get("list_price") == list_price
    assert bool(product.notes) == (dates == "soon" or sale == "cheap")


def test_repeated_attributes_are_read_in_three_notations(tmp_path: Path) -> None:
    elements = "".join(
        f"<g:{name}>{value}</g:{name}>"
        for name, value in (
            ("additional_image_link", "https://c.example/2.jpg"),
            ("additional_image_link", "https://c.example/3,4.jpg"),
            ("product_highlight", "Holds 300 ml, with a lid"),
            ("product_highlight", "Made in Porto"),
            ("product_type", "Gifts"),
            ("product_type", "Kitchen &gt; Mugs"),
        )
    )
    columns = ["additional_image_link"] * 2 + ["product_highlight"] * 2 + ["product_type"] * 2
    values = ["https://c.example/2.jpg", "https://c.example/3,4.jpg"]
    values += ["Holds 300 ml, with a lid", "Made in Porto", "Gifts", "Kitchen > Mugs"]
    cells = [f'"{values[at]}","{values[at + 1]}"' for at in (0, 2, 4)]
    for content, name in (
        (feed(f"<item><g:id>1</g:id><g:title>Mug</g:title>{elements}</item>"), "feed.xml"),
        (
            "\t".join(["id", "title", "link", "image_link", *columns[::2]])
            + "\n"
            + "\t".join(["1", "Mug", "", "", *cells])
            + "\n",
            "cells.tsv",
        ),
    ):
        (row,) = rows(tmp_path, content, name)
        assert row.attributes["more_images"] == " ".join(values[:2])
        assert row.attributes["product_highlight"] == "Holds 300 ml, with a lid, Made in Porto"
        assert (row.fields["category"], row.attributes["more_categories"]) == (
            "Kitchen > Mugs",
            "Gifts",
        )
    header = "\t".join(["id", "title", "link", "image_link", *columns])
    line = "\t".join(["1", "Mug", "", "", *(value.replace(", ", " ") for value in values)])
    (row,) = rows(tmp_path, f"{header}\n{line}\n", "columns.tsv")
    assert row.attributes["more_images"] == " ".join(values[:2])
    assert row.attributes["product_highlight"] == "Holds 300 ml with a lid, Made in Porto"
    assert row.attributes["more_categories"] == "Gifts"


def test_details_in_the_text_form_are_attributes(tmp_path: Path) -> None:
    content = (
        "g:id\tg:title\tg:link\tg:image_link\tg:product_detail\n"
        '1\tMug\t\t\t"General:Capacity:300 ml","General:Material:Clay"\n'
    )
    (row,) = rows(tmp_path, content, "feed.tsv")
    assert row.attributes == {"Capacity": "300 ml", "Material": "Clay"}


def test_columns_may_have_googles_prefix(tmp_path: Path) -> None:
    content = "g:id\tg:title\tg:link\tg:image_link\tg:price\n1\tMug\thttps://s.example/1\t\t5 EUR\n"
    product = checked(tmp_path, content, "feed.tsv")["1"]
    assert (product.title, product.price) == ("Mug", 5)


def test_googles_id_and_title_come_before_those_of_atom(tmp_path: Path) -> None:
    content = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><entry>'
        "<id>tag:shop.example,2024:/products/991</id><title>Shop title</title><g:id>SKU-77</g:id>"
        '<g:title>Mug</g:title><link rel="self" href="https://a.example/api/1"/>'
        '<link rel="alternate" href="https://a.example/1"/><summary>Holds 300 ml</summary>'
        "</entry></feed>"
    )
    (row,) = rows(tmp_path, content, "feed.xml")
    assert row.fields == {
        "product_id": "SKU-77",
        "title": "Mug",
        "description": "Holds 300 ml",
        "product_url": "https://a.example/1",
    }


@pytest.mark.parametrize(
    ("label", "encoding", "title"),
    [
        ("GB2312", "gb18030", "红色杯子"),
        ("GBK", "gbk", "红色杯子"),
        ("Shift_JIS", "cp932", "赤いマグ①"),
        ("x-sjis", "cp932", "赤いマグ"),
        ("EUC-KR", "euc_kr", "빨간 머그"),
        ("Big5", "big5", "紅色杯子"),
        ("EUC-JP", "euc_jp", "赤いマグ"),
        ("windows-1251", "cp1251", "Кружка"),
        ("KOI8-R", "koi8_r", "Кружка"),
        ("iso-8859-2", "iso8859_2", "Hrníček"),
        ("utf8", "utf-8", "Café mug"),
        ("UTF-16", "utf-16", "Café mug"),
        ("utf-16", "utf-8", "Café mug"),
        ("", "utf-8-sig", "Café mug"),
    ],
)
def test_xml_is_read_in_every_encoding_that_python_decodes(
    tmp_path: Path, label: str, encoding: str, title: str
) -> None:
    declaration = f'<?xml version="1.0" encoding="{label}"?>\n' if label else ""
    content = feed(item(brand=title), declaration=declaration).encode(encoding)
    (row,) = rows(tmp_path, content, "feed.xml")
    assert row.fields["brand"] == title


def test_an_encoding_that_is_not_known_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(feed(item(), declaration='<?xml version="1.0" encoding="klingon"?>'))
    with pytest.raises(FeedUnusable, match="'klingon' is not known; convert the file to UTF-8"):
        open_feed(path)


FAULTS = {
    "a wrong byte": b"<item><g:id>2</g:id><g:title>Caf\xe9</g:title></item>",
    "an end that is missing": b"<item><g:id>2</g:id><g:title>Mug</item>",
    "an item that is not closed": b"<item><g:id>2</g:id><g:title>Mug</g:title>",
    "a lone <": b"<item><g:id>2</g:id><g:title>3 < 4</g:title></item>",
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_in_one_item_costs_that_item_alone(tmp_path: Path, fault: str) -> None:
    content = feed(item(brand="first"), "@", item(brand="third")).encode()
    content = content.replace(b"@", FAULTS[fault])
    (tmp_path / "feed.xml").write_bytes(content)
    validator = RowValidator(tmp_path)
    found = [validator.check(row) for row in open_feed(tmp_path / "feed.xml").rows()]
    assert [isinstance(one, FeedProduct) for one in found] == [True, False, False]
    assert "already that of row 1" in getattr(found[2], "reason", "")


@pytest.mark.parametrize(
    ("inner", "title"),
    [
        ("Salt & pepper", "Salt & pepper"),
        ("Caf&eacute;&nbsp;mug", "Café\u00a0mug"),
        ("A&#11;B &#x1F; C", "A B   C"),
        ("A\x0bB\x00", "A B"),
        ("Cup &#55357;&#56832;", "Cup"),
        ("<![CDATA[Mug & cup </item> here]]>", "Mug & cup here"),
        ("a\ufffeb", "a b"),
    ],
)
def test_what_xml_forbids_is_repaired_in_an_item(tmp_path: Path, inner: str, title: str) -> None:
    broken = "<item><g:id>9</g:id><title>x</item>"
    for others in ((), (broken,)):
        content = feed(*others, f"<item><g:id>1</g:id><g:title>{inner}</g:title></item>")
        *_, row = rows(tmp_path, content, "feed.xml")
        assert (row.problem, row.fields["title"]) == (None, title)


def test_a_feed_that_breaks_off_is_refused_whole(tmp_path: Path) -> None:
    whole = feed(*(item(brand=str(number)) for number in range(50)))
    path = tmp_path / "feed.xml"
    path.write_text(whole[:2000])
    with pytest.raises(FeedUnusable, match="the file breaks off"):
        list(open_feed(path).rows())


def test_a_prefix_that_is_not_declared_costs_nothing(tmp_path: Path) -> None:
    content = f"<rss><channel>{item(price='5 EUR')}</channel></rss>"
    (row,) = rows(tmp_path, content, "feed.xml")
    assert row.fields == {"product_id": "1", "title": "Mug", "price": "5 EUR"}


def test_a_structured_title_stands_in_for_a_title(tmp_path: Path) -> None:
    (tmp_path / "feed.tsv").write_text(
        "id\tstructured_title\tstructured_description\tlink\timage_link\n"
        'm\ttrained_algorithmic_media:"Mug: <b>red</b> & big"\tdefault: Holds tea\t\t\n',
        encoding="utf-8",
    )
    source = "<g:digital_source_type>trained_algorithmic_media</g:digital_source_type>"
    (tmp_path / "feed.xml").write_text(
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>m</g:id>'
        f"<g:structured_title>{source}<g:content>Mug: red &amp; big</g:content>"
        f"</g:structured_title><g:structured_description>{source}<g:content>Holds tea"
        "</g:content></g:structured_description></item></channel></rss>",
        encoding="utf-8",
    )
    for name in ("feed.tsv", "feed.xml"):
        (row,) = open_feed(tmp_path / name).rows()
        assert row.fields == {
            "product_id": "m",
            "title": "Mug: red & big",
            "description": "Holds tea",
        }
        assert row.attributes == {}


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("Red/Green/Black", "Red, Green, Black"),
        ("Red / Green", "Red, Green"),
        ("N/A", "N/A"),
        ("50/50 cotton", "50/50 cotton"),
    ],
)
def test_several_colors_and_materials_are_separated_by_slashes(
    tmp_path: Path, value: str, values: str
) -> None:
    content = (
        f"id\ttitle\tlink\timage_link\tcolor\tmaterial\tmpn\nm\tMug\t\t\t{value}\t{value}\tx/y\n"
    )
    (row,) = rows(tmp_path, content, "feed.tsv")
    assert row.attributes == {"color": values, "material": values, "mpn": "x/y"}


@pytest.mark.parametrize(
    ("column", "value", "is_hidden"),
    [
        ("visibility", "hidden", True),
        ("visibility", "Staging", True),
        ("status", "archived", True),
        ("visibility", "published", False),
        ("status", "active", False),
        ("status", "", False),
    ],
)
def test_an_item_that_meta_does_not_show_is_refused(
    tmp_path: Path, column: str, value: str, is_hidden: bool
) -> None:
    content = f"id\ttitle\tlink\timage_link\t{column}\n1\tMug\t\t\t{value}\n"
    (row,) = rows(tmp_path, content, "feed.tsv")
    assert (row.problem is not None) == is_hidden
    assert row.problem_kind == (NOT_FOR_SALE if is_hidden else UNREADABLE)


@pytest.mark.parametrize("mark", [",", ", ", ";", " | ", " "])
def test_further_pictures_of_one_cell_may_have_several_marks_between(
    tmp_path: Path, mark: str
) -> None:
    links = mark.join(["https://x/2.jpg?a,b", "https://x/3.jpg"])
    content = f"id\ttitle\tlink\timage_link\tadditional_image_link\n1\tMug\t\t\t{links}\n"
    (row,) = rows(tmp_path, content, "feed.tsv")
    assert row.attributes == {"more_images": "https://x/2.jpg?a,b https://x/3.jpg"}


def test_the_price_that_the_shop_paid_is_not_published(tmp_path: Path) -> None:
    content = "id\ttitle\tlink\timage_link\tcost_of_goods_sold\tEinkaufspreis\n"
    content += "1\tMug\t\t\t5 EUR\t5\n"
    (row,) = rows(tmp_path, content, "feed.tsv")
    assert row.attributes == {}
