"""From the stream in a real Redis to Parquet to the report, whatever ends a run half-way."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import redis

from services.contracts.query_log import (
    MEAN,
    SEARCH,
    STREAM,
    LoggedMean,
    LoggedSearch,
    keyed_hash,
    packed,
)
from services.pipeline.catalogue.lock import only_writer
from services.pipeline.cli import main
from services.pipeline.errors import Busy, DependencyAway, OfflineDamaged
from services.pipeline.queries import export as exporting
from services.pipeline.queries.entries import entries_after
from services.pipeline.queries.export import Exported, export
from services.pipeline.queries.query_store import read_since
from tests.support.redis_server import RedisAddress, RedisProcess

MODEL = "mini@1"
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


def search(query: str, *, hashed: bool = False) -> str:
    return LoggedSearch(
        kind="words",
        query=query,
        hashed=hashed,
        confidence=0.9,
        found=3,
        filtered=False,
        best="p1",
        strength="strong",
        rewritten=None,
        degraded=["rewriter"],
        model=MODEL,
        catalogue="v1",
        took_ms=4.5,
    ).model_dump_json()


class Stream:
    """A stream of its own in the shared Redis, and the folder that it is exported to."""

    def __init__(self, address: RedisAddress, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.name = f"query-log-{uuid.uuid4().hex}"
        self.client = redis.Redis(address.host, address.port)
        self._number = 0

    def add(self, query: str, at: datetime = NOW) -> None:
        self.put(SEARCH, search(query), at)

    def put(self, name: str, content: str, at: datetime = NOW) -> None:
        self._number += 1
        self.client.xadd(
            self.name, {name: content}, id=f"{round(at.timestamp() * 1000)}-{self._number}"
        )

    def export(self, kept_days: int = 90, now: datetime = NOW) -> Exported:
        return export(self.address.url, self.folder, kept_days, now, self.name)

    def exported(self) -> list[str]:
        return [str(row) for row in self.table()["query"].to_pylist()]

    def table(self) -> pa.Table:
        return read_since(self.folder, ALWAYS)


@pytest.fixture
def stream(own_redis: RedisProcess, tmp_path: Path) -> Iterator[Stream]:
    stream = Stream(own_redis.address, tmp_path / "queries")
    yield stream
    stream.client.close()


def test_both_kinds_of_entry_come_out_as_they_went_in(stream: Stream) -> None:
    mean = LoggedMean(kind="picture", model=MODEL, queries=32, vector=packed([0.5, -0.25]))
    stream.add("red mug")
    stream.put(MEAN, mean.model_dump_json(), NOW + timedelta(seconds=1))
    assert stream.export().entries == 2
    first, second = stream.table().to_pylist()
    assert (first["at"], first["query"], first["degraded"]) == (NOW, "red mug", ["rewriter"])
    assert (first["queries"], first["vector"]) == (None, None)
    assert (second["kind"], second["queries"]) == ("picture", 32)
    assert second["vector"] == mean.vector


def test_a_second_run_takes_what_came_since_and_nothing_twice(stream: Stream) -> None:
    stream.add("one")
    stream.add("two")
    assert stream.export().entries == 2
    assert stream.export().entries == 0
    stream.add("three")
    assert stream.export().entries == 1
    assert stream.exported() == ["one", "two", "three"]


def test_more_than_a_page_of_entries_is_read_in_order(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ENTRIES_PER_PART", 700)
    pipe = stream.client.pipeline(transaction=False)
    for number in range(2_500):
        pipe.xadd(stream.name, {SEARCH: search(str(number))})
    pipe.execute()
    assert stream.export().entries == 2_500
    assert stream.exported() == [str(number) for number in range(2_500)]
    assert all(pq.read_metadata(part).num_rows <= 700 for part in stream.folder.glob("*.parquet"))


def test_a_run_that_was_killed_is_gone_on_with(stream: Stream) -> None:
    for day in range(3):
        stream.add(f"day {day}", NOW + timedelta(days=day))
    stream.export()
    first, second, third = sorted(stream.folder.glob("*.parquet"))
    # As it is when the second part was only half written.
    second.rename(second.with_name(f".{second.name}.draft"))
    third.unlink()
    assert stream.exported() == ["day 0"]
    assert stream.export().entries == 2
    assert stream.exported() == ["day 0", "day 1", "day 2"]
    assert {first, second, third} == set(stream.folder.iterdir()) - {stream.folder / ".lock"}


def test_a_damaged_part_is_named_with_what_to_do(stream: Stream) -> None:
    stream.add("red mug")
    stream.export()
    (part,) = stream.folder.glob("*.parquet")
    whole = part.read_bytes()
    for damaged in (whole[: len(whole) // 2], b""):
        part.write_bytes(damaged)
        with pytest.raises(OfflineDamaged, match=rf"{part.name} is damaged\. .*or remove it"):
            stream.table()


def test_nothing_is_kept_longer_than_it_may_be(stream: Stream) -> None:
    for day in (0, 10, 20):
        stream.add(f"day {day}", NOW + timedelta(days=day))
    stream.export(now=NOW + timedelta(days=20))
    done = stream.export(kept_days=15, now=NOW + timedelta(days=20))
    assert done.removed == 1
    assert stream.exported() == ["day 10", "day 20"]


def test_an_entry_of_another_version_is_counted_and_costs_no_other(stream: Stream) -> None:
    stream.add("one")
    stream.put(SEARCH, '{"kind": "dance"}')
    stream.put("something", "else")
    stream.add("two")
    done = stream.export()
    assert (done.entries, done.unreadable) == (2, 2)
    assert stream.exported() == ["one", "two"]
    assert stream.export().unreadable == 0


def test_two_runs_at_once_do_not_export_everything_twice(stream: Stream) -> None:
    stream.add("one")
    stream.folder.mkdir()
    with only_writer(stream.folder), pytest.raises(Busy):
        stream.export()
    assert stream.export().entries == 1


def test_a_redis_that_is_away_is_said_to_be_away(stream: Stream, own_redis: RedisProcess) -> None:
    own_redis.stop()
    with pytest.raises(DependencyAway, match="query log does not answer"):
        stream.export()
    with pytest.raises(DependencyAway, match="query log does not answer"):
        next(entries_after("redis://127.0.0.1:9?cluster=true", None))


def test_the_commands_export_and_tell_and_name_what_they_are_given_a_key_for(
    own_redis: RedisProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PIPELINE_QUERIES_DIR", str(tmp_path / "queries"))
    monkeypatch.setenv("PIPELINE_FEATURE_STORE", str(tmp_path / "nothing-published"))
    assert main(["queries", "export"]) == 3
    assert "PIPELINE_QUERY_LOG_REDIS_URL" in capsys.readouterr().err

    monkeypatch.setenv("PIPELINE_QUERY_LOG_REDIS_URL", own_redis.address.url)
    with redis.Redis(own_redis.address.host, own_redis.address.port) as client:
        hashed = keyed_hash("wedding dress", KEY.encode())
        client.xadd(STREAM, {SEARCH: search(hashed, hashed=True)})
    assert main(["queries", "export"]) == 0
    known, page = tmp_path / "known.txt", tmp_path / "report.md"
    known.write_text("Wedding  Dress\nball gown\n")
    assert main(["queries", "report", "--known", str(known)]) == 3  # without the key

    monkeypatch.setenv("PIPELINE_QUERY_LOG_KEY", KEY)
    capsys.readouterr()
    assert main(["queries", "report", "--known", str(known), "--output", str(page)]) == 0
    told = capsys.readouterr().out
    assert "| wedding dress | 1 |" in told
    assert "ball gown" not in told
    assert page.read_text() == told
