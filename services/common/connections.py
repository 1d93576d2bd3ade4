"""Connections of uvicorn that do not wait for ever for a client.

Uvicorn itself has a time-out only for a connection that idles between two requests.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class ImpatientProtocol(HttpToolsProtocol):
    """Drops a client that takes longer than `patience_s` for its headers, or to read its answer.

    Bodies are timed where they are read, in `ServiceMiddleware`, which can still answer.
    """

    patience_s: float

    def __init__(self, *args: Any, **keywords: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **keywords)
        self._headers_due: asyncio.TimerHandle | None = None
        self._reading_due: asyncio.TimerHandle | None = None

    @classmethod
    def with_patience(cls, patience_s: float) -> type[ImpatientProtocol]:
        """The class that uvicorn is given; it makes the instances itself."""
        return type(cls.__name__, (cls,), {"patience_s": patience_s})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Whatever comes when no request is being read has to become one: a new one, or what is
        # left of a body that was refused. The time between requests uvicorn has stopped by now.
        if self.cycle is None or self.cycle.response_complete:
            self._expect_headers()
        self._expect_close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> None:
        _cancel(self._headers_due)
        self._headers_due = None
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_due = self._reading_due or self._drop_later()

    def resume_writing(self) -> None:
        _cancel(self._reading_due)
        self._reading_due = None
        super().resume_writing()
        self._expect_close()

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._headers_due)
        _cancel(self._reading_due)
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        if not self.transport.is_closing():
            self._headers_due = self._headers_due or self._drop_later()

    def _expect_close(self) -> None:
        """Closing waits for what is written to be read, too little as it may be to pause for."""
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._reading_due = self._reading_due or self._drop_later()

    def _drop_later(self) -> asyncio.TimerHandle:
        # Not `close`, which waits until the client has read what is written already.
        return self.loop.call_later(self.patience_s, self.transport.abort)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
