"""How a request gets to another service: over the network, or to an app in the same process.

Over the network it is aiohttp: a request costs it a tenth of what it costs httpx, and no more where
many are under way (docs/decisions/0027-cost-of-a-hop.md).
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
_IDLE_S = 3.0
"""Our services close a connection that idles for five seconds; it is not used again before that."""


class Unreachable(Exception):
    """No answer came. `repeatable`: not even the beginning of one, so asking once more may help."""

    def __init__(self, *, repeatable: bool) -> None:
        super().__init__()
        self.repeatable = repeatable


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form: files under one field name, beside text fields."""

    field: str
    files: Sequence[bytes]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered, the body read."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Wire(Protocol):
    """Sends requests; sets no time limit but for connecting."""

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | Form | None
    ) -> Reply:
        """Raises Unreachable."""

    async def aclose(self) -> None:
        """Close what is open."""


class NetworkWire:
    """Kept-alive connections; redirects are not followed, proxies of the environment not asked."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | Form | None
    ) -> Reply:
        data = _form_data(body) if isinstance(body, Form) else body
        # Encoded already: what is quoted in a path must reach the other side as it is.
        url = URL(self._base_url + path, encoded=True)
        try:
            async with self._opened().request(
                method, url, headers=headers, data=data, allow_redirects=False
            ) as response:
                return Reply(response.status, response.headers, await response.read())
        except aiohttp.ClientPayloadError as error:
            raise Unreachable(repeatable=False) from error
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            # A kept-alive connection that the other side just closed looks like this too.
            raise Unreachable(repeatable=True) from error
        except aiohttp.ClientError as error:
            raise Unreachable(repeatable=False) from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        # Not in `__init__`: it belongs to the event loop that runs now.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=_IDLE_S),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class TransportWire:
    """Through a transport of httpx: to an app in the same process, mostly."""

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, transport=transport, timeout=None)  # noqa: S113

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | Form | None
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
        except (httpx.ConnectError, httpx.RemoteProtocolError) as error:
            raise Unreachable(repeatable=True) from error
        except httpx.HTTPError as error:
            raise Unreachable(repeatable=False) from error
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
