"""A small HTTP server that speaks Gemini's `generateContent` wire format, well or badly.

Written on bare sockets, since no HTTP library lets its user break the protocol.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_REASONS = {200: "OK", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: what is sent, after how long, and how much of it."""

    body: bytes
    status: int = 200
    after_s: float = 0.0
    cut_at: int | None = None  # bytes of the body after which the connection is closed


@dataclass(frozen=True, slots=True)
class GeminiRequest:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def query(self) -> str:
        """The shopper's query, as the rewriter wraps it."""
        query: str = json.loads(self.body["contents"][0]["parts"][0]["text"])["query"]
        return query


def written(text: str, finish_reason: str = "STOP") -> Reply:
    """An answer that holds this text."""
    candidate = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "finishReason": finish_reason,
        "index": 0,
    }
    return _json({"candidates": [candidate], "usageMetadata": {"totalTokenCount": 12}})


def blocked() -> Reply:
    """The prompt was stopped by a safety filter: no candidates at all."""
    return _json({"promptFeedback": {"blockReason": "SAFETY"}})


def failed(status: int, name: str) -> Reply:
    return _json({"error": {"code": status, "message": "no", "status": name}}, status)


def _json(body: dict[str, Any], status: int = 200) -> Reply:
    return Reply(json.dumps(body).encode(), status)


@dataclass
class GeminiServer:
    """Answers each request with what `reply` makes of it."""

    reply: Callable[[GeminiRequest], Reply]
    url: str = ""
    requests: list[GeminiRequest] = field(default_factory=list)

    async def serve_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                reply = self.reply(request)
                await asyncio.sleep(reply.after_s)
                writer.write(
                    f"HTTP/1.1 {reply.status} {_REASONS[reply.status]}\r\n"
                    "Content-Type: application/json; charset=UTF-8\r\n"
                    f"Content-Length: {len(reply.body)}\r\n\r\n".encode()
                )
                writer.write(reply.body[: reply.cut_at])
                await writer.drain()
                if reply.cut_at is not None:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client gave up, as it should on a slow answer
        finally:
            writer.close()


@asynccontextmanager
async def gemini_server(reply: Callable[[GeminiRequest], Reply]) -> AsyncIterator[GeminiServer]:
    """A server on a port of the system's choice, as long as the block runs."""
    gemini = GeminiServer(reply)
    connections: set[asyncio.Task[None]] = set()

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(gemini.serve_connection(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(on_connection, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    gemini.url = f"http://{host}:{port}"
    try:
        yield gemini
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> GeminiRequest | None:
    """The next request on a connection; None when the client closed it."""
    request_line = await reader.readline()
    if not request_line:
        return None
    headers = {}
    while (line := (await reader.readline()).decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers["content-length"]))
    return GeminiRequest(request_line.split()[1].decode(), headers, json.loads(body))
