"""The settings that every service has. Each service adds its own, with its own prefix."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, HttpUrl, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Base of every service's settings class, read from the environment once at start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    listen_fd: int | None = Field(
        default=None,
        ge=3,
        description="File descriptor of an inherited socket to listen on instead of `host` and "
        "`port`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level that is logged."
    )
    deadline_ms: int = Field(
        default=10_000,
        ge=1,
        description="Deadline in milliseconds of a request without `X-Deadline-Ms`; the longest "
        "that a request may ask for.",
    )
    client_timeout_ms: int = Field(
        default=10_000,
        ge=1,
        description="Time limit in milliseconds for a client to send its headers, and to read its "
        "answer; a slower one is disconnected.",
    )
    drain_ms: int = Field(
        default=1_000,
        ge=0,
        description="Time in milliseconds for which a service that is stopping still accepts "
        "connections while `/ready` answers 503. With 0 it stops at once: for a service that no "
        "other process replaces.",
    )
    otlp_endpoint: HttpUrl | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="Endpoint for OpenTelemetry traces (OTLP over HTTP). Without it there are no "
        "traces.",
    )

    @field_validator("otlp_endpoint", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        # Compose passes an unset variable as an empty string.
        return None if value == "" else value
