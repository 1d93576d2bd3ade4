"""Clients that ask without an end, and remember what each answer said."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

CLIENTS = 32
PAUSE_S = 0.2
HANG_S = 12.0
"""More than the request's whole deadline: an answer that takes longer hangs."""

ALIKE = 0.02
"""Largest difference of two scores of one product for one query (bfloat16, another batch)."""

_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one request."""

    began: float
    ended: float
    query: str
    said: str
    fault: str | None
    body: dict[str, Any] = field(repr=False)

    @property
    def is_good(self) -> bool:
        return self.said in ("full", "degraded")


@dataclass
class Shoppers:
    """Answers so far, in the order in which they came."""

    http: httpx.AsyncClient
    answers: list[Answer] = field(default_factory=list)

    async def ask(self) -> None:
        """One question that nobody asked before, so that no cache knows it."""
        number = next(_NUMBERS)
        query = f"I want something {COLOURS[number % 5]} for my kitchen, number {number}"
        began = time.monotonic()
        said = "hang"
        fault: str | None = None
        body: dict[str, Any] = {}
        try:
            async with asyncio.timeout(HANG_S):
                response = await self.http.post("/predict", json={"query": query, "k": 5})
            said, fault, body = _read(response, query)
        except TimeoutError:
            fault = f"no answer within {HANG_S:g} s"
        except httpx.HTTPError as error:
            said, fault = "cut", f"the gateway gave none: {error!r}"
        self.answers.append(Answer(began, time.monotonic(), query, said, fault, body))

    async def go_on(self) -> None:
        while True:
            await self.ask()
            await asyncio.sleep(PAUSE_S)


COLOURS = ("red", "blue", "green", "black", "yellow")


def _read(response: httpx.Response, query: str) -> tuple[str, str | None, dict[str, Any]]:
    """The answer's kind in one word, its fault if it has one, and its body."""
    body = response.json()
    if response.status_code == 200:
        if body["original_query"] != query:
            return "wrong", f"asked {query!r}, answered {body['original_query']!r}", body
        if not body["results"]:
            return "wrong", f"nothing found for {query!r}", body
        return ("degraded" if body["degraded"] else "full"), None, body
    said = str(response.status_code)
    if response.status_code not in (429, 503, 504):
        return said, f"{said}: {response.text[:200]}", body
    if response.status_code != 504 and "retry-after" not in response.headers:
        return said, f"{said} without Retry-After", body
    return said, None, body


@asynccontextmanager
async def shopping(url: str) -> AsyncIterator[Shoppers]:
    """32 clients that ask as long as the block runs; those who wait at its end are waited for."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=url, trust_env=False, timeout=2 * HANG_S, limits=limits
    ) as http:
        shoppers = Shoppers(http)
        tasks = [asyncio.create_task(shoppers.go_on()) for _ in range(CLIENTS)]
        try:
            yield shoppers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def wrong_results(url: str, answers: Sequence[Answer]) -> list[str]:
    """Hold answers to what the whole stack finds for the same words; what differs, in words."""
    good = [answer for answer in answers if answer.is_good]
    step = max(1, len(good) // 40)
    wrong = []
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=HANG_S) as http:
        for answer in good[::step]:
            words = answer.body["rewritten_query"]
            question = {"query": words, "k": 100, "rewrite": False}
            truth = (
                (await http.post("/predict", json=question)).raise_for_status().json()["results"]
            )
            scores = {one["product_id"]: one["score"] for one in truth}
            results = answer.body["results"]
            same = all(
                abs(scores.get(one["product_id"], -9) - one["score"]) <= ALIKE for one in results
            )
            if not same or results[0]["score"] < truth[0]["score"] - ALIKE:
                wrong.append(f"wrong products for {words!r}")
    return wrong


def percentile(answers: Sequence[Answer], share: float) -> float:
    """Milliseconds within which `share` of the answers came."""
    taken = sorted(1000 * (answer.ended - answer.began) for answer in answers)
    return taken[min(len(taken) - 1, int(share * len(taken)))] if taken else 0.0


def count_kinds(answers: Sequence[Answer]) -> str:
    """Kinds of answers, most frequent first."""
    counts = Counter(answer.said for answer in answers)
    return ", ".join(f"{said} {100 * n / len(answers):.0f} %" for said, n in counts.most_common())
