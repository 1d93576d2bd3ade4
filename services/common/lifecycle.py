"""What every app of ours knows of its own run: whether it is being stopped, and its traces."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette

from services.common.tracing import Tracing


@dataclass(slots=True)
class Lifecycle:
    """`create_service_app` makes one for each app; the server and the lifespan change it."""

    stopping: bool = False
    tracing: Tracing | None = None


def set_lifecycle(app: Starlette, lifecycle: Lifecycle) -> None:
    app.state.lifecycle = lifecycle


def lifecycle_of(app: Starlette) -> Lifecycle:
    """Of an app that `create_service_app` made."""
    lifecycle: Lifecycle = app.state.lifecycle
    return lifecycle
