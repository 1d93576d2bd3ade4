"""Products of an odd shop (several categories, spellings, missing values), and its catalogues."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np

from services.contracts.products import MORE_CATEGORIES
from services.contracts.retriever import CatalogueInfo
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.catalogue.moments import Moments
from services.retriever.catalogue.product_table import TEXT_COLUMNS, ProductTable, product_batch
from services.retriever.catalogue.products import Products
from services.retriever.index import NO_CHANGES, Changes, IndexChoice, LiveIndex, Rows
from tests.unit.retriever.engines import indexed

MODEL, D = "mini@1", 16
BRANDS = ["Lumo", "LUMO ", "Kestrel", "", "Çelik"]
CATEGORIES = ["Home > Kitchen > Mugs", "home>kitchen", "Home", "Garden > Pots", "Gardens", ""]
MORE = ["", "Gifts > For her", "Sale\nHome > Office", "Garden"]
STOCK = ["true", "no", "In stock", ""]
FILTERABLE = ["material", "inner/outer", "size"]


def product_id(number: int) -> str:
    return f"p-{number:05}"


def table(numbers: Sequence[int], price: float = 0.0) -> ProductTable:
    """price: is added to that of each."""
    texts = {name: [""] * len(numbers) for name in TEXT_COLUMNS}
    texts["title"] = [f"Product {number}" for number in numbers]
    texts["brand"] = [BRANDS[number % 5] for number in numbers]
    texts["category"] = [CATEGORIES[number % 6] for number in numbers]
    texts["currency"] = [["EUR", "eur", "USD", ""][number % 4] for number in numbers]
    texts["attributes"] = [
        json.dumps(
            {
                "in_stock": STOCK[number % 4],
                "material": ["wood", "Oak  wood", ""][number % 3],
                "inner/outer": ["in", "out"][number % 2],
                "size": "SML"[number % 3],
                MORE_CATEGORIES: MORE[number % 4],
                **({"item_group_id": f"G{number // 3}"} if number < 90 else {}),
            }
        )
        for number in numbers
    ]
    prices = [math.nan if number % 7 == 0 else number % 11 + price for number in numbers]
    ids = [product_id(number) for number in numbers]
    batch, refused = product_batch(ids, texts, prices)
    assert refused == []
    return ProductTable.of([batch], FILTERABLE)


def vectors(numbers: Sequence[int], seed: int = 0) -> Rows:
    """(m, 2·d): every tenth has no image."""
    rows: Rows = np.stack(
        [np.random.default_rng([seed, number]).normal(size=2 * D) for number in numbers]
    ).astype(np.float32)
    for half in (rows[:, :D], rows[:, D:]):
        half /= np.linalg.norm(half, axis=1, keepdims=True)
    rows[[number % 10 == 9 for number in numbers], D:] = 0
    return rows


def catalogue(
    choice: IndexChoice, products: int, version: str = "v1", changes: Changes = NO_CHANGES
) -> Catalogue:
    """changes: that were made and taken back since."""
    numbers = range(products)
    ids, rows, texts = [*map(product_id, numbers)], vectors(numbers), table(numbers)
    info = CatalogueInfo(version=version, model=MODEL, dimension=D, products=products)
    index = indexed(choice, info, texts, ids, rows, changes)
    live = LiveIndex(index, ids, choice)
    return Catalogue(info, Products(texts), live, Moments.of(rows), sequence=changes.sequence)


def put(one: Catalogue, numbers: Sequence[int], price: float, *deleted: int) -> Catalogue:
    """The catalogue after one more change: these at another price, with other vectors."""
    rows = vectors(numbers, int(price))
    return one.with_changes(
        one.sequence + 1,
        table(numbers, price),
        rows[:, :D],
        rows[:, D:],
        [*map(product_id, deleted)],
    )
