"""The bare trio: gateway, encoder and retriever as ASGI functions with nothing around them.

`python -m tests.benchmarks.floor.bare ROLE SOCKET FOLDER [ENCODER_URL RETRIEVER_URL]`

They make the hops of a cached query, with a vector and products of the same size, through the same
server (uvicorn, httptools, uvloop) and the same client (aiohttp). There is no validation, search,
limit, log, metric, deadline or error handling.
"""

from __future__ import annotations

import base64
import json
import socket
import sys
from array import array
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = Callable[[bytes], Awaitable[bytes]]

RESULTS_FILE = "results.json"
VECTOR_FILE = "vector.bin"


def encoder(folder: Path) -> Answer:
    """Returns the same packed vector for every text."""
    vector = base64.b64encode((folder / VECTOR_FILE).read_bytes()).decode()

    async def answer(body: bytes) -> bytes:
        texts = json.loads(body)["texts"]
        return json.dumps({"model": "bare", "embeddings": [vector for _ in texts]}).encode()

    return answer


def retriever(folder: Path) -> Answer:
    """Unpacks the vector and returns the same products."""
    results = (folder / RESULTS_FILE).read_bytes()

    async def answer(body: bytes) -> bytes:
        array("f", base64.b64decode(json.loads(body)["vector"]))
        return results

    return answer


def gateway(encoder_url: str, retriever_url: str) -> Answer:
    """Asks the encoder, then the retriever, and passes the products on."""
    sessions: list[aiohttp.ClientSession] = []

    async def ask(url: str, question: dict[str, Any]) -> bytes:
        if not sessions:
            connector = aiohttp.TCPConnector(limit=256)
            sessions.append(aiohttp.ClientSession(connector=connector))
        async with sessions[0].post(url, data=json.dumps(question).encode()) as response:
            return await response.read()

    async def answer(body: bytes) -> bytes:
        question = json.loads(body)
        encoded = json.loads(await ask(encoder_url, {"texts": [question["query"]]}))
        search = {"vector": encoded["embeddings"][0], "k": question["k"]}
        return b'{"results":' + await ask(retriever_url, search) + b"}"

    return answer


def serve(answer: Answer, listener: socket.socket) -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = await answer(b"".join(parts)) if scope["method"] == "POST" else b""
        length = (b"content-length", str(len(body)).encode())
        headers = [(b"content-type", b"application/json"), length]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="off", log_config=None, access_log=False
    )
    uvicorn.Server(config).run([listener])


def main() -> None:
    role, socket_number, folder, *urls = sys.argv[1:]
    answers = {
        "gateway": lambda: gateway(urls[0], urls[1]),
        "encoder": lambda: encoder(Path(folder)),
        "retriever": lambda: retriever(Path(folder)),
    }
    with socket.socket(fileno=int(socket_number)) as listener:
        serve(answers[role](), listener)


if __name__ == "__main__":
    main()
