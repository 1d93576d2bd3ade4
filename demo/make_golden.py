"""Write the golden queries: `python -m demo.make_golden --output FOLDER`.

Deterministic: the same lock gives the same bytes.
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path

from demo.drawing.render import picture
from demo.golden_queries import (
    half,
    identifier_queries,
    limit_queries,
    name_queries,
    null_queries,
    picture_queries,
    text_queries,
    variants,
)
from demo.make_sample import sample_products
from demo.taxonomy import Combination
from services.pipeline.judging.golden import Golden, write_golden
from services.pipeline.judging.metrics import Grade

_FIRST_DRAWING = 2_000_003
"""Seeds of the golden drawings: the sample's, the training's and the evaluation's are others."""
_SIDE = 224
_QUALITY = 80


def golden() -> Golden:
    """All golden queries of the sample, without the pictures' files."""
    products = sample_products()
    words, looks, names = text_queries(products), picture_queries(products), name_queries()
    ids, limits = identifier_queries(products), limit_queries(products)
    every = (*words, *looks, *names, *ids, *limits)
    judged: dict[str, dict[str, Grade]] = {
        one.query.query_id: {
            product.product_id: grade
            for product in products
            if (grade := one.wish.grade(product)) != "I"
        }
        for one in every
    }
    asked = [one.query for one in every]
    return Golden(
        queries=[half(query) for query in (*asked, *null_queries())],
        judgements=judged,
        variants=variants([one.query for one in words]),
    )


def write(folder: Path) -> int:
    """Write the tables and draw the pictures; returns how many queries there are."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pictures").mkdir(parents=True)
    made = golden()
    write_golden(made, folder)
    for number, one in enumerate(picture_queries(sample_products())):
        looks = Combination(one.wish.category, one.wish.colour, one.wish.pattern)
        buffer = io.BytesIO()
        picture(looks, _FIRST_DRAWING + number, _SIDE).save(
            buffer, "WEBP", quality=_QUALITY, method=6
        )
        (folder / one.query.picture).write_bytes(buffer.getvalue())
    return len(made.queries)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    folder = parser.parse_args().output
    print(f"{write(folder)} queries in {folder}")


if __name__ == "__main__":
    main()
