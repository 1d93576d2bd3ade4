"""JSON files: an object a line, or one array of objects."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import FeedRow, open_feed
from services.pipeline.feeds.validation import FeedProduct, RowValidator

MUG = {
    "objectID": "1",
    "name": "Mug",
    "brand": {"name": "Lumo"},
    "price": {"amount": 12.5, "currency": "EUR"},
    "categories": ["Sale", "Home > Mugs"],
    "images": [{"src": "https://x/1.jpg"}, {"src": "https://x/2.jpg"}],
    "sizes": [38, 39],
    "colors": ["Red", "Blue"],
    "attributes": {"glaze": "matt", "dishwasher": True, "Cost price": 5},
    "cost_of_goods_sold": {"total_value": 5},
    "in_stock": True,
    "note": None,
}
COLORS = {"color": "Red, Blue"}
HAT = {"objectID": 2, "name": "Hat", "weight": 1.0}


def write(folder: Path, content: str | bytes, name: str = "feed.json") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(path: Path) -> list[FeedRow]:
    feed = open_feed(path)
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("feed.json", json.dumps([MUG, HAT])),
        ("feed.json", "\n" + json.dumps([MUG, HAT], indent=2) + "\n"),
        ("feed.json", f"{json.dumps(MUG)}\n\n{json.dumps(HAT)}"),
        ("feed.jsonl", f"\ufeff{json.dumps(MUG)}\r\n{json.dumps(HAT)}\r\n"),
        ("feed.ndjson.gz", gzip.compress(f"{json.dumps(MUG)}\n{json.dumps(HAT)}\n".encode())),
        ("feed.json", json.dumps([MUG, HAT]).encode("utf-16")),
        ("feed.csv", json.dumps([MUG, HAT])),
    ],
)
def test_lines_and_arrays_say_the_same(tmp_path: Path, name: str, content: str | bytes) -> None:
    path = write(tmp_path, content, name)
    mug, hat = rows(path)
    product = RowValidator(tmp_path).check(mug)
    assert isinstance(product, FeedProduct)
    assert not product.notes
    assert (product.product_id, product.title, product.brand) == ("1", "Mug", "Lumo")
    assert (product.price, product.currency, product.category) == (12.5, "EUR", "Home > Mugs")
    assert (product.picture_link, product.more_pictures) == (
        "https://x/1.jpg",
        ("https://x/2.jpg",),
    )
    assert product.attributes == {
        "more_images": "https://x/2.jpg",
        "more_categories": "Sale",
        "sizes": "38, 39",
        "colors": "Red, Blue",
        "glaze": "matt",
        "dishwasher": "true",
        "in_stock": "true",
    }
    assert hat.fields == {"product_id": "2", "title": "Hat"}
    assert hat.attributes == {"weight": "1"}


def test_documents_of_elasticsearch_are_read(tmp_path: Path) -> None:
    line = json.dumps({"_index": "shop", "_id": "a", "_source": {"title": "Mug"}})
    (row,) = rows(write(tmp_path, line, "feed.ndjson"))
    assert row.fields == {"product_id": "a", "title": "Mug"}


@pytest.mark.parametrize(
    ("member", "value", "category", "attributes"),
    [
        # WooCommerce's programming interface, with HTML in its names
        ("categories", [{"id": 9, "name": "Home &gt; 17&quot; Trays"}], 'Home > 17" Trays', {}),
        ("categories", ["Sale", {"name": "A > B"}], "A > B", {"more_categories": "Sale"}),
        ("categories", [{"id": 9}], None, {"categories": '[{"id": 9}]'}),
        ("categories", [23, 18], None, {"categories": "[23, 18]"}),
        ("category", [23], None, {"category": "[23]"}),
        ("reviews", [{"url": "https://x", "text": "Fine"}], None, None),
        ("reviews", ["Fine", {"text": "Fine"}], None, None),
    ],
)
def test_objects_and_numbers_in_lists_are_neither_lost_nor_taken_for_names(
    tmp_path: Path, member: str, value: object, category: str | None, attributes: object
) -> None:
    line = json.dumps({"id": 1, "title": "Mug", member: value})
    (row,) = rows(write(tmp_path, line))
    assert row.fields.get("category") == category
    assert row.attributes == ({member: json.dumps(value)} if attributes is None else attributes)


def product(folder: Path, members: dict[str, object]) -> FeedProduct:
    path = write(folder, json.dumps({"id": 1, "title": "Mug", **members}))
    (row,) = rows(path)
    found = RowValidator(folder).check(row)
    assert isinstance(found, FeedProduct)
    return found


@pytest.mark.parametrize(
    ("members", "price", "currency", "attributes"),
    [
        ({"price": {"value": "12.50", "currency_code": "EUR"}}, 12.5, "EUR", {}),
        ({"prices": [{"amount": 12.5, "currency": "EUR"}]}, 12.5, "EUR", {}),
        # Prices in two currencies are not compared
        (
            {"prices": [{"amount": 12, "currency": "EUR"}, {"amount": 1, "currency": "USD"}]},
            *(12, "EUR", {}),
        ),
        (
            {"offers": {"price": "12.5", "priceCurrency": "EUR", "availability": "OutOfStock"}},
            *(12.5, "EUR", {"offers.availability": "OutOfStock", "in_stock": "false"}),
        ),
        ({"offers": {"lowPrice": "12.5", "priceCurrency": "EUR"}}, 12.5, "EUR", {}),
        (
            {"offers": [{"price": 12.5, "priceCurrency": "EUR", "availability": "InStock"}]},
            *(12.5, "EUR", {"in_stock": "true"}),
        ),
        (
            {"hasVariant": [{"color": "red", "offers": {"price": 9, "priceCurrency": "EUR"}}]},
            *(9, "EUR", {"color": "red"}),
        ),
        # The product's own price counts
        (
            {"price": 20, "variants": [{"price": 9, "flavour": "Mint"}, {"flavour": "Lime"}]},
            *(20, "", {"flavour": "Mint, Lime"}),
        ),
        ({"offers": [{"lowPrice": 9, "highPrice": 12}, None]}, 9, "", {}),
        # A variant that is hidden is not offered, what it cost is not shown
        (
            {"variants": [{"price": 1, "status": "draft"}, {"price": 9, "cost": 5}]},
            *(9, "", {}),
        ),
        ({"variants": [{"sku": "a", "cost": 5}]}, None, "", {"variants": '[{"sku": "a"}]'}),
        (
            {"variants": [{"sku": "a", "inventory_item": {"id": 3, "cost": 5}}]},
            *(None, "", {"variants": '[{"sku": "a", "inventory_item": {"id": 3}}]'}),
        ),
        (
            {"deals": [[{"to": "A", "ek": 5}], {"by": [{"margin": 5, "to": "B"}]}]},
            *(None, "", {"deals": '[[{"to": "A"}], {"by": [{"to": "B"}]}]'}),
        ),
        ({"data": '{"cost": 5, "id": 3}'}, None, "", {"data": '{"id": 3}'}),
        ({"data": '[ {"cost": 5}, "{'}, None, "", {"data": '[ {"cost": 5}, "{'}),
        (
            {"variants": [{"price": 9, "inventoryItem": {"unitCost": {"amount": 5}}}]},
            *(9, "", {}),
        ),
        (
            {"costs": 5, "inventory": {"unitCost": {"amount": 5}, "place": "A"}},
            *(None, "", {"inventory.place": "A"}),
        ),
        ({"attributes": [{"name": "Color", "options": ["Red", "Blue"]}]}, None, "", COLORS),
        ({"metafields": [{"key": "Color", "value": "Red, Blue"}]}, None, "", COLORS),
        # The lowest price in the GraphQL of Shopify, Magento, Saleor and BigCommerce
        (
            {"priceRangeV2": {"minVariantPrice": {"amount": "9.5", "currencyCode": "EUR"}}},
            *(9.5, "EUR", {}),
        ),
        (
            {"price_range": {"minimum_price": {"final_price": {"value": 9.5, "currency": "EUR"}}}},
            *(9.5, "EUR", {}),
        ),
        (
            {"pricing": {"priceRange": {"start": {"gross": {"amount": 9.5, "currency": "EUR"}}}}},
            *(9.5, "EUR", {}),
        ),
        ({"prices": {"price": {"value": 9.5, "currencyCode": "EUR"}}}, 9.5, "EUR", {}),
        (
            {"specs": [{"name": "Color", "value": "Red"}, {"name": "Color", "value": "Blue"}]},
            *(None, "", COLORS),
        ),
    ],
)
def test_variants_offers_and_listed_attributes_are_the_product_s(
    tmp_path: Path,
    members: dict[str, object],
    price: float | None,
    currency: str,
    attributes: dict[str, str],
) -> None:
    found = product(tmp_path, members)
    assert (found.price, found.currency, found.attributes) == (price, currency, attributes)
    assert not found.notes


def test_listed_attributes_change_none_that_has_a_meaning_here(tmp_path: Path) -> None:
    listed = [{"name": "in_stock", "value": "no"}, {"name": "Glaze", "value": "matt"}]
    found = product(tmp_path, {"in_stock": True, "attributes": listed})
    assert found.attributes == {"in_stock": "true", "glaze": "matt"}


def test_products_of_shopify_s_interface_are_read(tmp_path: Path) -> None:
    found = product(
        tmp_path,
        {
            "body_html": "<p>Soft</p>",
            "variants": [
                {"id": 11, "title": "S", "option1": "S", "sku": "M-S", "price": "25.00"}
                | {"inventory_quantity": 0, "inventory_policy": "deny"},
                {"id": 12, "title": "M", "option1": "M", "sku": "M-M", "price": "19.50"}
                | {"compare_at_price": "30.00", "available": True, "inventory_policy": "deny"},
            ],
            "options": [{"id": 2, "name": "Size", "position": 1, "values": ["S", "M"]}],
            "images": [{"id": 5, "src": "https://x/1.jpg"}, {"id": 6, "src": "https://x/2.jpg"}],
            "image": {"id": 5, "src": "https://x/1.jpg"},
        },
    )
    assert (found.description, found.price, found.picture_link) == ("Soft", 19.5, "https://x/1.jpg")
    assert found.attributes == {
        "image.id": "5",
        "more_images": "https://x/2.jpg",
        "size": "S, M",
        "sku": "M-S, M-M",
        "in_stock": "true",
        "list_price": "30.00",
    }


def test_bulk_files_of_elasticsearch_are_read(tmp_path: Path) -> None:
    lines = [
        {"index": {"_index": "shop", "_id": "a"}},
        {"title": "Mug"},
        {"create": {}},
        {"id": "b", "title": "Hat"},
        {"id": "c", "title": "Cup"},
    ]
    found = rows(write(tmp_path, "\n".join(map(json.dumps, lines)), "feed.ndjson"))
    assert [row.fields["product_id"] for row in found] == ["a", "b", "c"]
    assert not any(row.attributes for row in found)


SMALL = {"sku": "M-S", "price": "25.00", "selectedOptions": [{"name": "Size", "value": "S"}]}
LARGE = {
    "sku": "M-L",
    "price": "19.50",
    "compareAtPrice": "30.00",
    "inventoryQuantity": 3,
    "selectedOptions": [{"name": "Size", "value": "L"}],
}
SIZES = {"sku": "M-S, M-L", "size": "S, L", "in_stock": "true", "more_images": "https://x/2.jpg"}
PICTURES = ["https://x/1.jpg", "https://x/2.jpg"]


def check_sizes(row: FeedRow) -> None:
    assert row.fields == {
        "product_id": "gid://shopify/Product/1",
        "title": "Mug",
        "description": "Soft",
        "price": "19.50",
        "list_price": "30.00",
        "image": "https://x/1.jpg",
    }
    assert row.attributes == SIZES


@pytest.mark.parametrize("wrapped", ["edges", "nodes"])
def test_connections_of_graphql_are_lists(tmp_path: Path, wrapped: str) -> None:
    def connection(found: list[object]) -> dict[str, object]:
        nodes = [{"cursor": "a", "node": one} for one in found] if wrapped == "edges" else found
        return {"pageInfo": {"hasNextPage": False}, wrapped: nodes}

    mug = {
        "id": "gid://shopify/Product/1",
        "title": "Mug",
        "descriptionHtml": "<p>Soft</p>",
        "variants": connection([SMALL, LARGE]),
        "images": connection([{"url": one} for one in PICTURES]),
        "tags": connection([]),
    }
    products = connection([mug, {"id": "2", "title": "Hat"}])
    found = rows(write(tmp_path, json.dumps({"data": {"products": products}, "extensions": {}})))
    check_sizes(found[0])
    assert found[1].fields["title"] == "Hat"


def test_lines_of_shopify_s_bulk_operations_are_read(tmp_path: Path) -> None:
    of, hat = {"__parentId": "gid://shopify/Product/1"}, {"__parentId": "gid://shopify/Product/2"}
    variants = ["gid://shopify/ProductVariant/1", "gid://shopify/ProductVariant/2"]
    lines = [
        {"id": of["__parentId"], "title": "Mug", "descriptionHtml": "<p>Soft</p>"},
        {"id": variants[0], "title": "S", **SMALL, **of},
        # Without its id, and a picture of a variant
        {"title": "L", **LARGE, **of},
        {"id": "gid://shopify/ProductImage/1", "url": "x", "__parentId": variants[0]},
        {"id": "gid://shopify/MediaImage/1", "image": {"url": PICTURES[0]}, **of},
        {"url": PICTURES[1], **of},
        {"id": hat["__parentId"], "title": "Hat"},
        {"id": "gid://shopify/Metafield/1", "key": "fit", "value": "wide", **hat},
        {"id": variants[1], "title": "M", "price": "1.00", **of},
    ]
    found = rows(write(tmp_path, "\n".join(map(json.dumps, lines)), "bulk.jsonl"))
    products = [row for row in found if row.problem is None]
    check_sizes(products[0])
    assert [row.fields["title"] for row in products] == ["Mug", "Hat"]
    assert products[1].attributes == {"fit": "wide"}
    # A variant apart from its product is neither lost in silence nor a product.
    (apart,) = (row.problem for row in found if row.problem)
    assert apart == "it belongs to gid://shopify/Product/1, which is not right above it"


def test_objects_in_objects_without_end_are_no_list_of_products(tmp_path: Path) -> None:
    for content in ('{"data":' * 20_000, '{"data":' * 3_000 + "[]" + "}" * 3_000):
        with pytest.raises(FeedUnusable):
            open_feed(write(tmp_path, content))


def test_a_bad_line_costs_itself_alone(tmp_path: Path) -> None:
    content = '{"id": 1, "title": "Mug"}\n{"id": 2, "title":\n[3]\n{"id": 4, "title": "Hat"}\n'
    found = rows(write(tmp_path, content, "feed.jsonl"))
    assert [row.problem for row in found] == [None, *["it is not a JSON object"] * 2, None]
    assert found[1].values == ('{"id": 2, "title":',)


def test_objects_longer_than_a_piece_are_read(tmp_path: Path) -> None:
    long = [{"id": number, "title": "Mug", "description": "x" * 700_000} for number in range(5)]
    found = rows(write(tmp_path, json.dumps(long, indent=1)))
    assert [row.fields["product_id"] for row in found] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"id": 1, "title": "Mug"}, {"id": 2', "after 1 objects it breaks off"),
        ('[{"id": 1, "title": "Mug"}, {id: 2}]', "after 1 objects it breaks off"),
        ('{"categories": [{"id": 1, "title": "Mugs"}]}', "save their list alone"),
        ('{"products": [{"id": 1, "title": "Mug"}], "total', "breaks off"),
        ('{"products": [{"id": 1, "title": "Mug"}, {"id"', "breaks off"),
        ('[{"id": 1, "title": "Mug"}]\n[{"id": 2, "title": "Hat"}]', "more follows the end"),
        ('[{"id": 1, "title": "Mug"}] {"id": 2}', "more follows the end"),
        ("[1, 2]", "neither a JSON array"),
        ("[]", "no JSON objects"),
        ("", "no JSON objects"),
        ('[{"name": "Mug"}]', "no column for product_id"),
        ("[" * 100_000, "after 0 objects"),
        (
            "\n".join(
                json.dumps({"id": n, "title": "A", "stock": {str(n): 1}}) for n in range(10_001)
            ),
            "more than 10000 different members, such as 'stock.9998'; those of 'attributes' may",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, content: str, reason: str
) -> None:
    with pytest.raises(FeedUnusable, match=reason):
        rows(write(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    [
        '{"products": [%s]}',
        '{\n  "total": 2,\n  "meta": {"page": [1, {"a": 2}]},\n  "items": [\n%s\n  ]\n}\n',
        '{"took": 3, "hits": {"total": {"value": 2}, "hits": [%s]}, "aggregations": {"a": [{}]}}',
        '{"data": {"products": [%s], "next": null}}',
    ],
)
def test_a_list_in_an_object_is_read(tmp_path: Path, content: str) -> None:
    listed = '{"id": "1", "title": "Mug", "items": [{"id": 3}]},\n{"id": "2", "title": "Cup"}'
    found = rows(write(tmp_path, content % listed))
    assert [row.fields for row in found] == [
        {"product_id": "1", "title": "Mug"},
        {"product_id": "2", "title": "Cup"},
    ]


def test_a_product_with_lists_is_not_taken_for_such_an_object(tmp_path: Path) -> None:
    line = '{"id": "1", "title": "Set", "items": [{"id": "a", "title": "Mug"}]}'
    assert [row.fields["title"] for row in rows(write(tmp_path, line))] == ["Set"]
    lines = '{"items": [{"id": "a"}], "id": "1", "title": "Set"}\n' * 2
    assert [row.fields["title"] for row in rows(write(tmp_path, lines))] == ["Set", "Set"]


def test_the_id_of_json_ld_is_no_other_id(tmp_path: Path) -> None:
    path = write(tmp_path, '{"@id": "https://x.example/#p", "sku": "m1", "name": "Mug"}')
    assert rows(path)[0].fields["product_id"] == "m1"
