"""Structured logs: one JSON object a line, with the request id if there is one.

A record costs its caller only what it takes to append it to a queue. A thread formats and writes
the queue a few times a second. Warnings and errors are written at once, with all records before
them.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import traceback
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from pydantic_core import to_json

from services.common.context import request_id

WRITE_EVERY_S = 0.2

_OWN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "request_id"}
"""Fields that every record has; all others are `extra` of the call."""


class JsonLines(logging.Handler):
    """Writes records as JSON lines, in batches."""

    def __init__(self, service: str, stream: TextIO) -> None:
        super().__init__()
        self._service = service
        self._stream = stream
        self._waiting: deque[logging.LogRecord] = deque()
        self._stopped = threading.Event()
        self._exiting = False
        self._start()
        atexit.register(self._exit)

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the lock of `logging.Handler`: appending to a deque is atomic."""
        record.request_id = request_id.get()
        self._waiting.append(record)
        if self._stopped.is_set():
            self._go_on()
        if record.levelno >= logging.WARNING:
            self.flush()
        return True

    def flush(self) -> None:
        """Write all records so far."""
        with self.lock:  # type: ignore[union-attr]  # None only in a class that has no lock
            lines = [self._line(self._waiting.popleft()) for _ in range(len(self._waiting))]
            # A full disk or a closed pipe costs lines, never the work of whoever logs them.
            with suppress(OSError):
                if lines:
                    self._stream.write("".join(lines))
                    self._stream.flush()

    def close(self) -> None:
        self._stopped.set()
        self.flush()
        super().close()

    def _go_on(self) -> None:
        """A library that configures logging closes all handlers, and leaves them in place."""
        if self._exiting:
            self.flush()
        else:
            self._stopped = threading.Event()
            self._start()

    def _exit(self) -> None:
        self._exiting = True
        self.close()

    def _start(self) -> None:
        writer = threading.Thread(
            target=self._write_regularly, args=(self._stopped,), name="logs", daemon=True
        )
        writer.start()

    def _write_regularly(self, stopped: threading.Event) -> None:
        while not stopped.wait(WRITE_EVERY_S):
            self.flush()

    def _line(self, record: logging.LogRecord) -> str:
        given = record.__dict__
        fields = {
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "service": self._service,
            "request_id": given["request_id"],
            **{name: given[name] for name in given.keys() - _OWN_FIELDS},
        }
        if record.exc_info:
            fields["exc_info"] = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        return to_json(fields, fallback=str, inf_nan_mode="null").decode() + "\n"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A call with the wrong arguments must not cost the other records of its batch.
        return f"{record.msg} {record.args}"


def configure_logging(service: str, level: str) -> None:
    """Send every logger of this process to standard error as JSON lines."""
    handler = JsonLines(service, sys.stderr)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # Records need no thread, process or place in the code: a third of their cost.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # `ServiceMiddleware` logs requests, with more fields.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("httpx").setLevel(logging.WARNING)
