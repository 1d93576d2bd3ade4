"""Answers a second, where a turn ends while clients still wait."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.load import client
from tests.load.client import Timed, by_clients, per_second


async def test_what_is_answered_after_a_turn_is_not_credited_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0

    async def slow(_: object, questions: list[str]) -> list[Timed]:
        nonlocal now
        due = now
        await asyncio.sleep(0)  # the others ask meanwhile
        now = due + 0.2
        return [Timed(due, 0.2, 200) for _ in questions]

    monkeypatch.setattr(client, "one_by_one", slow)
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    connections = client.Connections("127.0.0.1", 1)
    answers = await by_clients(connections, 4, 0.3, lambda: "a mug")
    assert len(answers) == 8  # the last four after the turn's end
    assert per_second(answers, 4) == pytest.approx(20)
