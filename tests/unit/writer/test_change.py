"""A change that is on the disk is made, whatever happens afterwards."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.client import ServiceClient
from services.common.context import Deadline
from services.common.problems import NotReady
from services.contracts.catalogue import CatalogueHead
from services.pipeline.catalogue.ledger import Published
from services.pipeline.settings import PipelineSettings
from services.writer.change import Change, answer_of
from services.writer.settings import WriterSettings
from services.writer.writer import LiveWriter

HEAD = CatalogueHead(version="v", model_id="m", dimension=4, shards=1, products=1)


async def test_a_change_that_is_stored_is_never_refused() -> None:
    change = Change("mug", Deadline.after_ms(1_000))
    change.stored = Published(HEAD, datetime.now(UTC))
    change.refuse(NotReady("Redis failed after the commit."))
    assert await answer_of(change) is change.stored


async def test_a_writer_that_is_stopped_waits_for_the_commit_that_is_under_way(
    tmp_path: Path,
) -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def commit() -> None:
        begun.set()
        may_end.wait(5)
        ended.set()

    pipeline = PipelineSettings(feature_store=tmp_path, media_dir=tmp_path / "media")
    async with ServiceClient("encoder", "http://127.0.0.1:9", timeout_s=1) as encoder:
        writer = LiveWriter(WriterSettings(), pipeline, encoder)
        working = asyncio.create_task(writer._on_thread(commit))
        await asyncio.to_thread(begun.wait, 5)
        working.cancel()
        await asyncio.sleep(0)
        assert not working.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert ended.is_set()
