"""How good search is on the sample catalogue, embedded by the encoder service."""

from __future__ import annotations

from pathlib import Path

from services.pipeline.caption import caption
from services.pipeline.demo.evaluate import Gallery, Report, evaluate
from services.pipeline.demo.make_sample import sample_products
from services.pipeline.encoder_batches import embed_pictures, embed_texts
from services.pipeline.errors import FeedUnusable
from services.pipeline.settings import PipelineSettings


def evaluate_sample(folder: Path, settings: PipelineSettings) -> Report:
    """Ask for every product of the sample in `folder`, in words and with another drawing.

    Raises FeedUnusable when the pictures are not there, DependencyAway, EncoderBroken.
    """
    products = sample_products()
    missing = [one.image_path for one in products if not (folder / one.image_path).is_file()]
    if missing:
        raise FeedUnusable(f"{folder} is not the sample catalogue: it has no {missing[0]}")
    gallery = Gallery(
        combinations=[one.combination for one in products],
        captions=[caption(one.wording.title, one.wording.description) for one in products],
        pictures=[(folder / one.image_path).read_bytes() for one in products],
    )

    return evaluate(
        gallery,
        lambda texts: embed_texts(texts, settings),
        lambda pictures: embed_pictures(pictures, settings),
    )
