"""Run a service's app under uvicorn, and stop it without losing a request.

How a service stops after SIGTERM:

1. `/ready` answers 503 at once, so that load balancers send new requests elsewhere. For `drain_ms`
   the service still accepts connections. From now on each answer closes its connection.
2. The service stops listening. A connection that a client used a moment ago stays open, because
   the client may send its next request on it just now. The server closes it once it has been idle
   for `IDLE_GRACE_S`, which is longer than common HTTP clients reuse a connection. A request that
   still comes is answered.
3. Requests in flight get `GRACEFUL_STOP_S` to finish. Then the lifespan ends.

A second signal skips to step 3. With `drain_ms` 0 there are no steps 1 and 2: no other process
takes over, so there is nothing to wait for.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from services.common.connections import TimedProtocol
from services.common.lifecycle import lifecycle_of
from services.common.logs import configure_logging
from services.common.settings import ServiceSettings

GRACEFUL_STOP_S = 10

KEEP_ALIVE_S = 75
"""An idle connection is closed after this time. Clients and proxies that reuse connections drop
them sooner (nginx and AWS load balancers after 60 s), so they never send a request on one that the
server closes at the same moment."""

IDLE_GRACE_S = 6.0
"""The same while the service stops, when 75 s would be too long. httpx drops an idle connection
after 5 s, undici (Node) after 4 s, our own client after 3 s."""


class DrainingServer(uvicorn.Server):
    """A uvicorn server that stops in the steps described above."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, drain_s: float) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle_of(app)
        self._drain_s = drain_s
        self._drained_at: float | None = None
        self._hurry = drain_s == 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._drained_at is not None or not self.started:
            self._hurry = True
            super().handle_exit(sig, frame)
            return
        self._captured_signals.append(sig)
        self._lifecycle.stopping = True
        self._drained_at = time.monotonic() + self._drain_s

    async def on_tick(self, counter: int) -> bool:
        if self._drained_at is not None and time.monotonic() >= self._drained_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        while not self._hurry and self._has_recent_connection():  # noqa: ASYNC110 - time is the event
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)

    def _has_recent_connection(self) -> bool:
        """True if a client may still send a request on a connection that is open and idle."""
        return any(
            isinstance(connection, TimedProtocol) and connection.idle_s() < IDLE_GRACE_S
            for connection in self.server_state.connections
        )


def run_service(name: str, app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are answered before the process ends."""
    configure_logging(name, settings.log_level)
    # Imported modules live as long as the process; the garbage collector can skip them.
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
            # Otherwise uvicorn trusts `X-Forwarded-For` from loopback.
            proxy_headers=False,
            http=TimedProtocol.with_timeout(settings.client_timeout_ms / 1000),
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_S,
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
