"""Settings of the TFX pipeline, from the environment, prefix `TFX_`."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TfxSettings(BaseSettings):
    """Settings of a TFX run; encoder and store come from the pipeline's own settings."""

    model_config = SettingsConfigDict(
        env_prefix="TFX_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    feed: Path = Field(
        default=Path("data/sample/products.csv"),
        description="Catalogue to read: CSV or Parquet.",
    )
    golden: Path | None = Field(
        default=None,
        description="Folder of judged queries. Default: `golden` beside the feed, else queries "
        "made from its categories.",
    )
    state_dir: Path = Field(
        default=Path(".state/tfx"),
        description="Folder of the artefacts and of the metadata's SQLite file.",
    )
    beam_args: str = Field(
        default="--runner=DirectRunner --direct_running_mode=in_memory --direct_num_workers=1",
        description="Beam's runner and its options: FlinkRunner, SparkRunner, "
        "DataflowRunner (docs/scaling.md).",
    )
    serving_python: Path = Field(
        default=Path(".venv/bin/python"),
        description="Python of the environment that has Feast, in which the Pusher publishes.",
    )

    @property
    def catalogue_dir(self) -> Path:
        """Folder of this feed alone: its figures are not compared with another catalogue's."""
        feed = self.feed.resolve()
        digest = hashlib.sha256(str(feed).encode()).hexdigest()[:8]
        return self.state_dir.resolve() / f"{feed.parent.name or 'catalogue'}-{digest}"

    @property
    def metadata(self) -> Path:
        """SQLite file of what TFX remembers of its runs."""
        return self.state_dir.resolve() / "metadata.sqlite"

    @property
    def pushed_dir(self) -> Path:
        """Pushed versions, one folder each."""
        return self.catalogue_dir / "pushed"

    @property
    def beam_pipeline_args(self) -> list[str]:
        return shlex.split(self.beam_args)
