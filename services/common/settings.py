"""The settings that every service has. Each service adds its own, with its own prefix."""

from __future__ import annotations

import sys
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

Item = TypeVar("Item")


def split_at_commas(text: str) -> tuple[str, ...]:
    """The parts without blanks around them; empty ones are left out."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


Commas = Annotated[
    tuple[Item, ...],
    NoDecode,
    BeforeValidator(lambda value: split_at_commas(value) if isinstance(value, str) else value),
]
"""Values that are separated by commas in the environment."""


class ServiceSettings(BaseSettings):
    """Base of every service's settings class, read from the environment once at start."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,  # Compose passes an unset variable as an empty one
    )

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


Settings = TypeVar("Settings", bound=BaseSettings)

EXIT_UNUSABLE = 2
"""Exit code of a service whose settings or model cannot be used: no restart helps."""


def read_settings(kind: type[Settings]) -> Settings:
    """The settings in the environment. If some are wrong, the process ends with a line for each.

    No line holds the value, which may be a secret.
    """
    try:
        return kind()
    except SettingsError as error:
        # A list is not JSON. The message names the field, not the value.
        sys.stderr.write(f"error: the settings can't be used: {error}\n")
        sys.exit(EXIT_UNUSABLE)
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        for fault in error.errors(include_input=False, include_url=False):
            name = str(fault["loc"][0]) if fault["loc"] else ""
            # A field with an alias is named by its variable already.
            variable = f" {prefix}{name}".upper() if name in kind.model_fields else f" {name}"
            named = f"setting{variable}" if name else "settings"
            reason = fault["msg"].removeprefix("Value error, ")
            sys.stderr.write(f"error: the {named} can't be used: {reason}\n")
        sys.exit(EXIT_UNUSABLE)
