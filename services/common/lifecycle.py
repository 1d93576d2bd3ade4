"""The lifecycle of an app: whether it is stopping, and where its traces go."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette

from services.common.tracing import Tracing


@dataclass(slots=True)
class Lifecycle:
    """Made by `create_service_app` for each app; changed by the server and the lifespan."""

    stopping: bool = False
    tracing: Tracing | None = None


def set_lifecycle(app: Starlette, lifecycle: Lifecycle) -> None:
    app.state.lifecycle = lifecycle


def lifecycle_of(app: Starlette) -> Lifecycle:
    """The lifecycle of an app that `create_service_app` made."""
    lifecycle: Lifecycle = app.state.lifecycle
    return lifecycle
