"""Transports: how a request reaches another service, over the network or in the same process.

A request of httpx costs ten times as much as one of the network transport
(docs/decisions/0027-cost-of-a-hop.md).
"""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from services.common.http_connection import (
    Connection,
    ConnectionLost,
    NotConnected,
    Reply,
    Unreachable,
    request_bytes,
)

CONNECT_TIMEOUT_S = 1.0
MAX_CONNECTIONS = 256
_REUSE_S = 3.0
"""An idle connection is reused for this time: less than a service that stops waits for its clients
(`IDLE_GRACE_S` in server.py)."""


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form: files under one field name, beside text fields."""

    field: str
    files: Sequence[bytes]
    fields: Mapping[str, str]


class Transport(Protocol):
    """Sends requests. It limits the time for connecting only."""

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | Form | None,
        *,
        new_connection: bool = False,
    ) -> Reply:
        """new_connection: do not reuse an open one. Raises Unreachable or one of its kinds."""

    async def aclose(self) -> None:
        """Close all connections."""


class NetworkTransport:
    """Reuses connections. It follows no redirects and ignores the environment's proxies."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if tls else 80)
        self._authority, self._prefix = parts.netloc, parts.path.rstrip("/")
        self._tls = ssl.create_default_context() if tls else None
        self._idle: list[Connection] = []
        self._room = asyncio.Semaphore(MAX_CONNECTIONS)

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | Form | None,
        *,
        new_connection: bool = False,
    ) -> Reply:
        fields = list(headers.items())
        if isinstance(body, Form):
            body, media_type = _multipart(body)
            fields.append(("content-type", media_type))
        # The path is encoded already; encoding it again would change quoted characters.
        request = request_bytes(method, self._prefix + path, self._authority, fields, body)
        async with self._room:
            connection = None if new_connection else self._reused()
            if connection is None:
                connection = await self._connect()
            reply = await connection.send(request)
            if connection.open and not new_connection:
                self._idle.append(connection)
            else:
                connection.close()
            return reply

    async def aclose(self) -> None:
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # the event loop closes the sockets in its next round

    def _reused(self) -> Connection | None:
        """The connection that was used last, because it is the one most likely still open."""
        oldest = asyncio.get_running_loop().time() - _REUSE_S
        while self._idle:
            connection = self._idle.pop()
            if connection.open and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection, self._host, self._port, ssl=self._tls
                )
        except OSError as error:  # TimeoutError and ssl.SSLError are two of its kinds
            raise NotConnected from error
        return connection


class HttpxTransport:
    """Sends requests through an httpx transport, mostly to an app in the same process."""

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, transport=transport, timeout=None)  # noqa: S113

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | Form | None,
        *,
        new_connection: bool = False,
    ) -> Reply:
        content = body if isinstance(body, bytes) else None
        form = body if isinstance(body, Form) else None
        try:
            response = await self._http.request(
                method,
                path,
                headers=headers,
                content=content,
                files=None if form is None else _parts(form),
                data=None if form is None else form.fields,
            )
        except httpx.ConnectError as error:
            raise NotConnected from error
        except httpx.RemoteProtocolError as error:
            raise ConnectionLost from error
        except httpx.HTTPError as error:
            raise Unreachable from error
        return Reply(response.status_code, response.headers, response.content)

    async def aclose(self) -> None:
        await self._http.aclose()


def _multipart(form: Form) -> tuple[bytes, str]:
    """The body and its media type."""
    boundary = uuid.uuid4().hex
    parts = [
        (f'name="{name}"; filename="{filename}"\r\nContent-Type: application/octet-stream', content)
        for name, (filename, content) in _parts(form)
    ]
    parts += [(f'name="{name}"', value.encode()) for name, value in form.fields.items()]
    lines: list[bytes] = []
    for about, content in parts:
        head = f"--{boundary}\r\nContent-Disposition: form-data; {about}\r\n\r\n"
        lines += [head.encode(), content, b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode())
    return b"".join(lines), f"multipart/form-data; boundary={boundary}"


def _parts(form: Form) -> list[tuple[str, tuple[str, bytes]]]:
    return [(form.field, (str(number), content)) for number, content in enumerate(form.files)]
