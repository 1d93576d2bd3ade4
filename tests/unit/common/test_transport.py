"""Requests over real sockets: what arrives, and what comes of broken answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from services.common.transport import (
    ConnectionLost,
    Form,
    NetworkTransport,
    NotConnected,
    Unreachable,
)

SILENCE = b"nothing, for ever"


@dataclass
class Peer:
    """Gives each request the next of its answers, and closes the connection after it."""

    answers: list[bytes]
    url: str = ""
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0] or 0)
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(length))
        answer = self.answers.pop(0)
        if answer == SILENCE:
            await reader.read()  # until the client gives up
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def _peer(*answers: bytes) -> AsyncIterator[tuple[Peer, NetworkTransport]]:
    peer = Peer(list(answers))
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        peer.url = f"http://{host}:{port}"
        transport = NetworkTransport(peer.url)
        try:
            yield peer, transport
        finally:
            await transport.aclose()


def _answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_what_is_sent_arrives_and_what_is_answered_comes_back() -> None:
    async with _peer(_answer(b'{"a": 1}', "503 Busy", "Retry-After: 3")) as (peer, transport):
        reply = await transport.send("POST", "/thing", {"X-Request-ID": "one"}, b"body")
    assert (reply.status, reply.content, reply.is_success) == (503, b'{"a": 1}', False)
    assert reply.headers["retry-after"] == "3"
    assert peer.heads[0].startswith("POST /thing HTTP/1.1\r\n")
    assert "x-request-id: one" in peer.heads[0].lower()
    assert peer.bodies == [b"body"]


async def test_a_quoted_path_arrives_as_it_is() -> None:
    async with _peer(_answer(b"")) as (peer, transport):
        await transport.send("GET", "/products/%2E%2E%2Fa%3Fb", {}, None)
    assert peer.heads[0].startswith("GET /products/%2E%2E%2Fa%3Fb HTTP/1.1\r\n")


async def test_a_form_arrives_with_its_files_and_fields() -> None:
    async with _peer(_answer(b"")) as (peer, transport):
        await transport.send(
            "POST", "/upload", {}, Form("images", [b"one", b"two"], {"crops": "[]"})
        )
    assert "multipart/form-data; boundary=" in peer.heads[0]
    for expected in (b'name="images"; filename="1"', b"\r\n\r\ntwo\r\n", b'name="crops"'):
        assert expected in peer.bodies[0]


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with _peer(_answer(b"", "302 Found", "Location: /elsewhere")) as (peer, transport):
        assert (await transport.send("GET", "/", {}, None)).status == 302
    assert len(peer.heads) == 1


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with _peer(_answer(b"here")) as (_, transport):
        assert (await transport.send("GET", "/", {}, None)).content == b"here"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"", ConnectionLost, id="closed without an answer"),
        pytest.param(_answer(b"all of it")[:-4], Unreachable, id="cut off"),
        pytest.param(b"not HTTP\r\n\r\n", Unreachable, id="nonsense"),
    ],
)
async def test_a_broken_answer_is_an_error(answer: bytes, error: type[Unreachable]) -> None:
    async with _peer(answer) as (_, transport):
        with pytest.raises(Unreachable) as raised:
            await transport.send("POST", "/", {}, b"{}")
    assert type(raised.value) is error


async def test_without_a_listener_nothing_is_sent() -> None:
    async with _peer() as (peer, _):
        pass
    transport = NetworkTransport(peer.url)
    try:
        with pytest.raises(NotConnected):
            await transport.send("GET", "/health", {}, None)
    finally:
        await transport.aclose()


@asynccontextmanager
async def _full(host: str, port: int) -> AsyncIterator[None]:
    """An address that takes no more connections and refuses none: as that of a lost machine."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(0)
        with socket.create_connection((host, port)), socket.socket() as waiting:
            waiting.setblocking(False)
            waiting.connect_ex((host, port))
            yield


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "refusing"])
async def test_a_replica_with_another_address_is_found_by_the_second_try(
    monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """Replaced containers have other addresses under the same name."""
    addresses = ["127.0.0.2"]
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo

    async def resolved(_: str, port: int, **asked: int) -> object:
        return await resolve(addresses[0], port, **asked)

    monkeypatch.setattr(loop, "getaddrinfo", resolved)
    peer = Peer([_answer(b"old"), _answer(b"old"), _answer(b"new")])
    async with await asyncio.start_server(peer.serve, "127.0.0.2", 0) as server:
        port = server.sockets[0].getsockname()[1]
        transport = NetworkTransport(f"http://retriever:{port}")
        for new in (False, True):  # both kinds of connections know the address now
            assert (
                await transport.send("GET", "/", {}, None, new_connection=new)
            ).content == b"old"
    addresses[0] = "127.0.0.3"
    async with AsyncExitStack() as stack:
        stack.push_async_callback(transport.aclose)
        await stack.enter_async_context(await asyncio.start_server(peer.serve, "127.0.0.3", port))
        if lost:
            await stack.enter_async_context(_full("127.0.0.2", port))
        with pytest.raises(NotConnected):
            await transport.send("GET", "/", {}, None)
        reply = await transport.send("GET", "/", {}, None, new_connection=True)
    assert reply.content == b"new"


async def test_a_request_given_up_takes_no_answer_from_the_next_one() -> None:
    async with _peer(SILENCE, _answer(b"second")) as (_, transport):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await transport.send("GET", "/slow", {}, None)
        assert (await transport.send("GET", "/next", {}, None)).content == b"second"
