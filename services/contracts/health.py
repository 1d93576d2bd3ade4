"""Liveness and readiness, the same for every service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.contracts.base import Contract

MODEL = "model"
"""Name of the dependency of encoder and retriever whose detail is the id of their model."""


class Health(Contract):
    """`GET /health`: whether the process and its workers run."""

    status: Literal["alive", "dead"]
    service: str = Field(examples=["encoder"])
    version: str = Field(examples=["0.1.0"])


class Dependency(Contract):
    """The state of one dependency of a service."""

    status: Literal["ok", "degraded", "unavailable"]
    detail: str | None = Field(default=None, description="The problem, or further information.")


class Readiness(Contract):
    """`GET /ready`: whether a real answer is possible now (200) or not (503)."""

    status: Literal["ready", "not_ready"]
    service: str
    dependencies: dict[str, Dependency] = Field(default_factory=dict)
