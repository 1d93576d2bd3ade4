"""Run a service's app under uvicorn."""

from __future__ import annotations

import gc
import socket

import uvicorn
from fastapi import FastAPI

from services.common.logs import configure_logging
from services.common.settings import ServiceSettings

GRACEFUL_STOP_S = 10


def run_service(name: str, app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are answered before the process ends."""
    configure_logging(name, settings.log_level)
    # What was imported lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            # Else uvicorn believes whatever loopback says in `X-Forwarded-For`.
            proxy_headers=False,
            timeout_graceful_shutdown=GRACEFUL_STOP_S,
        )
    )
    if settings.listen_fd is None:
        server.run()
        return
    with socket.socket(fileno=settings.listen_fd) as listener:
        server.run(sockets=[listener])
