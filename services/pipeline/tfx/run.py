"""One run of the pipeline on this machine; Beam's part of it goes to the runner that is set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tfx import v1 as tfx

from services.pipeline.encoding.batches import model_of
from services.pipeline.feeds import FeedSettings, open_feed
from services.pipeline.judging.golden import write_golden
from services.pipeline.settings import PipelineSettings
from services.pipeline.tfx.outcome import add_outcome
from services.pipeline.tfx.pipeline import catalogue_pipeline
from services.pipeline.tfx.settings import TfxSettings
from services.pipeline.tracking.data_version import data_version
from services.pipeline.tracking.runs import tracked
from services.pipeline.training.derived import derive_golden


def run(settings: TfxSettings, pipeline_settings: PipelineSettings) -> None:
    """Raises PipelineError, FeedRefused, GateClosed, NotPublished."""
    open_feed(settings.feed, FeedSettings().options())
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with tracked("tfx", pipeline_settings) as record:
        golden, model = _golden(settings), model_of(pipeline_settings).model
        record.parameters = {
            "feed": settings.feed.name,
            "golden": str(golden),
            "beam": settings.beam_args,
        }
        record.tags["model"] = model
        if pipeline_settings.tracking:
            record.tags["data_version"] = data_version(settings.feed)
        pipeline = catalogue_pipeline(
            settings, golden=golden, model=model, store=pipeline_settings.feature_store
        )
        try:
            tfx.orchestration.LocalDagRunner().run(pipeline)
        finally:
            if pipeline_settings.tracking:
                add_outcome(record, settings.metadata)


def _golden(settings: TfxSettings) -> Path:
    """The folder of judged queries; written first where the catalogue has none of its own."""
    given = settings.golden or settings.feed.parent / "golden"
    if given.is_dir():
        return given
    golden = derive_golden(open_feed(settings.feed, FeedSettings().options()))
    beside = golden.folder or Path()
    queries = [
        replace(query, picture=str(beside / query.picture)) if query.picture else query
        for query in golden.queries
    ]
    folder = settings.catalogue_dir / "golden"
    folder.mkdir(parents=True, exist_ok=True)
    write_golden(replace(golden, queries=queries), folder)
    return folder
