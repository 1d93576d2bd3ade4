"""Settings of the pipeline, from the environment, prefix `PIPELINE_`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, IPvAnyNetwork, RedisDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.settings import Commas
from services.contracts.catalogue import MOST_IMAGES
from services.contracts.encoder import MAX_IMAGES_PER_REQUEST, MAX_TEXTS_PER_REQUEST


class PipelineSettings(BaseSettings):
    """The pipeline's settings. It serves nothing, so it has no port."""

    model_config = SettingsConfigDict(
        env_prefix="PIPELINE_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    encoder_url: str = Field(default="http://127.0.0.1:8001", description="The encoder's URL.")
    encoder_urls: Commas[str] = Field(
        default=(),
        description="URLs of several encoders that share the work of a load, separated by commas. "
        "Default: `encoder_url` alone.",
    )
    encoder_wait_s: float = Field(
        default=120.0,
        gt=0,
        description="Longest wait in seconds for an encoder that is starting, overloaded or "
        "unavailable.",
    )
    encoder_timeout_s: float = Field(
        default=60.0, gt=0, description="Timeout of one request to the encoder, in seconds."
    )
    retriever_url: str = Field(
        default="http://127.0.0.1:8003",
        description="The retriever's URL, for evaluations.",
    )
    retriever_timeout_s: float = Field(
        default=60.0, gt=0, description="Timeout of one request to the retriever, in seconds."
    )
    text_batch: int = Field(
        default=64, ge=1, le=MAX_TEXTS_PER_REQUEST, description="Texts per request to the encoder."
    )
    image_batch: int = Field(
        default=32,
        ge=1,
        le=MAX_IMAGES_PER_REQUEST,
        description="Pictures per request to the encoder.",
    )
    max_image_bytes: int = Field(
        default=10_000_000, ge=1, description="Maximum size of a picture, in bytes."
    )
    max_image_pixels: int = Field(
        default=50_000_000, ge=1, description="Maximum size of a picture, in pixels."
    )
    synonyms: Path | None = Field(
        default=None,
        description="File of synonyms that a load publishes: `mug, cup` in a line for words that "
        "find each other, `sneaker => running shoe` for one way. By default `synonyms.txt` beside "
        "the product file.",
    )
    pictures: int = Field(
        default=4,
        ge=1,
        le=MOST_IMAGES,
        description="Maximum number of pictures of a product that it is found by; further ones are "
        "only shown. Each more takes as long to encode as the first.",
    )
    download_pictures: bool = Field(
        default=True, description="Download pictures that a feed names by link."
    )
    download_dir: Path | None = Field(
        default=None,
        description="Download cache directory. Default: `offline/.downloads` in the feature "
        "store's folder.",
    )
    download_rate: float = Field(
        default=10.0, gt=0, description="Maximum requests per second to one host."
    )
    download_max_age_s: int = Field(
        default=86_400,
        ge=0,
        description="Time in seconds before a downloaded picture is checked for changes at its "
        "host.",
    )
    download_timeout_s: float = Field(
        default=60.0,
        gt=0,
        description="Timeout of one attempt at a picture, and of a feed that stops arriving, in "
        "seconds.",
    )
    max_feed_bytes: int = Field(
        default=5_000_000_000,
        ge=1,
        description="Maximum size in bytes of a feed that is loaded by its address.",
    )
    download_networks: Commas[IPvAnyNetwork] = Field(
        default=(),
        description="Private networks from which pictures and feeds may be downloaded, separated "
        "by commas: `10.2.0.0/16` for an internal picture server.",
    )
    feature_store: Path = Field(
        default=Path("feature_repo"),
        description="Folder that holds Feast's `feature_store.yaml`; the Parquet parts go to "
        "`offline/` below it.",
    )
    media_dir: Path = Field(
        default=Path(".state/media"),
        description="Folder of the pictures, named after their content; the gateway serves it.",
    )
    rejects_path: Path | None = Field(
        default=None,
        description="CSV file for rejected rows. Default: `offline/rejects.csv` in the feature "
        "store's folder.",
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
        description="Products that are encoded and written together. A killed run repeats at most "
        "one batch. 500 was measured to be the fastest for Feast.",
    )
    tracking: bool = Field(
        default=False,
        description="Record every load, training and evaluation as an MLflow run. "
        "`make eval`, `make data` and `make tfx` turn it on; `make run` does not.",
    )
    tracking_uri: str = Field(
        default="sqlite:///.state/mlflow/mlflow.db",
        min_length=1,
        description="MLflow's store of runs and registry: an SQLite file, or a server's URL.",
    )
    query_log_redis_url: RedisDsn | None = Field(
        default=None,
        description="Redis with the gateways' query log (`GATEWAY_REDIS_URL`), for "
        "`queries export`.",
    )
    query_log_key: SecretStr | None = Field(
        default=None,
        description="Key of the gateways' hash, to find out if given words were searched for. "
        "Reports work without it.",
    )
    queries_dir: Path = Field(
        default=Path(".state/queries"), description="Folder of the exported queries (Parquet)."
    )
    queries_days: int = Field(
        default=90, ge=1, description="Retention of exported queries, in days."
    )

    @property
    def downloads(self) -> Path:
        """The download cache directory."""
        return self.download_dir or self.feature_store / "offline" / ".downloads"

    @property
    def encoders(self) -> tuple[str, ...]:
        """URLs of all encoders of a load."""
        return self.encoder_urls or (self.encoder_url,)
