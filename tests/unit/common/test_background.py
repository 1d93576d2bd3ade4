"""A task ends although a library loses one of its cancellations."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from services.common import background


async def test_a_task_that_loses_a_cancellation_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "CANCEL_AGAIN_S", 0.01)
    lost = 0

    async def follow() -> None:
        nonlocal lost
        # As `asyncio.wait_for` does before Python 3.12 when its work ends at that moment.
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        lost += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(follow())
    await asyncio.sleep(0)
    await background.end(task)
    assert (task.cancelled(), lost) == (True, 1)


async def test_a_task_that_has_ended_is_left_as_it_is() -> None:
    async def work() -> None:
        return

    task = asyncio.create_task(work())
    await task
    await background.end(task)
    assert not task.cancelled()
