"""An app's lifespan without a time limit of its own: a busy machine is no failure."""

from __future__ import annotations

import asgi_lifespan
from starlette.types import ASGIApp


class LifespanManager(asgi_lifespan.LifespanManager):
    """Starts the app on entry and stops it on exit. pytest's time-out is the one clock."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, startup_timeout=None, shutdown_timeout=None)
