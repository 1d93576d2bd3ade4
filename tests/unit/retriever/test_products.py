"""The table of metadata: what goes in comes out, and what is no product is refused."""

from __future__ import annotations

import json
import math
from bisect import bisect_left

import numpy as np
import pyarrow as pa
import pytest

from feature_repo.definitions import product_metadata
from services.contracts.catalogue import FINGERPRINT, PRODUCT_KEY
from services.contracts.products import LIST_PRICE, MORE_CATEGORIES, Product
from services.contracts.search import PRICE
from services.retriever.catalogue.columns import reader_of
from services.retriever.catalogue.fields import levels
from services.retriever.catalogue.packed import Packing
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import Ids

ODD_IDS = sorted(["a", "a/b", "a b", "%2F", "ä-ö", "日本", "\U0001f600", "z" * 128, "?q=1#x", "."])


Refused = list[tuple[str, str]]


def batch_of(ids: list[str], **columns: str) -> tuple[pa.RecordBatch, Refused]:
    texts = {name: [columns.get(name, "")] * len(ids) for name in TEXT_COLUMNS}
    if "title" not in columns:
        texts["title"] = [f"Title of {product_id}" for product_id in ids]
    return product_batch(ids, texts, [math.nan] * len(ids))


def table_of(ids: list[str], **columns: str) -> ProductTable:
    batches = []
    for start in range(0, len(ids), 3):  # several batches
        batch, refused = batch_of(ids[start : start + 3], **columns)
        assert refused == []
        batches.append(batch)
    return ProductTable.of(batches)


def test_every_product_is_found_by_its_id_whatever_characters_it_has() -> None:
    table = table_of(ODD_IDS)
    assert len(table) == len(ODD_IDS)
    for product_id in ODD_IDS:
        found = table.get(product_id)
        assert found is not None
        assert (found.product_id, found.title) == (product_id, f"Title of {product_id}")


def test_values_come_in_the_order_asked_for_and_as_often() -> None:
    table = table_of(ODD_IDS, brand="Acme", category="Ä > 日本", attributes='{"color": "red"}')
    rows = [7, 0, 7, len(ODD_IDS) - 1]
    values = table.values(rows)
    assert [one["product_id"] for one in values] == [ODD_IDS[row] for row in rows]
    assert [one["title"] for one in values] == ["Title of " + ODD_IDS[row] for row in rows]
    assert {(one["brand"], one["category"], one["price"]) for one in values} == {
        ("Acme", "Ä > 日本", None)
    }
    assert [one["attributes"] for one in values] == [{"color": "red"}] * len(rows)
    assert table.values([]) == []


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([pa.array(["a", "", "ä", "d", "e"]).slice(1)]),
        pa.chunked_array([["", "ä"], ["d", "e"]]),
        pa.chunked_array([["", "ä", "d", "e"]]).dictionary_encode(),
        pa.chunked_array([pa.array(["x", "", "ä", "d", "e"]).dictionary_encode().slice(1)]),
        pa.chunked_array([[0.5, math.inf, -1.0, 2.0]]),
        pa.chunked_array([[0.5, None, -1.0, 2.0]]),
        pa.chunked_array([["", None, "d", "e"]]),
    ],
    ids=["slice", "pieces", "dictionary", "its slice", "numbers", "gaps", "text with gaps"],
)
def test_rows_of_a_column_are_what_arrow_says(column: pa.ChunkedArray) -> None:
    rows = np.array([3, 0, 1, 1], np.intp)
    assert list(reader_of(column)(rows)) == column.take(pa.array(rows)).to_pylist()
    assert list(reader_of(column)(rows[:0])) == []


@pytest.mark.parametrize("product_id", ["", "b", "aa", "\U0010ffff"])
def test_an_unknown_id_is_none(product_id: str) -> None:
    assert table_of(ODD_IDS).get(product_id) is None
    assert table_of([]).get(product_id) is None


