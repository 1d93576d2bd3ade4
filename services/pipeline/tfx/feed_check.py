"""The component after ExampleValidator: stops the run at an anomaly, and names column and rows."""

# No `from __future__ import annotations`: TFX reads the annotations of a component's function.

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.api.validation_api import validate_instance
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx import v1 as tfx
from tfx.types import artifact_utils
from tfx_bsl.public.tfxio import TFExampleRecord

from services.pipeline.errors import PipelineError
from services.pipeline.tfx.feed_examples import FAULT, ROW

PRODUCTS = "products"
"""The one split of the feed's examples."""

SHOWN_ROWS = 10
SHOWN_CHARACTERS = 300
"""Longest text of a reason: if each row has its own reason, the first few are enough."""


class FeedRefused(PipelineError):
    """The feed is not what the schema says; nothing of it is loaded. The message names where."""

    exit_code = 2


@dataclass(frozen=True)
class Anomaly:
    """The fault of one column of the feed."""

    column: str
    reason: str
    rows: Sequence[int]

    def __str__(self) -> str:
        where = ""
        if self.rows:
            shown = ", ".join(str(row) for row in self.rows[:SHOWN_ROWS])
            more = len(self.rows) - SHOWN_ROWS
            where = f"; row{'s' * (len(self.rows) > 1)} {shown}" + f" and {more} more" * (more > 0)
        return f"column {self.column}: {self.reason}{where}"


@tfx.dsl.components.component(use_beam=True)
def FeedCheck(  # noqa: N802 - named as TFX's components are
    examples: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Examples],
    anomalies: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.ExampleAnomalies],
    schema: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Schema],
    work: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.Bytes],
    beam_pipeline: tfx.dsl.components.BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """Raises FeedRefused when there is any anomaly. `work`: where each column's rows are noted."""
    found = _read_anomalies(Path(artifact_utils.get_split_uri([anomalies], PRODUCTS)))
    if not found:
        Path(work.uri).write_text("{}")
        return
    curated = tfdv.load_schema_text(str(Path(schema.uri) / "schema.pbtxt"))
    records = str(Path(artifact_utils.get_split_uri([examples], PRODUCTS)) / "*")
    _note_anomalous_rows(beam_pipeline, records, curated, work.uri)
    rows = dict(json.loads(line) for line in Path(work.uri).read_text().splitlines())
    raise FeedRefused("\n".join(str(one) for one in by_column(found, rows)))


def by_column(found: Mapping[str, str], rows: Mapping[str, Sequence[int]]) -> Sequence[Anomaly]:
    """One anomaly per column of the feed, from those of its own feature and of its faults'."""
    columns: dict[str, tuple[list[str], set[int]]] = {}
    for feature, reason in found.items():
        reasons, numbers = columns.setdefault(feature.removeprefix(FAULT), ([], set()))
        reason = reason.replace("\\'", "'").rstrip(". ")
        reasons.append(textwrap.shorten(reason, SHOWN_CHARACTERS, placeholder=" …"))
        numbers.update(rows.get(feature, ()))
    return [
        Anomaly(column, "; ".join(reasons), sorted(numbers))
        for column, (reasons, numbers) in sorted(columns.items())
    ]


def _read_anomalies(folder: Path) -> Mapping[str, str]:
    """The faults, by the name of the feature."""
    told = anomalies_pb2.Anomalies()
    told.ParseFromString((folder / "SchemaDiff.pb").read_bytes())
    found = {name: info.description for name, info in told.anomaly_info.items()}
    if told.HasField("dataset_anomaly_info"):
        found["(all)"] = told.dataset_anomaly_info.description
    return found


def _note_anomalous_rows(
    pipeline: beam.Pipeline, records: str, schema: schema_pb2.Schema, path: str
) -> None:
    """One line of JSON a feature: its name and the rows whose example breaks the schema."""
    options = tfdv.StatsOptions(schema=schema)
    read = TFExampleRecord(records, telemetry_descriptors=["FeedCheck"], schema=schema)
    with pipeline as beginning:
        (
            beginning
            | "Read" >> read.BeamSource(batch_size=1)
            | "Validate" >> beam.FlatMap(_anomalous, options)
            | "ByFeature" >> beam.GroupByKey()
            | "Line" >> beam.MapTuple(lambda name, rows: json.dumps([name, sorted(rows)]))
            | "Write" >> beam.io.WriteToText(path, shard_name_template="")
        )


def _anomalous(record: pa.RecordBatch, options: tfdv.StatsOptions) -> Iterator[tuple[str, int]]:
    """(feature, row) of each thing wrong with one example."""
    row = record.column(record.schema.get_field_index(ROW))[0].as_py()[0]
    for name in validate_instance(record, options).anomaly_info:
        yield name, row
