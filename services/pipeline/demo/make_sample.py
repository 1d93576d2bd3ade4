"""Write the sample catalogue: `python -m services.pipeline.demo.make_sample --output data/sample`.

Every product is of a held-out combination, and no two are of the same. Deterministic: the same lock
gives the same bytes.
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

from services.pipeline.demo.drawing.render import picture
from services.pipeline.demo.taxonomy import CATEGORY, Combination, combinations, held_out
from services.pipeline.demo.wording import Wording, shop_wording

PRODUCTS_A_CATEGORY = 24
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
        picture(self.combination, 0, SIDE).save(buffer, "WEBP", quality=QUALITY, method=6)
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
        held.sort(key=lambda one: sha256(f"pick|{one}".encode()).digest())
        chosen += sorted(held[:PRODUCTS_A_CATEGORY])
    products = []
    for number, combination in enumerate(chosen, 1):
        random = Random(f"sample|{combination}")
        wording = shop_wording(combination, random)
        products.append(
            SampleProduct(f"sample-{number:04d}", combination, wording, random.random() < 0.9)
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
