"""The Parquet parts: their columns are Feast's, and only whole parts are ever seen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import Entity

from feature_repo import definitions
from services.contracts.catalogue import HEAD_VIEW, METADATA_VIEW, SHARD_VIEW, VECTOR_VIEW
from services.pipeline.catalogue.offline_store import OfflineStore
from services.pipeline.catalogue.online_store import EventClock
from services.pipeline.catalogue.schemas import SCHEMAS, TIMESTAMP

_FEAST_TYPES = {
    pa.string(): "String",
    pa.float64(): "Float64",
    pa.int64(): "Int64",
    pa.list_(pa.float32()): "Array(Float32)",
    pa.list_(pa.string()): "Array(String)",
}


@pytest.mark.parametrize("view", [VECTOR_VIEW, METADATA_VIEW, SHARD_VIEW, HEAD_VIEW])
def test_parts_have_the_columns_that_feast_is_told_of(view: str) -> None:
    defined = getattr(definitions, view)
    entities = {
        entity.name: entity for entity in vars(definitions).values() if isinstance(entity, Entity)
    }
    keys = [entities[name].join_key for name in defined.entities]
    wanted = dict.fromkeys(keys, "String")
    wanted |= {field.name: str(field.dtype) for field in defined.features}
    schema = SCHEMAS[view]
    assert schema.field(TIMESTAMP).type == pa.timestamp("us", tz="UTC")
    assert {
        field.name: _FEAST_TYPES[field.type] for field in schema if field.name != TIMESTAMP
    } == wanted
    assert defined.batch_source.path == f"offline/{view}"
    assert defined.batch_source.timestamp_field == TIMESTAMP


def vectors(second: int, *rows: tuple[str, str, str]) -> pa.Table:
    """rows: (product id, model id, fingerprint)."""
    count = len(rows)
    return pa.table(
        {
            "product_id": [row[0] for row in rows],
            "model_id": [row[1] for row in rows],
            "content": [row[2] for row in rows],
            "text_vector": [[float(number), 1.0] for number in range(count)],
            "image_vector": [[] for _ in rows],
            "fingerprint": [row[2] for row in rows],
            TIMESTAMP: [datetime.fromtimestamp(second, UTC)] * count,
        },
        SCHEMAS[VECTOR_VIEW],
    )


def test_the_latest_row_counts_and_every_content_is_found(tmp_path: Path) -> None:
    store = OfflineStore(tmp_path)
    store.write(VECTOR_VIEW, vectors(20, ("a", "m", "new"), ("b", "m", "b1")))
    store.write(VECTOR_VIEW, vectors(10, ("z", "other", "z1"), ("a", "m", "old")))
    index = store.index(VECTOR_VIEW, "m")
    assert {key: row.fingerprint for key, row in index.latest.items()} == {"a": "new", "b": "b1"}
    assert set(index.by_fingerprint) == {"new", "b1", "old"}
    wanted = [index.by_fingerprint[name] for name in ("b1", "old", "new")]
    assert store.read(VECTOR_VIEW, wanted)["fingerprint"].to_pylist() == ["b1", "old", "new"]


def test_parts_from_before_rows_were_keyed_by_content_are_read(tmp_path: Path) -> None:
    store = OfflineStore(tmp_path)
    store.write(VECTOR_VIEW, vectors(1, ("a", "m", "a1")))
    store.write(VECTOR_VIEW, vectors(2, ("b", "m", "b1")).drop_columns(["content"]))
    index = store.index(VECTOR_VIEW, "m")
    table = store.read(VECTOR_VIEW, [index.latest["b"], index.latest["a"]])
    assert table.schema.names == SCHEMAS[VECTOR_VIEW].names
    assert table["content"].to_pylist() == ["b1", "a1"]


def test_half_written_parts_are_never_seen_and_are_cleared(tmp_path: Path) -> None:
    store = OfflineStore(tmp_path)
    store.write(VECTOR_VIEW, vectors(1, ("a", "m", "f")))
    (tmp_path / ".drafts" / "part-x.parquet").write_bytes(b"half")
    assert set(store.index(VECTOR_VIEW).latest) == {"a"}
    assert pq.read_table(tmp_path / VECTOR_VIEW).num_rows == 1
    store.clear_drafts()
    assert not (tmp_path / ".drafts").exists()


def test_the_clock_is_always_later() -> None:
    clock = EventClock()
    future = datetime(2999, 1, 1, tzinfo=UTC)
    first = clock.tick()
    assert clock.tick() > first
    clock.has_seen(future)
    assert clock.tick() > future
    clock.has_seen(None)
    assert clock.tick() > future
