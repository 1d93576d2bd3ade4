"""Transports: how a request reaches another service, over the network or in the same process.

The network transport uses aiohttp, which costs a tenth of httpx for one request and less with many
at once (docs/decisions/0027-cost-of-a-hop.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import httpx
from yarl import URL

CONNECT_TIMEOUT_S = 1.0
MAX_CONNECTIONS = 256
_REUSE_S = 3.0
"""An idle connection is reused for this time: less than a service that stops waits for its clients
(`IDLE_GRACE_S` in server.py)."""


class Unreachable(Exception):
    """The answer did not arrive, or it was not HTTP."""


class NotConnected(Unreachable):
    """No connection was made, so the request was not sent."""


class ConnectionLost(Unreachable):
    """The connection closed before an answer began. The other side may have got the request, or it
    closed an idle connection at the moment when it was reused."""


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form: files under one field name, beside text fields."""

    field: str
    files: Sequence[bytes]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its whole body."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


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
        self._base_url = base_url.rstrip("/")
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | Form | None,
        *,
        new_connection: bool = False,
    ) -> Reply:
        data = _form_data(body) if isinstance(body, Form) else body
        # The path is encoded already; encoding it again would change quoted characters.
        url = URL(self._base_url + path, encoded=True)
        session = self._session(reuse=not new_connection)
        try:
            async with session.request(
                method, url, headers=headers, data=data, allow_redirects=False
            ) as response:
                return Reply(response.status, response.headers, await response.read())
        except aiohttp.ClientPayloadError as error:
            raise Unreachable from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # Replaced replicas have other addresses. Those known are used for ten seconds.
            for one in self._sessions.values():
                if isinstance(one.connector, aiohttp.TCPConnector):
                    one.connector.clear_dns_cache()
            raise NotConnected from error
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise ConnectionLost from error
        except aiohttp.ClientError as error:
            raise Unreachable from error

    async def aclose(self) -> None:
        for session in self._sessions.values():
            await session.close()

    def _session(self, *, reuse: bool) -> aiohttp.ClientSession:
        # Not in `__init__`: a session belongs to the event loop that runs now.
        if reuse not in self._sessions:
            connector = (
                aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=_REUSE_S)
                if reuse
                else aiohttp.TCPConnector(limit=MAX_CONNECTIONS, force_close=True)
            )
            self._sessions[reuse] = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._sessions[reuse]


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


def _form_data(form: Form) -> aiohttp.FormData:
    data = aiohttp.FormData()
    for name, (filename, content) in _parts(form):
        data.add_field(name, content, filename=filename, content_type="application/octet-stream")
    for name, value in form.fields.items():
        data.add_field(name, value)
    return data


def _parts(form: Form) -> list[tuple[str, tuple[str, bytes]]]:
    return [(form.field, (str(number), content)) for number, content in enumerate(form.files)]
