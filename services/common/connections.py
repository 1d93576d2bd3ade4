"""Client connections with time limits, for uvicorn.

Uvicorn itself limits only the time that a connection may idle between two requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "


class JoiningTransport:
    """Writes the head of an answer and the first bytes of its body in one system call.

    Uvicorn writes them apart, which wakes both sides twice for each answer. A head whose body is
    not there yet is written at the end of the loop's round.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        closing: Callable[[], None],
    ) -> None:
        """`closing` is called when the connection begins to close; bytes may still be unsent."""
        self._transport = transport
        self._loop = loop
        self._closing = closing
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()
        self._closing()

    def get_write_buffer_size(self) -> int:
        return len(self._head) + self._transport.get_write_buffer_size()

    def _flush(self) -> None:
        if self._head:
            self.write(b"")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the transport's own
        return getattr(self._transport, name)


class TimedProtocol(HttpToolsProtocol):
    """Drops a client that takes longer than `timeout_s` to send headers or to read its answer.

    `ServiceMiddleware` limits the time for bodies, because it can still answer.
    """

    timeout_s: float

    def __init__(self, *args: Any, **keywords: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **keywords)
        self._headers_due: asyncio.TimerHandle | None = None
        self._reading_due: asyncio.TimerHandle | None = None
        self._used_at = self.loop.time()

    @classmethod
    def with_timeout(cls, timeout_s: float) -> type[TimedProtocol]:
        """A class for uvicorn, which makes the instances itself."""
        return type(cls.__name__, (cls,), {"timeout_s": timeout_s})

    def idle_s(self) -> float:
        """Seconds since the last byte or answer; infinite while a request is being answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            return float("inf")
        return self.loop.time() - self._used_at

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        joining = JoiningTransport(transport, self.loop, self._expect_close)
        super().connection_made(cast("asyncio.Transport", joining))
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        self._used_at = self.loop.time()
        super().data_received(data)
        # Bytes that arrive between two requests must become a request: a new one, or the rest of a
        # body that was refused. Uvicorn has stopped its own timer by now.
        if self.cycle is None or self.cycle.response_complete:
            self._expect_headers()

    def on_response_complete(self) -> None:
        self._used_at = self.loop.time()
        super().on_response_complete()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> None:
        _cancel(self._headers_due)
        self._headers_due = None
        super().on_headers_complete()

    def eof_received(self) -> None:
        """The loop would close the connection itself, without a limit for what the client reads."""
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_due = self._reading_due or self._drop_later()

    def resume_writing(self) -> None:
        _cancel(self._reading_due)
        self._reading_due = None
        super().resume_writing()
        self._expect_close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        _cancel(self._headers_due)
        _cancel(self._reading_due)

    def _expect_headers(self) -> None:
        if not self.transport.is_closing():
            self._headers_due = self._headers_due or self._drop_later()

    def _expect_close(self) -> None:
        """A closing connection waits until the client has read the rest, however small it is."""
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._reading_due = self._reading_due or self._drop_later()

    def _drop_later(self) -> asyncio.TimerHandle:
        # `close` would wait until the client has read everything that is written already.
        return self.loop.call_later(self.timeout_s, self.transport.abort)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
