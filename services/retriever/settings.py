"""Settings of the retriever, from the environment, prefix `RETRIEVER_`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.common.settings import ServiceSettings
from services.retriever.index import IndexKind
from services.retriever.index.choice import EXACT_UP_TO
from services.retriever.words import Language


class RetrieverSettings(ServiceSettings):
    """Settings of the retriever."""

    model_config = SettingsConfigDict(env_prefix="RETRIEVER_")

    port: int = Field(default=8003, ge=0, le=65535, description="Port to listen on.")
    feature_store: Path = Field(
        default=Path("feature_repo"),
        description="Folder that holds Feast's `feature_store.yaml`; the relative paths in it "
        "start there.",
    )
    expected_model: str | None = Field(
        default=None,
        min_length=1,
        description="Model id, as the encoder tells it; a catalogue of any other is refused. "
        "Unset: any model.",
    )
    poll_interval_ms: int = Field(
        default=500, ge=10, description="Time between two looks at the published version."
    )
    max_backoff_ms: int = Field(
        default=2_000,
        ge=10,
        description="Longest wait between two looks while the feature store is away.",
    )
    store_timeout_ms: int = Field(
        default=5_000,
        ge=100,
        description="Longest silence of Redis before it counts as away; an own timeout in "
        "Feast's connection string wins.",
    )
    read_batch: int = Field(
        default=500,
        ge=1,
        le=10_000,
        description="Products a read; 500 was measured to be the fastest.",
    )
    reload_processes: int = Field(
        default=2,
        ge=0,
        le=64,
        description="Processes that read another version of 30,000 products or more while one is "
        "served, so that searches do not wait for the interpreter; some 250 MB each as long as "
        "they read. With a Milvus server, one more process does the whole load of such a "
        "catalogue, the first one too. 0: a thread reads.",
    )
    filterable_attributes: list[str] = Field(
        default=["pattern", "material", "size", "gender", "age_group", "condition"],
        description="Attributes of the catalogue that searches may filter by and count, beside "
        "category, brand, price, color and in_stock. A JSON list.",
    )
    language: Language = Field(
        default="en",
        description="Language of the catalogue, ISO 639-1: its words are found in all their forms. "
        "`none`: as they are written. Chinese, Japanese, Thai and Korean are found with any.",
    )
    index: IndexKind = Field(
        default="auto",
        description="`exact`, `compressed` (codes find candidates, exact rows decide), or `auto`: "
        "exact up to `exact_up_to` products.",
    )
    exact_up_to: int = Field(
        default=EXACT_UP_TO, ge=0, description="Products that are searched exactly, at most."
    )
    milvus_uri: str | None = Field(
        default=None,
        min_length=1,
        description="Address of a Milvus that searches in place of this process, "
        "`http://milvus:19530`, or a file's path for the embedded Milvus Lite.",
    )
    milvus_token: SecretStr = Field(
        default=SecretStr(""), description="`user:password` or API key of that Milvus."
    )
    milvus_timeout_ms: int = Field(
        default=10_000, ge=100, description="Longest wait for one answer of Milvus."
    )
    answer_cache_bytes: int = Field(
        default=32_000_000,
        ge=0,
        description="Memory for answers to requests that are asked again. Any change of the "
        "catalogue empties it. Not used with Milvus. 0: every request is searched.",
    )
    search_threads: int = Field(default=2, ge=1, le=256, description="Searches at the same time.")
    max_queue: int = Field(
        default=256,
        ge=1,
        description="Searches waiting or running at most; beyond it callers are asked to come "
        "again.",
    )
