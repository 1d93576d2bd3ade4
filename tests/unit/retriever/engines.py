"""Where rows may be searched: in this process, or in Milvus (here embedded, as Milvus Lite)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.retriever.index import IndexChoice


@contextmanager
def in_process() -> Iterator[IndexChoice]:
    yield IndexChoice("exact")


@contextmanager
def in_milvus() -> Iterator[IndexChoice]:
    from services.retriever.index.milvus import MilvusEngine

    with tempfile.TemporaryDirectory() as folder:
        engine = MilvusEngine(str(Path(folder) / "milvus.db"), timeout_s=30)
        try:
            yield IndexChoice(engine=engine)
        finally:
            engine.close()
