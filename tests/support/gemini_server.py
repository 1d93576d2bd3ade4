"""A local HTTP server for Gemini's `generateContent`: strict about requests, free in its replies.

It refuses what Google's published schema refuses (`gemini_schema`). It is written on bare sockets,
because no HTTP library lets its user break the protocol.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from tests.support.gemini_schema import (
    VERSIONS,
    Refused,
    check_request,
    misfit,
    response_json,
)

_PATH = re.compile(r"/(?P<version>\w+)/models/[\w.-]+:generateContent")
_NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: its body, its delay, and the byte after which the connection is closed."""

    body: bytes
    status: int = 200
    after_s: float = 0.0
    once: asyncio.Event | None = None
    """Nothing is answered before this is set."""
    cut_at: int | None = None
    location: str = ""
    """Where a redirection leads to."""
    answer: dict[str, Any] | None = None
    """An answer that the decoder writes, bound to the schema of the request."""


@dataclass(frozen=True, slots=True)
class GeminiRequest:
    """One request of a client."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def query(self) -> str:
        """The shopper's query, as the rewriter wraps it."""
        query: str = json.loads(self.body["contents"][0]["parts"][0]["text"])["query"]
        return query


def written(description: str, finish_reason: str = "STOP", **others: Any) -> Reply:  # noqa: ANN401
    """A description, and other fields, in the structure that the rewriter asks for."""
    answer = {"description": description, **others}
    reply = said(json.dumps(answer, ensure_ascii=False), finish_reason)
    return replace(reply, answer=answer)


def said(text: str, finish_reason: str = "STOP") -> Reply:
    """An answer with this text, whatever structure was asked for."""
    candidate = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "finish_reason": finish_reason,
        "index": 0,
    }
    usage = {"total_token_count": 12}
    return Reply(response_json(candidates=[candidate], usage_metadata=usage).encode())


def blocked() -> Reply:
    """A prompt that a safety filter stopped: no candidates at all."""
    return Reply(response_json(prompt_feedback={"block_reason": "SAFETY"}).encode())


def failed(status: int, name: str, message: str = "no") -> Reply:
    """An error in Google's wire format."""
    error: dict[str, object] = {"code": status, "message": message, "status": name}
    if status == HTTPStatus.BAD_REQUEST:
        violations = [{"description": message}]
        kind = "type.googleapis.com/google.rpc.BadRequest"
        error["details"] = [{"@type": kind, "fieldViolations": violations}]
    return Reply(json.dumps({"error": error}, indent=2).encode(), status)


@dataclass
class GeminiServer:
    """Replies to each request that the schema allows with `reply(request)`."""

    reply: Callable[[GeminiRequest], Reply]
    url: str = ""
    requests: list[GeminiRequest] = field(default_factory=list)

    async def serve_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                reply = _refusal(request) or _decoded(request, self.reply(request))
                await asyncio.sleep(reply.after_s)
                if reply.once is not None:
                    await reply.once.wait()
                writer.write(
                    f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n"
                    "Content-Type: application/json; charset=UTF-8\r\n"
                    f"Location: {reply.location}\r\n"
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


def _refusal(request: GeminiRequest) -> Reply | None:
    """The error that the real service gives to this request; None for a correct request."""
    path = _PATH.fullmatch(request.path)
    if path is None or path["version"] not in VERSIONS:
        page = f"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p>{request.path}</p>"
        return Reply(page.encode(), 404)
    if not request.headers.get("x-goog-api-key"):
        return failed(403, "PERMISSION_DENIED", _NO_KEY)
    try:
        check_request(path["version"], request.body)
    except Refused as refused:
        return failed(400, "INVALID_ARGUMENT", str(refused))
    return None


def _decoded(request: GeminiRequest, reply: Reply) -> Reply:
    """The reply, if the decoder could write it under the request's schema; else an error."""
    schema = request.body.get("generationConfig", {}).get("responseSchema")
    if reply.answer is None or schema is None:
        return reply
    wrong = misfit(schema, reply.answer)
    return failed(500, "INTERNAL", f"The stand-in's own reply: {wrong}") if wrong else reply


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