def test_all_fields_come_back_and_the_unknown_ones_as_none() -> None:
    full = Product(
        product_id="p-1",
        title="Red striped mug",
        description="A mug.",
        brand="Lumo",
        category="Kitchen > Mugs",
        price=12.9,
        currency="EUR",
        image_url="/images/3f/3fa9c1.webp",
        product_url="https://example.com/p/p-1",
        attributes={"color": "red"},
    )
    texts = {
        name: [str(value or "")]
        for name, value in full.model_dump().items()
        if name in TEXT_COLUMNS and name != "attributes"
    }
    first, refused = product_batch(["p-1"], {**texts, "attributes": ['{"color": "red"}']}, [12.9])
    second, refused_too = batch_of(["p-2"], title="Plain")
    assert refused == refused_too == []
    table = ProductTable.of([first, second])
    assert table.get("p-1") == full
    assert table.get("p-2") == Product(product_id="p-2", title="Plain")


def test_rows_come_in_the_order_asked_for() -> None:
    found = table_of(["a", "b", "c", "d", "e"]).values([4, 0, 2])
    assert [product["product_id"] for product in found] == ["e", "a", "c"]


def test_what_is_put_in_takes_the_place_of_what_was_there() -> None:
    new = table_of(["b", "f"], title="New")
    table = table_of(["a", "b", "c", "d"]).put(new, ["c", "unknown"])
    assert table.ids == ["a", "b", "d", "f"]
    assert [values["title"] for values in table.values([1, 2])] == ["New", "Title of d"]
    assert table.without(["a", "f"]).ids == ["b", "d"]
    assert table.without(table.ids).get("a") is None


def test_stock_is_known_while_a_product_is_said_to_be_in_stock() -> None:
    stocked = Products(table_of(["a", "b"], attributes='{"in_stock": "true"}'))
    none, out = table_of([]), table_of(["b"], attributes='{"in_stock": "false"}')
    assert stocked.with_changes(none, ["a"]).has_stock
    assert not stocked.with_changes(out, ["a"]).has_stock
    assert stocked.with_changes(out, ["a"]).with_changes(table_of(["b"]), []).has_stock is False


def test_the_columns_are_the_features_that_are_defined_and_the_fields_that_are_promised() -> None:
    columns = {*TEXT_COLUMNS, PRICE}
    assert {field.name for field in product_metadata.features} == {*columns, FINGERPRINT}
    # The list price is stored among the attributes, so that no row without one changes.
    assert set(Product.model_fields) == {*columns, PRODUCT_KEY, LIST_PRICE}


@pytest.mark.parametrize(
    ("price", "stored", "list_price"),
    [
        (9.99, "20", 20),
        (9.99, "20.50", 20.5),
        (9.99, "9.99", None),
        (9.99, "20 €", None),
        (9.99, "1e9", None),
        (math.nan, "20", None),
    ],
)
def test_a_list_price_above_the_price_is_a_field_and_anything_else_stays_an_attribute(
    price: float, stored: str, list_price: float | None
) -> None:
    texts = {name: [""] for name in TEXT_COLUMNS}
    texts |= {"title": ["Mug"], "attributes": [json.dumps({LIST_PRICE: stored, "color": "red"})]}
    batch, refused = product_batch(["p-1"], texts, [price])
    assert refused == []
    product = ProductTable.of([batch]).get("p-1")
    assert product is not None
    assert product.list_price == list_price
    kept = {"color": "red"} if list_price is not None else {"color": "red", LIST_PRICE: stored}
    assert product.attributes == kept


def test_a_product_in_several_categories_is_found_and_counted_in_each() -> None:
    table = table_of(
        ["a", "b"],
        category="Kitchen > Mugs",
        attributes=json.dumps({MORE_CATEGORIES: "Gifts > For him\nkitchen > cups"}),
    )
    plain = table_of(["a"], category="Kitchen > Mugs")
    column = table.fields.column("category")
    for path in ("Kitchen", "kitchen > MUGS", "Gifts", "Gifts > For him", "Kitchen > Cups"):
        assert column.passing_below([path]).tolist() == [True, True], path
    for path in ("Mugs", "Gifts > Kitchen", "For him"):
        assert column.passing_below([path]).tolist() == [False, False], path
    assert plain.fields.column("category").passing_below(["Gifts"]).tolist() == [False]
    assert levels(column.values[0]) == [
        *("Kitchen", "Kitchen > Mugs", "Gifts", "Gifts > For him", "kitchen > cups")
    ]


