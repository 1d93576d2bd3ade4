"""Log of batches with an idempotency key: which of their lines are stored.

One file for each key, a JSON object a line, appended and synced:

    {"planned": T, "token": "…", "lines": [[12, "a1b2…"], …]}    before the commit of a change
    {"done": T}                                                  after it

`T` is the timestamp of the head that the commit publishes. Lines count as stored if their record
is done. A plan without an end was cut off by a crash: the writer settles it at its start, before it
writes anything else, by looking for that head in Parquet. Used by one thread at a time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.common.durable_files import sync_folder
from services.contracts.catalogue import change_token
from services.pipeline.catalogue.ledger import Published

logger = logging.getLogger(__name__)

KEPT_S = 86_400
"""Time for which a batch can be resumed."""

Mark = tuple[str, int, str]
"""(key of the batch, number of the line, digest of the line)."""


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line of an earlier request with the same key."""

    digest: str
    token: str
    moment_us: int


def line_digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:16]


def moment_us(published: Published) -> int:
    return round(published.timestamp.timestamp() * 1_000_000)


def token_of(published: Published) -> str:
    """The name of the change that led to this head."""
    head = published.head
    return change_token(head.version, head.sequence, moment_us(published))


class BatchLog:
    """Files below one folder, made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stored(self, key: str) -> dict[int, StoredLine]:
        """By number: the lines of that batch that are stored."""
        planned: dict[int, dict[int, StoredLine]] = {}
        stored: dict[int, StoredLine] = {}
        for record in _records(self._path(key)):
            if "planned" in record:
                moment = record["planned"]
                planned[moment] = {
                    number: StoredLine(digest, record["token"], moment)
                    for number, digest in record["lines"]
                }
            elif "done" in record:
                stored |= planned.pop(record["done"], {})
        return stored

    def plan(self, published: Published, marks: Iterable[Mark]) -> None:
        """These lines will be stored with that head. Raises OSError."""
        by_key: dict[str, list[tuple[int, str]]] = {}
        for key, number, digest in marks:
            by_key.setdefault(key, []).append((number, digest))
        for key, lines in by_key.items():
            record = {
                "planned": moment_us(published),
                "token": token_of(published),
                "lines": lines,
            }
            self._append(self._path(key), record)

    def done(self, published: Published, marks: Iterable[Mark]) -> None:
        """They are stored. Never raises: the lines count, and the next start settles the plan."""
        for key in {key for key, _, _ in marks}:
            try:
                self._append(self._path(key), {"done": moment_us(published)})
            except OSError:
                logger.exception("the log of a batch cannot be written")

    def settle(self, heads_us: set[int]) -> None:
        """End the plans that a crash cut off: those whose head is in Parquet are done."""
        for path in self._folder.glob("*.jsonl"):
            records = _records(path)
            ended = {record.get("done", record.get("undone")) for record in records}
            for record in records:
                moment = record.get("planned")
                if moment is not None and moment not in ended:
                    self._append(path, {"done" if moment in heads_us else "undone": moment})

    def forget_old(self) -> None:
        """Remove batches that can no longer be resumed."""
        oldest = time.time() - KEPT_S
        for path in self._folder.glob("*.jsonl"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.jsonl"

    def _append(self, path: Path, record: dict[str, object]) -> None:
        if is_new := not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
        # From a new line on, whatever a crash cut off before.
        text = json.dumps(record, separators=(",", ":"))
        with path.open("ab") as out:
            out.write(f"\n{text}\n".encode())
            out.flush()
            os.fsync(out.fileno())
        if is_new:
            sync_folder(path.parent)


def _records(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    records = []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue  # blank, or cut off by a crash
        if isinstance(record, dict):
            records.append(record)
    return records
