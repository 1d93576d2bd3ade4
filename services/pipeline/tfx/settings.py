"""Settings of the TFX pipeline, from the environment, prefix `TFX_`."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TfxSettings(BaseSettings):
    """What may be set for a run; the encoder and the store are the pipeline's own settings."""

    model_config = SettingsConfigDict(env_prefix="TFX_", frozen=True, extra="ignore")

    feed: Path = Field(
        default=Path("data/sample/products.csv"),
        description="Catalogue to take in: CSV or Parquet.",
    )
    golden: Path | None = Field(
        default=None,
        description="Folder of judged queries; `golden` beside the feed when left out, and queries "
        "made of its categories where there is none.",
    )
    state_dir: Path = Field(
        default=Path(".state/tfx"),
        description="Where artefacts and the metadata's SQLite file are kept.",
    )
    beam_args: str = Field(
        default="--runner=DirectRunner --direct_running_mode=in_memory --direct_num_workers=1",
        description="Which runner Beam's work goes to, and its options: FlinkRunner, SparkRunner, "
        "DataflowRunner (docs/scaling.md).",
    )
    serving_python: Path = Field(
        default=Path(".venv/bin/python"),
        description="Python of the environment that has Feast, in which the Pusher publishes.",
    )

    @property
    def catalogue_dir(self) -> Path:
        """What is kept of this feed alone: another catalogue's figures are no yardstick for it."""
        feed = self.feed.resolve()
        digest = hashlib.sha256(str(feed).encode()).hexdigest()[:8]
        return self.state_dir.resolve() / f"{feed.parent.name or 'catalogue'}-{digest}"

    @property
    def metadata(self) -> Path:
        """SQLite file of what TFX remembers of its runs."""
        return self.state_dir.resolve() / "metadata.sqlite"

    @property
    def pushed_dir(self) -> Path:
        """What was pushed, a folder a version."""
        return self.catalogue_dir / "pushed"

    @property
    def beam_pipeline_args(self) -> list[str]:
        return shlex.split(self.beam_args)