def test_a_category_has_no_empty_levels() -> None:
    assert levels("Home >> Mugs >") == ["Home", "Home > Mugs"]


def test_what_is_no_product_is_told_with_the_reason() -> None:
    _, [(product_id, reason)] = batch_of(["p-1"], title="")
    assert (product_id, "title" in reason) == ("p-1", True)
    for attributes in ("{", "[1]", '{"a": 1}'):
        _, [(_, reason)] = batch_of(["p-1"], attributes=attributes)
        assert "attributes" in reason


def test_packed_texts_come_back_also_after_changes() -> None:
    texts = ["", "Ä mug. " * 9, "x" * 70_000, "日本\0 \U0001f600", "Ä mug. Dear."]
    plain, packed = (
        ProductTable.of(
            [
                product_batch(
                    [f"p-{number}"],
                    {name: [""] for name in TEXT_COLUMNS}
                    | {"title": ["T"], "description": [text], "image_url": [f"/{text[:9]}"]}
                    | {"product_url": [f"https://shop.example/{number}"]}
                    | {"attributes": [json.dumps({"color": word})]},
                    [math.nan],
                )[0]
                for number, (text, word) in enumerate(zip(texts, "abcde", strict=True))
            ],
            pack=pack,
        )
        for pack in (False, True)
    )
    rows = [4, 0, 3, 3, 2, 1]
    assert packed.values(rows) == plain.values(rows)
    assert [row["description"] for row in packed.values(range(5))] == texts
    assert packed.fields.column("color").values == plain.fields.column("color").values
    others = table_of(["p-2", "p-9"], description="Another mug.", attributes='{"color": "z"}')
    for one in (packed, plain):
        changed = one.put(others, ["p-3"])
        assert changed.ids == ["p-0", "p-1", "p-2", "p-4", "p-9"]
        assert [row["description"] for row in changed.values(range(5))] == [
            *texts[:2],
            "Another mug.",
            texts[4],
            "Another mug.",
        ]
        assert changed.fields.column("color").of_row(2) == "z"
        assert changed.words.count == 5
        assert others.put(one).values([0, 1]) == one.values([0, 1])
    assert packed.without(["p-0"]).values([0]) == plain.values([1])


def test_descriptions_stay_packed_when_products_change(monkeypatch: pytest.MonkeyPatch) -> None:
    batch, _ = batch_of(["p-1", "p-2"], description="A mug.", attributes='{"color": "red"}')
    packed = ProductTable.of([batch], pack=True)
    unpack, seen = Packing.unpack, list[str]()

    def recorded(packing: Packing, column: pa.ChunkedArray) -> pa.ChunkedArray:
        texts = unpack(packing, column)
        seen.extend(texts.to_pylist())
        return texts

    monkeypatch.setattr(Packing, "unpack", recorded)
    assert packed.without(["p-1"]).fields.column("color").of_row(0) == "red"
    assert seen == ['{"color": "red"}']


def test_ids_are_held_once_and_found_as_in_a_list() -> None:
    ids = sorted({*ODD_IDS, *(f"p-{number:03}" for number in range(100))})
    table = table_of(ids)
    held = table.held_ids
    assert list(held) == table.ids == ids
    assert held[-1] == ids[-1]
    assert held[3:7] == ids[3:7]
    for product_id in [*ids, "", "0", "p-05", "p-0505", "\U0010ffff"]:
        assert held.place(product_id) == bisect_left(ids, product_id)
    with pytest.raises(IndexError):
        held[len(ids)]
    assert list(table_of([]).held_ids) == []
    assert Ids.of([]).place("a") == 0
