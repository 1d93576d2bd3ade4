"""An open-loop load generator: requests start when they are due, whatever became of those before.

A request's time runs from when it was due, so that a stall of the service counts against every
request that it held up, and not against one (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

QUERIES = ("red striped mug", "a warm winter coat", "green armchair", "gift for a runner")
PATIENCE_S = 15.0
IDLE_S = 3.0
"""The services close a connection that idles for five seconds; it is not used again before that."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One request: when it was due, how long after that it was answered, and with what."""

    due: float
    seconds: float
    status: int  # 0: not at all


@dataclass(frozen=True, slots=True)
class Post:
    """A request."""

    path: str
    content_type: str
    body: bytes
    method: str = "POST"


def words(query: str) -> Post:
    """`POST /predict` for the best 20."""
    return Post("/predict", "application/json", json.dumps({"query": query, "k": 20}).encode())


def picture(jpeg: bytes) -> Post:
    """`POST /predict-image` for the best 20."""
    body = (
        b'--part\r\nContent-Disposition: form-data; name="k"\r\n\r\n20\r\n'
        b'--part\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n--part--\r\n"
    )
    return Post("/predict-image", "multipart/form-data; boundary=part", body)


class Connections:
    """Kept-alive connections; bare, since a client library costs more than what it measures."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, question: str | Post) -> int:
        """The status of the answer; words alone are searched for."""
        post = words(question) if isinstance(question, str) else question
        head = (
            f"{post.method} {post.path} HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Content-Type: {post.content_type}\r\nContent-Length: {len(post.body)}\r\n\r\n"
        )
        reader, writer = await self._open()
        try:
            writer.write(head.encode() + post.body)
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = answer.partition("content-length:")[2].partition("\r\n")[0]
            await reader.readexactly(int(length))
        except BaseException:
            writer.transport.abort()
            raise
        if "connection: close" in answer:
            writer.close()
        else:
            self._idle.append((time.monotonic(), reader, writer))
        return int(answer.split(" ", 2)[1])

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._idle:
            since, reader, writer = self._idle.pop()
            if time.monotonic() - since < IDLE_S:
                return reader, writer
            writer.transport.abort()
            self.close()  # the others have idled for longer
        return await asyncio.open_connection(self._host, self._port)

    def close(self) -> None:
        for _, _, writer in self._idle:
            writer.transport.abort()
        self._idle.clear()


async def one_by_one(connections: Connections, questions: Sequence[str | Post]) -> list[Timed]:
    """One client who asks again as soon as it has its answer."""
    return [await _timed(connections, one, time.perf_counter()) for one in questions]


async def by_clients(
    connections: Connections, clients: int, seconds: float, question: Callable[[], str | Post]
) -> list[Timed]:
    """Each of `clients` asks again as soon as it has its answer, for so many seconds."""
    until = time.perf_counter() + seconds

    async def client() -> list[Timed]:
        answers: list[Timed] = []
        while time.perf_counter() < until:
            answers += await one_by_one(connections, [question()])
        return answers

    found = await asyncio.gather(*(client() for _ in range(clients)))
    return [answer for answers in found for answer in answers]


def per_second(answers: Sequence[Timed], clients: int) -> float:
    """Answers a second that clients of `by_clients` get, by how long each waited (Little's law).

    To count them over the turn would credit whoever is slow with what is answered after its end.
    """
    return clients * len(answers) / sum(answer.seconds for answer in answers)


async def at_rate(
    connections: Connections, rate: float, seconds: float, query: Callable[[int], str]
) -> list[Timed]:
    """`rate` requests a second, evenly, each started when it is due."""
    began = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(_timed(connections, query(number), due)))
    return list(await asyncio.gather(*tasks))


async def _timed(connections: Connections, question: str | Post, due: float) -> Timed:
    status = 0
    try:
        async with asyncio.timeout(PATIENCE_S):
            status = await connections.ask(question)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        pass
    return Timed(due, time.perf_counter() - due, status)


def percentile_ms(answers: Sequence[Timed], share: float) -> float:
    taken = sorted(answer.seconds for answer in answers)
    return 1000 * taken[min(len(taken) - 1, int(share * len(taken)))]
