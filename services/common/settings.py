"""The settings that every service has. Each service adds its own, under its own prefix."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, HttpUrl, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Base of every service's settings class; read from the environment once, at start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    listen_fd: int | None = Field(
        default=None,
        ge=3,
        description="Listen on this inherited socket instead of `host` and `port`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    deadline_ms: int = Field(
        default=10_000,
        ge=1,
        description="Time for a request that brings no deadline of its own, in milliseconds.",
    )
    client_timeout_ms: int = Field(
        default=10_000,
        ge=1,
        description="A client that takes longer for its request's headers, or to read its answer, "
        "is dropped, in milliseconds.",
    )
    drain_ms: int = Field(
        default=1_000,
        ge=0,
        description="Asked to stop, how long the service still takes requests while `/ready` says "
        "no more, in milliseconds.",
    )
    otlp_endpoint: HttpUrl | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="Where OpenTelemetry traces are sent (OTLP over HTTP); none are made without.",
    )

    @field_validator("otlp_endpoint", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        # Compose passes a variable that is not set as an empty one.
        return None if value == "" else value
