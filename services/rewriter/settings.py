"""Settings of the rewriter: `REWRITER_*` in the environment."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field, HttpUrl, RedisDsn, SecretStr
from pydantic_settings import SettingsConfigDict

from services.common.settings import ServiceSettings


class RewriterSettings(ServiceSettings):
    """Address, model and limits of Gemini. Without a key, Gemini is off."""

    model_config = SettingsConfigDict(env_prefix="REWRITER_", env_parse_none_str="null")

    port: int = Field(default=8002, ge=0, le=65535, description="Port to listen on.")

    gemini_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("REWRITER_GEMINI_API_KEY", "GEMINI_API_KEY"),
        description="Key for Gemini; plain `GEMINI_API_KEY` works too. Without one, queries are "
        "not rewritten.",
    )
    gemini_model: str = Field(
        default="gemini-3.5-flash-lite",
        min_length=1,
        description="Gemini model. Google retires models: check its list from time to time.",
    )
    gemini_api_version: str = Field(
        default="v1beta",
        pattern=r"^v[0-9]+((alpha|beta)[0-9]*)?$",
        description="Version of the Gemini API. It must define `systemInstruction` and "
        "`responseSchema`: `v1beta` does, `v1` does not.",
    )
    gemini_thinking_level: Literal["minimal", "low", "medium", "high"] | None = Field(
        default=None,
        description="Thinking level of the model; sent only if it is set. Flash-Lite models use "
        "`minimal` by themselves.",
    )
    gemini_url: HttpUrl = Field(
        default=HttpUrl("https://generativelanguage.googleapis.com"),
        description="Address of the Gemini API.",
    )
    rewrite_deadline_ms: int = Field(
        default=400,
        ge=1,
        description="Longest wait for Gemini in milliseconds; the original query is used after it.",
    )
    gemini_timeout_ms: int = Field(
        default=5_000,
        ge=1,
        description="Timeout of a call in milliseconds. A call may outlast its shopper: its answer "
        "is cached for the next one.",
    )
    calls_per_minute: int = Field(
        default=60, ge=0, description="Limit of calls to Gemini in a minute, all replicas together."
    )
    calls_per_day: int = Field(
        default=5_000,
        ge=0,
        description="Limit of calls to Gemini in a day (UTC), all replicas together.",
    )
    redis_url: RedisDsn | None = Field(
        default=None,
        description="Redis for rewritten queries and for the count of calls. Without it, nothing "
        "is cached and each replica counts its own calls. A cluster: one of its nodes, with "
        "`?cluster=true`.",
    )
    redis_timeout_ms: int = Field(
        default=50,
        ge=1,
        description="Redis timeout in milliseconds; the service then continues without it.",
    )
    cache_ttl_s: int = Field(
        default=604_800, ge=1, description="Lifetime of a cached rewriting in seconds."
    )
    breaker_failures: int = Field(
        default=5, ge=1, description="Failures in a row that open Gemini's circuit."
    )
    breaker_pause_s: float = Field(
        default=10,
        gt=0,
        description="Pause in seconds between trial calls while the circuit is open.",
    )
