"""Settings of the encoder, from the environment, prefix `ENCODER_`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, RedisDsn
from pydantic_settings import SettingsConfigDict

from services.common.settings import ServiceSettings
from services.encoder.precision import Wanted


class EncoderSettings(ServiceSettings):
    """What may be set for the encoder."""

    model_config = SettingsConfigDict(env_prefix="ENCODER_", frozen=True, extra="ignore")

    port: int = Field(default=8001, ge=0, le=65535, description="Port to listen on.")
    model: str = Field(
        default="data/models/mini-clip",
        description="A published CLIP by name (`ViT-B/32`), or a path to weights in OpenAI's "
        "layout: a folder with a `config.json`, a `.pt` archive or a `.safetensors` file.",
    )
    model_cache_dir: Path = Field(
        default=Path(".state/models"),
        description="Where fetched weights and the graphs made from them are kept.",
    )
    weights_url: str = Field(
        default="https://openaipublic.azureedge.net/clip/models",
        description="Where published weights are fetched from (OpenAI's address, or a mirror).",
    )
    precision: Wanted = Field(
        default="auto",
        description="Arithmetic of the towers. `fp32` is exact; `bf16` takes half the "
        "memory, and half the time where the processor is made for it; `int8` a quarter of the "
        "memory and as little as a third of the time, and rounds the most. `auto` tries all at the "
        "start: int8 where it is quicker and was seen to keep the model's vectors, else bf16 "
        "unless it is slower.",
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="Threads a forward pass uses; 0: one a core."
    )
    max_batch: int = Field(
        default=32, ge=1, le=256, description="Texts or pictures in one forward pass at most."
    )
    max_bulk_batch: int = Field(
        default=4,
        ge=1,
        le=256,
        description="The same for bulk requests: small, since a shopper may have to wait for one.",
    )
    max_queue: int = Field(
        default=1_024,
        ge=1,
        description="Texts or pictures waiting at most, interactive and bulk ones each; beyond it "
        "callers are asked to come again.",
    )
    max_wait_ms: int = Field(
        default=2_000,
        ge=1,
        description="An interactive request that would wait longer for the model is asked to come "
        "again.",
    )
    cache_redis_url: RedisDsn | None = Field(
        default=None,
        description="Redis that keeps embeddings of interactive requests; none: no cache.",
    )
    cache_ttl_s: int = Field(
        default=604_800, ge=1, description="Seconds that a cached embedding is kept."
    )
    cache_max_entries: int = Field(
        default=100_000,
        ge=1,
        description="Cached embeddings at most (2 kB each for ViT-B/32); the oldest go first.",
    )
    cache_timeout_ms: int = Field(
        default=50,
        ge=1,
        description="How long the cache may take to answer before the model is asked instead.",
    )
    max_image_bytes: int = Field(
        default=10_000_000, ge=1, description="Bytes of one picture at most."
    )
    max_image_pixels: int = Field(
        default=50_000_000, ge=1, description="Pixels of one picture at most, before scaling."
    )
    max_request_bytes: int = Field(
        default=64_000_000, ge=1, description="Bytes of one request's body at most."
    )
    stuck_after_s: float = Field(
        default=30.0,
        gt=0,
        description="A forward pass longer than this makes `/health` say that the service is dead.",
    )
