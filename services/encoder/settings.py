"""Settings of the encoder, from the environment, prefix `ENCODER_`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, RedisDsn
from pydantic_settings import SettingsConfigDict

from services.common.settings import ServiceSettings
from services.encoder.precision import Wanted


class EncoderSettings(ServiceSettings):
    """The encoder's settings."""

    model_config = SettingsConfigDict(env_prefix="ENCODER_")

    port: int = Field(default=8001, ge=0, le=65535, description="Port to listen on.")
    model: str = Field(
        default="data/models/mini-clip",
        description="Name of a published CLIP (`ViT-B/32`); `hf:OWNER/NAME` or "
        "`hf:OWNER/NAME@REVISION`, a CLIP or SigLIP of a Hugging Face Hub; or a local path: a "
        "folder in the layout of Hugging Face, open_clip or OpenAI, or a `.pt` or `.safetensors` "
        "file in OpenAI's layout ([models](models.md)).",
    )
    model_cache_dir: Path = Field(
        default=Path(".state/models"),
        description="Folder for fetched weights and the graphs made from them.",
    )
    weights_url: str = Field(
        default="https://openaipublic.azureedge.net/clip/models",
        description="URL of published weights: OpenAI's, or a mirror's.",
    )
    hub_url: str | None = Field(
        default=None,
        description="URL of the Hugging Face Hub, or of a mirror. By default `HF_ENDPOINT` or "
        "`https://huggingface.co`. `HF_TOKEN` and `HF_HUB_OFFLINE` are respected.",
    )
    precision: Wanted = Field(
        default="auto",
        description="Precision of the towers' arithmetic. `fp32` is exact. `bf16` takes half the "
        "memory, and half the time on a processor with fast bf16 instructions; without any it is "
        "refused. `int8` takes a quarter of the memory and as little as a third of the time, and "
        "rounds the most. `auto` tries all at start: int8 if it is faster and preserves the "
        "model's vectors, otherwise bf16 unless it is slower.",
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="Threads of a forward pass; 0 for one per core."
    )
    max_batch: int = Field(
        default=32, ge=1, le=256, description="Maximum texts or pictures in one forward pass."
    )
    max_bulk_batch: int = Field(
        default=4,
        ge=1,
        le=256,
        description="Maximum texts or pictures in one forward pass of bulk requests. It is small, "
        "because a shopper may have to wait for a pass.",
    )
    max_queue: int = Field(
        default=1_024,
        ge=1,
        description="Maximum waiting texts or pictures, separately for interactive and bulk "
        "requests; more are refused with 429.",
    )
    max_wait_ms: int = Field(
        default=2_000,
        ge=1,
        description="Longest wait for the model in milliseconds; an interactive request that would "
        "wait longer is refused with 429.",
    )
    cache_redis_url: RedisDsn | None = Field(
        default=None,
        description="Redis for embeddings of interactive requests; without it nothing is cached. "
        "A cluster: one of its nodes, with `?cluster=true`.",
    )
    cache_ttl_s: int = Field(
        default=604_800, ge=1, description="Lifetime of a cached embedding in seconds."
    )
    cache_max_entries: int = Field(
        default=100_000,
        ge=1,
        description="Maximum cached embeddings (2 kB each for ViT-B/32); the oldest are removed.",
    )
    cache_timeout_ms: int = Field(
        default=50,
        ge=1,
        description="Redis timeout in milliseconds; the model then computes the embedding.",
    )
    max_image_bytes: int = Field(
        default=10_000_000, ge=1, description="Maximum size of one picture in bytes."
    )
    max_image_pixels: int = Field(
        default=50_000_000, ge=1, description="Maximum pixels of one picture before scaling."
    )
    max_request_bytes: int = Field(
        default=64_000_000, ge=1, description="Maximum size of a request's body in bytes."
    )
    stuck_after_s: float = Field(
        default=30.0,
        gt=0,
        description="Longest forward pass in seconds; `/health` then reports the service as dead.",
    )
