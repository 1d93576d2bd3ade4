"""Embeds a small feed on Beam, as the TFX pipeline does; runs in the environment of TFX.

`python -m tests.load.beam_embedding FEED FOLDER [BEAM'S OPTIONS]`; prints the number of products.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import apache_beam as beam
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions

from services.pipeline.settings import PipelineSettings
from services.pipeline.tfx.embedder import EmbedRecords
from services.pipeline.tfx.feed_examples import PICTURE
from services.pipeline.tfx.records import write_records
from services.pipeline.tfx.transform import CAPTION, FIT
from tests.support.printing import say


def records(feed: Path) -> Iterator[bytes]:
    """Its products as the pipeline's Transform leaves them."""
    with feed.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            texts = {
                "product_id": row["product_id"],
                CAPTION: f"{row['title']}. {row['description']}",
                PICTURE: str(feed.parent / row["image_path"]),
            }
            feature = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
                for name, text in texts.items()
            }
            feature[FIT] = tf.train.Feature(int64_list=tf.train.Int64List(value=[1]))
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            yield example.SerializeToString()


def main(feed: Path, folder: Path, options: list[str]) -> None:
    folder.mkdir(parents=True)
    write_records(str(folder / "products.gz"), records(feed))
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        (
            pipeline
            | beam.io.ReadFromTFRecord(str(folder / "products.gz"))
            | EmbedRecords(PipelineSettings(), "measured")
            | beam.io.WriteToTFRecord(str(folder / "vectors"), file_name_suffix=".gz")
        )
    written = [str(one) for one in folder.glob("vectors*.gz")]
    vectors = tf.data.TFRecordDataset(written, compression_type="GZIP")
    say(str(sum(1 for _ in vectors)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
