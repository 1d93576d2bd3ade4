"""Settings of the writer, from the environment, prefix `WRITER_`.

Where the stores and the encoder are, and what a picture may be, it takes from `PIPELINE_*`.
"""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.common.settings import ServiceSettings


class WriterSettings(ServiceSettings):
    """Settings of the writer."""

    model_config = SettingsConfigDict(env_prefix="WRITER_")

    port: int = Field(default=8004, ge=0, le=65535, description="Port to listen on.")
    max_queue: int = Field(
        default=256,
        ge=1,
        description="Maximum waiting changes; more are refused, with a time to retry.",
    )
    store_timeout_ms: int = Field(
        default=2_000,
        ge=100,
        description="Redis timeout in milliseconds; changes are then refused until Redis answers. "
        "A timeout in Feast's connection string wins.",
    )
    encoder_wait_s: float = Field(
        default=5.0,
        gt=0,
        description="Longest wait in seconds for an encoder that is overloaded or unavailable.",
    )
    picture_wait_s: float = Field(
        default=10.0,
        gt=0,
        description="Longest wait in seconds for the linked pictures of a batch of changes; "
        "without its picture, a product is found by its words alone.",
    )
    sweep_pause_s: float = Field(
        default=60.0,
        gt=0,
        description="Shortest time in seconds between two sweeps of what no version needs; "
        "superseded rows stay at least as long, for retrievers that are reading them.",
    )
