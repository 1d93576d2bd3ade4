"""Settings of the rewriter: `REWRITER_*` in the environment."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field, HttpUrl, RedisDsn, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from services.common.settings import ServiceSettings


class RewriterSettings(ServiceSettings):
    """Which Gemini to ask, and for how long; without a key, none is asked."""

    model_config = SettingsConfigDict(env_prefix="REWRITER_", populate_by_name=True)

    port: int = Field(default=8002, ge=0, le=65535, description="Port to listen on.")

    gemini_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("REWRITER_GEMINI_API_KEY", "GEMINI_API_KEY"),
        description="Key for Gemini; plain `GEMINI_API_KEY` does too. Queries stay as they came "
        "without one.",
    )
    gemini_model: str = Field(
        default="gemini-3.5-flash-lite",
        min_length=1,
        description="Model to ask. Gemini's ids retire, so have an eye on Google's list.",
    )
    gemini_thinking_level: Literal["minimal", "low", "medium", "high"] | None = Field(
        default="minimal",
        description="How long the model may think; set to `null` for models before Gemini 3.",
    )
    gemini_url: HttpUrl = Field(
        default=HttpUrl("https://generativelanguage.googleapis.com"),
        description="Address of the Gemini API.",
    )
    rewrite_deadline_ms: int = Field(
        default=400,
        ge=1,
        description="Longest wait for Gemini, in milliseconds; then the query as it came.",
    )
    gemini_timeout_ms: int = Field(
        default=5_000,
        ge=1,
        description="How long a call may go on when nobody waits any more, in milliseconds; its "
        "answer is cached for the next who asks.",
    )
    calls_per_minute: int = Field(
        default=60, ge=0, description="Calls to Gemini a minute at most, all replicas together."
    )
    calls_per_day: int = Field(
        default=5_000, ge=0, description="Calls to Gemini a day (UTC) at most, in the same way."
    )
    redis_url: RedisDsn | None = Field(
        default=None,
        description="Redis that keeps rewritten queries and counts calls; without one, nothing is "
        "kept and each replica counts its own.",
    )
    redis_timeout_ms: int = Field(
        default=50, ge=1, description="How long Redis may take before it is done without."
    )
    cache_ttl_s: int = Field(
        default=604_800, ge=1, description="Seconds that a rewritten query is kept."
    )
    breaker_failures: int = Field(
        default=5, ge=1, description="Failures in a row after which Gemini is left alone."
    )
    breaker_pause_s: float = Field(
        default=10, gt=0, description="How long it is left alone before one call tries again."
    )

    @field_validator("gemini_api_key", "gemini_thinking_level", "redis_url", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        # Compose passes a variable that is not set as an empty one.
        return None if value in ("", "null") else value
