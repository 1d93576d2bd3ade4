"""One HTTP/1.1 connection to another service: one request at a time, whole bodies, keep-alive.

It parses with httptools, as the server does, and does only what our services need: no redirects, no
cookies, no compression, no proxies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

import httptools
from starlette.datastructures import Headers

_FIRST_FINAL_STATUS = 200


class Unreachable(Exception):
    """The answer did not arrive, or it was not HTTP."""


class NotConnected(Unreachable):
    """No connection was made, so the request was not sent."""


class ConnectionLost(Unreachable):
    """The connection closed before an answer began. The other side may have got the request, or it
    closed an idle connection at the moment when it was reused."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its whole body."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Connection(asyncio.Protocol):
    """A client's side of a connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Reply] | None = None
        self._begun = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self.open = False
        self.idle_since = 0.0

    async def send(self, request: bytes) -> Reply:
        """The answer. Raises ConnectionLost or Unreachable. Closes if it is cancelled."""
        if self._transport is None or not self.open:
            raise ConnectionLost
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        self._begun = False
        try:
            self._transport.write(request)
            return await self._answer
        except BaseException:
            # The rest of an answer must not become the next one's.
            self.close()
            raise
        finally:
            self._answer = None
            self.idle_since = loop.time()

    def close(self) -> None:
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.open = True

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.close()  # nobody asked
            return
        self._begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail(Unreachable("The answer is not HTTP."))

    def connection_lost(self, _: Exception | None) -> None:
        self.open = False
        self._fail(Unreachable() if self._begun else ConnectionLost())

    # Called by the parser.

    def on_message_begin(self) -> None:
        self._headers, self._body = [], []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < _FIRST_FINAL_STATUS or self._answer is None or self._answer.done():
            return
        if not self._parser.should_keep_alive():
            self.open = False
        self._answer.set_result(Reply(status, Headers(raw=self._headers), b"".join(self._body)))

    def _fail(self, error: Unreachable) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def request_bytes(
    method: str, target: str, host: str, headers: Iterable[tuple[str, str]], body: bytes | None
) -> bytes:
    """A request as it is sent. Raises ValueError for a header that would end its line."""
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines.append(f"content-length: {len(body)}")
    head = "\r\n".join(lines)
    if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1:
        raise ValueError("a header contains a line break")
    return head.encode() + b"\r\n\r\n" + (body or b"")
