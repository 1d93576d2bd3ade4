"""Reads written rows back from Redis before a head names them."""

from __future__ import annotations

from collections.abc import Sequence

from services.pipeline.catalogue.ledger import Entry
from services.pipeline.catalogue.online_store import OnlineRow, OnlineStore
from services.pipeline.errors import StoreIncomplete


class ReadBack:
    """Raises StoreIncomplete when rows are missing. Vectors are those of one model."""

    def __init__(self, online: OnlineStore, model_id: str) -> None:
        self._online = online
        self._model_id = model_id

    def shard(self, key: str, entries: Sequence[Entry]) -> None:
        """Read back a shard and every row that it lists."""
        stored, _ = self._online.shard(key)
        if stored != list(entries):
            raise _missing("1 × product list")
        self.products(entries)

    def products(self, entries: Sequence[Entry]) -> None:
        """Read back every row that these products need."""
        if not entries:
            return
        ids, vector_fingerprints, metadata_fingerprints = zip(*entries, strict=True)
        missing = {
            "vectors": _differing(
                self._online.vectors(ids, self._model_id, vector_fingerprints),
                vector_fingerprints,
            ),
            "metadata": _differing(
                self._online.metadata(ids, metadata_fingerprints), metadata_fingerprints
            ),
        }
        told = ", ".join(f"{count} × {what}" for what, count in missing.items() if count)
        if told:
            raise _missing(told)


def _missing(told: str) -> StoreIncomplete:
    return StoreIncomplete(
        f"not everything that was written is there when read back ({told}): Redis was emptied, or "
        "it evicts (then it needs more memory and `maxmemory-policy noeviction`). Nothing is "
        "published; run this again"
    )


def _differing(rows: Sequence[OnlineRow], wanted: Sequence[str]) -> int:
    return sum(row.fingerprint != want for row, want in zip(rows, wanted, strict=True))
