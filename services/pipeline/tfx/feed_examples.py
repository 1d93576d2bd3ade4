"""ExampleGen for product feeds: what `load` reads, through the same reader and rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor

from services.pipeline.feeds import FIELDS, FeedRow, FeedSettings, open_feed
from services.pipeline.feeds.validation import FeedProduct, Reject, RowValidator

ROW = "row"
FAULT = "fault_"
"""A feature a column: what `load` would refuse the row for, or leave out; else `NO_FAULT`."""
NO_FAULT = "none"
OTHER = "row"
"""The column of faults that are of the whole row."""
FAULT_COLUMNS = (*FIELDS, OTHER)
PICTURE = "picture"
"""Path of the picture's file; absent where the product has none or it is a link."""
TEXTS = (
    "product_id",
    "title",
    "description",
    "brand",
    "category",
    "currency",
    "image",
    "product_url",
)


class FeedExampleGenExecutor(BaseExampleGenExecutor):
    """One `tf.train.Example` a row of the feed, also of one that `load` would refuse."""

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:  # noqa: N802 - TFX's name
        return _feed_to_examples


@beam.ptransform_fn
@beam.typehints.with_input_types(beam.Pipeline)
@beam.typehints.with_output_types(tf.train.Example)
def _feed_to_examples(
    pipeline: beam.Pipeline, exec_properties: dict[str, Any], split_pattern: str
) -> beam.PCollection:
    path = Path(exec_properties["input_base"]) / split_pattern
    # A feed is read in order, since a row is refused for an id that an earlier one has. What
    # follows is spread over the workers.
    return (
        pipeline
        | "Feed" >> beam.Create([str(path)])
        | "Rows" >> beam.FlatMap(feed_examples)
        | "Spread" >> beam.Reshuffle()
    )


def feed_examples(path: str) -> Iterator[tf.train.Example]:
    """Raises FeedUnusable."""
    feed = open_feed(Path(path), FeedSettings().options())
    validator = RowValidator(feed.folder, currency=feed.currency)
    for row in feed.rows():
        yield example_of(row, validator.check(row))


def example_of(row: FeedRow, outcome: FeedProduct | Reject) -> tf.train.Example:
    """The row as it stands in the feed, with what `load` makes of it."""
    texts = {name: row.fields[name] for name in TEXTS if row.fields.get(name)}
    faults = dict.fromkeys(FAULT_COLUMNS, NO_FAULT)
    numbers: dict[str, float] = {}
    if isinstance(outcome, Reject):
        faults[outcome.column if outcome.column in faults else OTHER] = outcome.reason
    else:
        for note in outcome.notes:
            faults[note.column if note.column in faults else OTHER] = note.reason
        if outcome.currency:  # which may have stood beside the price
            texts["currency"] = outcome.currency
        if outcome.price is not None:
            numbers["price"] = outcome.price
        if outcome.picture_file is not None:
            texts[PICTURE] = str(outcome.picture_file)
    texts["attributes"] = json.dumps(dict(row.attributes), sort_keys=True, ensure_ascii=False)
    texts |= {f"{FAULT}{column}": reason for column, reason in faults.items()}
    return tf.train.Example(features=tf.train.Features(feature=_features(row, texts, numbers)))


def _features(
    row: FeedRow, texts: Mapping[str, str], numbers: Mapping[str, float]
) -> dict[str, tf.train.Feature]:
    features = {ROW: tf.train.Feature(int64_list=tf.train.Int64List(value=[row.number]))}
    for name, text in texts.items():
        # Bytes that are not UTF-8 are escaped, not dropped; the fault beside them says so.
        value = text.encode("utf-8", "backslashreplace")
        features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    for name, number in numbers.items():
        features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[number]))
    return features
