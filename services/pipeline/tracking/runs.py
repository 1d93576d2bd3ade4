"""Runs of the pipeline as MLflow runs, where tracking is on.

MLflow takes three seconds to import, and six more to make a new database: so a run is written when
it has ended, its times as they were, and MLflow is imported then.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from services.pipeline.errors import DependencyAway, PipelineError
from services.pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

EXPERIMENT = "multimodal-search"

Kind = Literal["load", "train", "evaluate", "tfx"]

_SQLITE = "sqlite:///"


@dataclass(slots=True)
class Record:
    """Facts of a run, collected while it runs."""

    kind: Kind
    parameters: dict[str, str | int | float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """Artefacts by name."""
    files: list[Path] = field(default_factory=list)
    """Artefacts that are files already."""
    run_id: str | None = None
    """Once it was written; None where tracking is off."""


@contextmanager
def tracked(kind: Kind, settings: PipelineSettings) -> Iterator[Record]:
    """A record that becomes an MLflow run at the end, also of what failed.

    Raises DependencyAway at once when tracking is on and MLflow is not installed. That the tracking
    server is away costs a run its record, and nothing else.
    """
    record = Record(kind)
    if not settings.tracking:
        yield record
        return
    if importlib.util.find_spec("mlflow") is None:
        raise DependencyAway(
            "PIPELINE_TRACKING is on, but MLflow is not installed: install group `evaluate`"
        )
    started = time.time()
    try:
        yield record
    except PipelineError as error:
        record.tags["error"] = str(error)
        _write(record, settings, started, "FAILED")
        raise
    _write(record, settings, started, "FINISHED")


def flat(figures: Mapping[str, object], above: str = "") -> dict[str, float]:
    """Nested figures by their path; what is no number has no place among MLflow's metrics."""
    found: dict[str, float] = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{above}{name}/")
        elif isinstance(value, int | float):
            found[f"{above}{name}"] = float(value)
    return found


def client(settings: PipelineSettings) -> MlflowClient:
    """A client of the tracking store and the registry. Imports MLflow."""
    # Turn MLflow's telemetry off.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # MLflow's own use of SQLAlchemy, which its next versions fix; no reader can act on it.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"mlflow\.")
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    uri = settings.tracking_uri
    if uri.startswith(_SQLITE):
        Path(uri.removeprefix(_SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    return MlflowClient(uri, uri)


def _write(record: Record, settings: PipelineSettings, started: float, status: str) -> None:
    mlflow = client(settings)
    from mlflow.exceptions import MlflowException

    try:
        run = mlflow.create_run(
            _experiment(mlflow, settings),
            start_time=round(started * 1000),
            run_name=f"{record.kind} {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(started))}",
            tags={"kind": record.kind, **record.tags},
        )
        run_id = run.info.run_id
        for name, value in record.parameters.items():
            mlflow.log_param(run_id, name, value)
        for name, number in record.metrics.items():
            mlflow.log_metric(run_id, name, number)
        for name, text in record.texts.items():
            mlflow.log_text(run_id, text, name)
        for path in record.files:
            mlflow.log_artifact(run_id, str(path))
        mlflow.set_terminated(run_id, status)
        record.run_id = run_id
    except MlflowException as error:
        logger.warning("the run is not recorded: %s", str(error).partition("\n")[0])


def _experiment(mlflow: MlflowClient, settings: PipelineSettings) -> str:
    found = mlflow.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    artefacts = None
    if settings.tracking_uri.startswith(_SQLITE):
        # A server knows where to keep them; without one they go beside the database.
        database = Path(settings.tracking_uri.removeprefix(_SQLITE)).resolve()
        artefacts = (database.parent / "artifacts").as_uri()
    return str(mlflow.create_experiment(EXPERIMENT, artifact_location=artefacts))
