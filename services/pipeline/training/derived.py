"""Judged queries for a catalogue that has none: made of its categories and of known pictures.

Words ask for a category by its own name, which is in no caption. Pictures come from
`image_queries.csv` beside the feed (`image_path`, `product_id`). The nearer two products stand in
the tree of categories, the better one answers for the other.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import Feed
from services.pipeline.feeds.base import reading
from services.pipeline.feeds.validation import FeedProduct, RowValidator
from services.pipeline.judging.golden import Golden, GoldenQuery, Half
from services.pipeline.judging.metrics import Grade

IMAGE_QUERIES = "image_queries.csv"

_SEPARATOR = ">"

Category = tuple[str, ...]


def derive_golden(feed: Feed) -> Golden:
    """Raises FeedUnusable when the products have no categories to ask for."""
    folder = feed.folder.resolve()
    paths = {
        product.product_id: path
        for product in _products(feed)
        if (path := _levels(product.category))
    }
    queries: list[GoldenQuery] = []
    judgements: dict[str, dict[str, Grade]] = {}
    for query, grades in (*_in_words(paths), *_by_picture(folder, paths)):
        queries.append(query)
        judgements[query.query_id] = grades
    if not queries:
        raise FeedUnusable(f"{feed.path}: without categories there is nothing to judge answers by")
    return Golden(queries, judgements, folder=folder)


def _products(feed: Feed) -> Iterator[FeedProduct]:
    validator = RowValidator(feed.folder, currency=feed.currency)
    for row in feed.rows():
        outcome = validator.check(row)
        if isinstance(outcome, FeedProduct):
            yield outcome


def _levels(category: str) -> Category:
    return tuple(level.strip() for level in category.split(_SEPARATOR) if level.strip())


def _in_words(paths: Mapping[str, Category]) -> Iterator[tuple[GoldenQuery, dict[str, Grade]]]:
    """One query a category below the first level."""
    below: dict[Category, list[str]] = defaultdict(list)
    for product, path in paths.items():
        for depth in range(1, len(path) + 1):
            below[path[:depth]].append(product)
    for number, category in enumerate(sorted(one for one in below if len(one) > 1), 1):
        grades: dict[str, Grade] = {}
        around: tuple[tuple[Grade, Sequence[str]], ...] = (
            ("C", below[category[:-2]] if len(category) > 2 else ()),
            ("S", below[category[:-1]]),
            ("E", below[category]),
        )
        for grade, products in around:
            grades.update(dict.fromkeys(products, grade))
        text = category[-1].replace("-", " ").lower()
        query_id = f"category-{number:04d}"
        yield (
            GoldenQuery(query_id, "text", form="category", text=text, half=_half(query_id)),
            grades,
        )


def _by_picture(
    folder: Path, paths: Mapping[str, Category]
) -> Iterator[tuple[GoldenQuery, dict[str, Grade]]]:
    """One query a picture of a product that the catalogue has."""
    table = folder / IMAGE_QUERIES
    if not table.is_file():
        return
    with reading(table), table.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), 1):
            product, picture = row.get("product_id") or "", row.get("image_path") or ""
            if product not in paths:
                continue
            grades = {
                other: grade
                for other, path in paths.items()
                if (grade := _likeness(paths[product], path))
            }
            grades[product] = "E"
            yield (
                GoldenQuery(
                    f"picture-{number:04d}",
                    "picture",
                    form="photograph",
                    picture=picture,
                    half=_half(product),
                ),
                grades,
            )


def _likeness(one: Category, other: Category) -> Grade | None:
    """S within the category above the last, C within the one above that."""
    if len(one) > 1 and one[:-1] == other[: len(one) - 1]:
        return "S"
    if len(one) > 2 and one[:-2] == other[: len(one) - 2]:
        return "C"
    return None


def _half(name: str) -> Half:
    """By a digest, so that a query stays where it is when others come and go."""
    return "tune" if hashlib.sha256(name.encode()).digest()[0] % 2 else "report"
