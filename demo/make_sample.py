"""Write the sample catalogue: `python -m demo.make_sample --output data/sample`.

Every product is of a held-out combination; those that the examples ask for have three products,
the others one, and no two are drawn or written alike. Deterministic: the same lock gives the same
bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

from demo.drawing.render import picture
from demo.taxonomy import (
    CATEGORY,
    SHOWN,
    Combination,
    combinations,
    held_out,
)
from demo.wording import Wording, shop_wording

COMBINATIONS_A_CATEGORY = 24
PRODUCTS_OF_A_SHOWN_COMBINATION = 3
SIDE = 480
QUALITY = 82
CURRENCY = "EUR"
COLUMNS = (
    "product_id", "title", "description", "category", "brand", "price", "currency", "color",
    "pattern", "material", "in_stock", "image_path", "product_url",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """One row of the catalogue, and what is drawn for it."""

    product_id: str
    combination: Combination
    drawing: int
    wording: Wording
    in_stock: bool

    @property
    def image_path(self) -> str:
        return f"images/{self.product_id}.webp"

    def row(self) -> dict[str, str]:
        return {
            "product_id": self.product_id,
            "title": self.wording.title,
            "description": self.wording.description,
            "category": CATEGORY[self.combination.category].path,
            "brand": self.wording.brand,
            "price": f"{self.wording.price:.2f}",
            "currency": CURRENCY,
            "color": self.combination.colour,
            "pattern": self.combination.pattern,
            "material": self.wording.material,
            "in_stock": "true" if self.in_stock else "false",
            "image_path": self.image_path,
            "product_url": f"https://shop.example/p/{self.product_id}",
        }

    def webp(self) -> bytes:
        buffer = io.BytesIO()
        picture(self.combination, self.drawing, SIDE).save(
            buffer, "WEBP", quality=QUALITY, method=6
        )
        return buffer.getvalue()


def sample_products() -> list[SampleProduct]:
    """The whole sample, in the order of its file."""
    by_category: dict[str, list[Combination]] = {}
    for combination in combinations():
        if held_out(combination):
            by_category.setdefault(combination.category, []).append(combination)
    chosen: list[Combination] = []
    for held in by_category.values():
        # In an order of their own: the first in the list's would all be of the first colours.
        held.sort(key=lambda one: (one not in SHOWN, sha256(f"pick|{one}".encode()).digest()))
        chosen += sorted(held[:COMBINATIONS_A_CATEGORY])
    products: list[SampleProduct] = []
    for combination in chosen:
        for drawing in range(PRODUCTS_OF_A_SHOWN_COMBINATION if combination in SHOWN else 1):
            random = Random(f"sample|{combination}|{drawing}")
            wording = shop_wording(combination, random)
            product_id = f"sample-{len(products) + 1:04d}"
            products.append(
                SampleProduct(product_id, combination, drawing, wording, random.random() < 0.9)
            )
    return products


def write_sample(folder: Path) -> int:
    """Draw and write everything; returns how many products there are."""
    images = folder / "images"
    shutil.rmtree(images, ignore_errors=True)
    images.mkdir(parents=True)
    products = sample_products()
    with (folder / "products.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for product in products:
            writer.writerow(product.row())
            (folder / product.image_path).write_bytes(product.webp())
    return len(products)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    folder = parser.parse_args().output
    print(f"{write_sample(folder)} products in {folder}")


if __name__ == "__main__":
    main()
