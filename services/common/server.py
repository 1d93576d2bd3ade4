"""Run a service's app under uvicorn, and stop it without losing a request."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from services.common.connections import ImpatientProtocol
from services.common.logs import configure_logging
from services.common.settings import ServiceSettings

GRACEFUL_STOP_S = 10
_LAST_CONNECTIONS_S = 0.2


class DrainingServer(uvicorn.Server):
    """Asked to stop, it says so in `/ready` first, and stops listening when that has been seen.

    While it drains it still takes requests, and closes each connection with its answer, so that
    nobody has one open when the process ends. A second signal ends the draining at once.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, drain_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_s = drain_s
        self._drained_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._drained_at is not None or not self.started:
            super().handle_exit(sig, frame)
            return
        self._captured_signals.append(sig)
        self._app.state.stopping = True
        self._drained_at = time.monotonic() + self._drain_s

    async def on_tick(self, counter: int) -> bool:
        if self._drained_at is not None and time.monotonic() >= self._drained_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A connection accepted just now may have a request on its way; uvicorn would close it.
        for server in self.servers:
            server.close()
        if not self.force_exit:
            await asyncio.sleep(_LAST_CONNECTIONS_S)
        await super().shutdown(sockets)


def run_service(name: str, app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are answered before the process ends."""
    configure_logging(name, settings.log_level)
    # What was imported lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    server = DrainingServer(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            # Else uvicorn believes whatever loopback says in `X-Forwarded-For`.
            proxy_headers=False,
            http=ImpatientProtocol.with_patience(settings.client_timeout_ms / 1000),
            ws="none",
            timeout_graceful_shutdown=GRACEFUL_STOP_S,
        ),
        app,
        drain_s=settings.drain_ms / 1000,
    )
    if settings.listen_fd is None:
        server.run()
        return
    with socket.socket(fileno=settings.listen_fd) as listener:
        server.run(sockets=[listener])
