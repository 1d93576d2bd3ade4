"""Result of a pipeline run, from TFX's own metadata, for its record in MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as metadata
from tfx.utils import path_utils

from services.pipeline.tfx.evaluator import EVALUATION
from services.pipeline.tfx.trainer import FIGURES, RANKING
from services.pipeline.tracking.runs import Record, flat
from services.pipeline.training.judged_ranking import JudgedRanking

_RUN = "pipeline_run"


def add_outcome(record: Record, database: Path) -> None:
    """Add figures and files of the latest run in the metadata, as far as the run went."""
    connection = metadata.ConnectionConfig()
    connection.sqlite.filename_uri = str(database)
    connection.sqlite.connection_mode = connection.sqlite.READONLY
    store = MetadataStore(connection)
    runs = store.get_contexts_by_type(_RUN)
    if not runs:
        return
    latest = max(runs, key=lambda run: run.id)
    record.texts["components.txt"] = "".join(_components(store, latest))
    for artifact in _made(store, latest):
        if artifact.type == "Model":
            ranking = Path(path_utils.serving_model_dir(artifact.uri)) / RANKING
            record.tags["ranking"] = str(json.loads(ranking.read_text())["name"])
            record.files.append(ranking)
        elif artifact.type == "ModelRun":
            figures = Path(artifact.uri) / FIGURES
            record.metrics |= flat(json.loads(figures.read_text()), "training/")
            record.files.append(figures)
        elif artifact.type == "ModelEvaluation":
            evaluation = Path(artifact.uri) / EVALUATION
            judged = JudgedRanking.from_json(evaluation.read_text())
            record.metrics["evaluation/ndcg"] = judged.mean.mean
            record.files.append(evaluation)


def _components(store: MetadataStore, run: metadata.Context) -> Iterator[str]:
    """A line a component: how it ended, and how long it took unless TFX had it already."""
    executions = store.get_executions_by_context(run.id)
    for execution in sorted(executions, key=lambda one: one.id):
        state = metadata.Execution.State.Name(execution.last_known_state).lower()
        took_s = (execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000
        name = execution.type.rpartition(".")[2]
        yield f"{name}: {state}, {took_s:.1f} s\n"


def _made(store: MetadataStore, run: metadata.Context) -> list[metadata.Artifact]:
    """Artefacts that the components of a run made, or that TFX took from its cache."""
    ended = (metadata.Execution.COMPLETE, metadata.Execution.CACHED)
    executions = [
        execution.id
        for execution in store.get_executions_by_context(run.id)
        if execution.last_known_state in ended
    ]
    outputs = [
        event.artifact_id
        for event in store.get_events_by_execution_ids(executions)
        if event.type == metadata.Event.OUTPUT
    ]
    found: list[metadata.Artifact] = store.get_artifacts_by_id(outputs)
    return found
