"""Between Transform and Trainer: vectors of the products and of the judged queries."""

# No `from __future__ import annotations`: TFX reads the annotations of a component's function.

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import tensorflow as tf
from tfx import v1 as tfx
from tfx.types import artifact_utils

from services.pipeline.catalogue.product import ProductVectors
from services.pipeline.encoding.embedding import Embedder as ProductEmbedder
from services.pipeline.encoding.encoder_client import EncoderClient
from services.pipeline.judging.golden import Half, read_golden
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture
from services.pipeline.settings import PipelineSettings
from services.pipeline.tfx.feed_check import PRODUCTS
from services.pipeline.tfx.feed_examples import PICTURE
from services.pipeline.tfx.records import product_example, query_examples, write_records
from services.pipeline.tfx.transform import CAPTION, FIT
from services.pipeline.training.embedded_golden import embed_queries

HALVES: dict[Half, str] = {"tune": "tune", "report": "report"}
"""Halves of the judged queries, and the split of each: to learn from, and to judge by."""


@dataclass(frozen=True)
class Captioned:
    """The parts of a product that are embedded."""

    product_id: str
    caption: str
    picture: StoredPicture | None
    more: tuple[StoredPicture, ...] = ()
    """Only the first picture is embedded here; `load` embeds the others."""
    vectors: None = None
    """Those that came with the feed are left to `load`."""


@tfx.dsl.components.component(use_beam=True)
def Embedder(  # noqa: N802 - named as TFX's components are
    products: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Examples],
    vectors: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.Examples],
    golden: tfx.dsl.components.Parameter[str],
    model: tfx.dsl.components.Parameter[str],
    pictures: tfx.dsl.components.Parameter[str],
    beam_pipeline: tfx.dsl.components.BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """vectors: of the products that are fit to load, and of the queries in the folder `golden`.

    model, pictures: what else the vectors depend on, so that a change is not answered from TFX's
    cache. Where the encoder is says the environment: its address changes nothing.
    """
    vectors.split_names = artifact_utils.encode_split_names([PRODUCTS, *HALVES.values()])
    settings = PipelineSettings()
    records = str(Path(artifact_utils.get_split_uri([products], PRODUCTS)) / "*")
    written = Path(artifact_utils.get_split_uri([vectors], PRODUCTS))
    with beam_pipeline as beginning:
        (
            beginning
            | "Read" >> beam.io.ReadFromTFRecord(records)
            | "Vectors" >> EmbedRecords(settings, model)
            | "Write" >> beam.io.WriteToTFRecord(str(written / "vectors"), file_name_suffix=".gz")
        )
    asked = read_golden(Path(golden))
    for half, split in HALVES.items():
        path = Path(artifact_utils.get_split_uri([vectors], split)) / "queries.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_records(str(path), query_examples(*embed_queries(asked, half, settings)))


class EmbedRecords(beam.PTransform):
    """Records of products to serialized examples with their vectors."""

    def __init__(self, settings: PipelineSettings, model: str) -> None:
        super().__init__()
        self._settings = settings
        self._model = model

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        most = self._settings.batch_products
        return (
            records
            | "Fit" >> beam.FlatMap(_fit)
            # A file is read by one worker, which would embed all of it too.
            | "Spread" >> beam.Reshuffle()
            | "Batch" >> beam.BatchElements(min_batch_size=32, max_batch_size=most)
            | "Embed" >> beam.ParDo(EmbedProducts(self._settings, self._model))
        )


def _fit(record: bytes) -> Iterator[tuple[str, str, str]]:
    """(id, caption, picture's path or nothing) of a product that may be loaded."""
    features = tf.train.Example.FromString(record).features.feature
    if features[FIT].int64_list.value[0]:
        product_id, words, picture = (
            features[name].bytes_list.value[0].decode() for name in ("product_id", CAPTION, PICTURE)
        )
        yield product_id, words, picture


class EmbedProducts(beam.DoFn):
    """Batches of products to serialized examples with their vectors.

    One whose picture turns out unusable is left out, as `load` leaves it out.
    """

    def __init__(self, settings: PipelineSettings, model: str) -> None:
        self._settings = settings
        self._model = model

    def process(self, batch: list[tuple[str, str, str]]) -> Iterator[bytes]:
        media = MediaStore.of(self._settings)
        products = []
        for product_id, words, picture in batch:
            try:
                stored = media.take(Path(picture)) if picture else None
            except UnusablePicture:
                continue
            products.append(Captioned(product_id, words, stored))
        for product, vectors in zip(
            products, asyncio.run(self._embed(media, products)), strict=True
        ):
            if isinstance(vectors, ProductVectors):
                yield product_example(product.product_id, vectors, self._model)

    async def _embed(
        self, media: MediaStore, products: Sequence[Captioned]
    ) -> list[ProductVectors | UnusablePicture]:
        settings = self._settings
        async with aclosing(EncoderClient.of(settings)) as encoder:
            embedder = ProductEmbedder(encoder, await encoder.model(), media, settings)
            return await embedder.embed(products)
