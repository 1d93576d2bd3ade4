"""Product feeds for tests: a CSV file with a folder of small pictures, all different."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

COLUMNS = (
    "product_id",
    "title",
    "description",
    "category",
    "brand",
    "price",
    "currency",
    "color",
    "image_path",
    "product_url",
)


def product_rows(count: int, *, pictures: bool = True) -> list[dict[str, str]]:
    """Products `p-000`, `p-001`, …, each with words, a price and a picture of its own."""
    return [
        {
            "product_id": f"p-{number:03}",
            "title": f"Product {number}",
            "description": f"The description\nof number {number}.",
            "category": "Kitchen > Mugs",
            "brand": "",
            "price": "" if number % 5 == 4 else f"{number}.50",
            "currency": "EUR",
            "color": "red",
            "image_path": f"images/{number}.png" if pictures else "",
            "product_url": f"https://example.com/{number}",
        }
        for number in range(count)
    ]


def write_feed(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Write the CSV, and the pictures that it names and that are not there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "images").mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    for number, row in enumerate(rows):
        picture = path.parent / row["image_path"]
        if row["image_path"].startswith("images/") and not picture.exists():
            Image.new("RGB", (8, 8), (number % 256, number // 256, 0)).save(picture)
    return path
