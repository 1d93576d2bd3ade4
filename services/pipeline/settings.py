"""Settings of the pipeline, from the environment, prefix `PIPELINE_`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, IPvAnyNetwork, RedisDsn, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.contracts.encoder import MAX_IMAGES_PER_REQUEST, MAX_TEXTS_PER_REQUEST


class PipelineSettings(BaseSettings):
    """What may be set for the pipeline. It serves nothing, so it has no port."""

    model_config = SettingsConfigDict(env_prefix="PIPELINE_", frozen=True, extra="ignore")

    encoder_url: str = Field(
        default="http://127.0.0.1:8001", description="Where the encoder listens."
    )
    encoder_wait_s: float = Field(
        default=120.0,
        gt=0,
        description="Longest wait for an encoder that is starting, overloaded or away.",
    )
    encoder_timeout_s: float = Field(
        default=60.0, gt=0, description="Longest wait for one answer of the encoder."
    )
    retriever_url: str = Field(
        default="http://127.0.0.1:8003",
        description="Where the retriever listens, which evaluations ask.",
    )
    retriever_timeout_s: float = Field(
        default=60.0, gt=0, description="Longest wait for one answer of the retriever."
    )
    requests_in_flight: int = Field(
        default=2,
        ge=1,
        le=32,
        description="Requests at the encoder at once; two keep it busy between answers.",
    )
    text_batch: int = Field(
        default=64, ge=1, le=MAX_TEXTS_PER_REQUEST, description="Texts a request."
    )
    image_batch: int = Field(
        default=32, ge=1, le=MAX_IMAGES_PER_REQUEST, description="Pictures a request."
    )
    max_image_bytes: int = Field(
        default=10_000_000, ge=1, description="Bytes of one picture at most."
    )
    max_image_pixels: int = Field(
        default=50_000_000, ge=1, description="Pixels of one picture at most."
    )
    download_pictures: bool = Field(
        default=True, description="Whether pictures that a feed names by link are fetched."
    )
    download_dir: Path | None = Field(
        default=None,
        description="Where it is kept what was fetched from which link; `offline/.downloads` in "
        "the feature store's folder when left out.",
    )
    download_rate: float = Field(
        default=10.0, gt=0, description="Requests a second to one host at most."
    )
    download_max_age_s: int = Field(
        default=86_400,
        ge=0,
        description="How long a fetched picture is taken for the current one; then its host is "
        "asked whether it changed.",
    )
    download_timeout_s: float = Field(
        default=60.0, gt=0, description="Longest wait for one picture, each time it is tried."
    )
    download_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        default=(),
        description="Networks that are not public and from which pictures are fetched all the "
        "same, separated by commas: `10.2.0.0/16` for a picture server inside.",
    )
    feature_store: Path = Field(
        default=Path("feature_repo"),
        description="Folder that holds Feast's `feature_store.yaml`; the Parquet parts go to "
        "`offline/` below it.",
    )
    media_dir: Path = Field(
        default=Path(".state/media"),
        description="Where pictures are kept, named after their content; the gateway serves it.",
    )
    rejects_path: Path | None = Field(
        default=None,
        description="CSV file for the rows that can't be loaded; `offline/rejects.csv` in the "
        "feature store's folder when left out.",
    )
    min_kept_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Smallest share of the served version's product count that a new version may "
        "have; a smaller one is published only with `--force`.",
    )
    max_rejected_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Largest share of a file's rows that may be rejected as faulty; with more, a "
        "new version is published only with `--force`.",
    )
    batch_products: int = Field(
        default=500,
        ge=1,
        le=10_000,
        description="Products that are encoded and written together: what a run that is killed "
        "does again. 500 was measured to be the fastest for Feast.",
    )
    tracking: bool = Field(
        default=False,
        description="Whether every load, training and evaluation becomes an MLflow run. "
        "`make eval`, `make data` and `make tfx` turn it on; `make run` does without.",
    )
    tracking_uri: str = Field(
        default="sqlite:///.state/mlflow/mlflow.db",
        min_length=1,
        description="Where MLflow keeps runs and registry: an SQLite file, or a server's URL.",
    )
    query_log_redis_url: RedisDsn | None = Field(
        default=None,
        description="Redis that the gateways log queries to (`GATEWAY_REDIS_URL`); for "
        "`queries export`.",
    )
    query_log_key: SecretStr | None = Field(
        default=None,
        description="Key of the gateways' hash, for asking whether given words were sought; "
        "reports do without.",
    )
    queries_dir: Path = Field(
        default=Path(".state/queries"), description="Where exported queries are kept, as Parquet."
    )
    queries_days: int = Field(
        default=90, ge=1, description="How long exported queries are kept, in days."
    )

    @field_validator("download_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
