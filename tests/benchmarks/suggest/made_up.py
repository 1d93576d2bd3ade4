"""A made-up shop: words as frequent as in a language, 38 to a product."""

from __future__ import annotations

import json
import random

import numpy as np
import pyarrow as pa

from services.retriever.catalogue.product_table import TEXT_COLUMNS, product_batch

COLORS = ("red", "blue", "green", "black", "white", "yellow", "pink", "grey")
_BATCH = 500
_VOCABULARY, _BRANDS, _CATEGORIES = 40_000, 3_000, 400
_IN_TITLE, _WORDS = 6, 36
_ZIPF = 1.25
"""Exponent of the frequencies of words, by their rank."""


def word(number: int) -> str:
    """A word that can be pronounced; the same each time."""
    choice = random.Random(number)
    syllables = (choice.choice("bcdfghklmnprstvw") + choice.choice("aeiou") for _ in range(4))
    ending: str = choice.choice(["", *"nrst"])
    return "".join(list(syllables)[: choice.randint(2, 4)]) + ending


def made_up(products: int) -> list[pa.RecordBatch]:
    """Batches of `product_batch`, ascending by id."""
    generator = np.random.default_rng(0)
    vocabulary = [word(number) for number in range(_VOCABULARY)]
    brands = [word(1_000_000 + number).title() for number in range(_BRANDS)]
    categories = [
        f"{word(2_000_000 + number // 20).title()} > {word(3_000_000 + number).title()}"
        for number in range(_CATEGORIES)
    ]
    batches = []
    for start in range(0, products, _BATCH):
        numbers = range(start, min(products, start + _BATCH))
        said = (generator.zipf(_ZIPF, (len(numbers), _WORDS)) - 1) % _VOCABULARY
        texts = {name: [""] * len(numbers) for name in TEXT_COLUMNS}
        for row, number in enumerate(numbers):
            words = [vocabulary[one] for one in said[row].tolist()]
            brand, color = brands[int(generator.integers(_BRANDS))], COLORS[number % len(COLORS)]
            texts["title"][row] = " ".join((brand, color, *words[:_IN_TITLE]))
            texts["description"][row] = " ".join(words[_IN_TITLE:])
            texts["brand"][row] = brand
            texts["category"][row] = categories[int(generator.integers(_CATEGORIES))]
            texts["attributes"][row] = json.dumps({"color": color, "sku": f"SK-{number:07d}"})
            texts["image_url"][row] = f"/images/{number}.webp"
        ids = [f"p{number:08d}" for number in numbers]
        batches.append(product_batch(ids, texts, [10.0] * len(numbers))[0])
    return batches
