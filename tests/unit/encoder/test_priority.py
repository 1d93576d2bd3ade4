"""Forward passes leave the processor to requests, if both want it."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import GraphFiles, prepare_graphs
from services.encoder.precision import in_order
from services.encoder.priority import low_priority_thread
from services.encoder.source import source_of_files
from tests.support.clip_reference import random_weights
from tests.support.torch_archive import write_archive

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="threads have no priority of their own"
)


def _priorities() -> dict[str, int]:
    tasks = Path("/proc/self/task").iterdir()
    return {one.name: os.getpriority(os.PRIO_PROCESS, int(one.name)) for one in tasks}


def _of_new_threads(files: GraphFiles) -> tuple[int, list[int]]:
    """Priority of this thread, and those of the threads that the first passes start."""
    before = _priorities()
    in_order("auto")
    engine = OpenVinoEngine(files, threads=2)
    with low_priority_thread() as passes:
        passes.submit(engine.texts, [np.array([1, 2, 3], np.int32)] * 40).result()
        new = _priorities()
    own = before[str(threading.get_native_id())]
    return own, [priority for thread, priority in new.items() if thread not in before]


def test_every_thread_that_passes_start_has_a_lower_priority(tmp_path: Path) -> None:
    write_archive(tmp_path / "clip.pt", random_weights())
    files = prepare_graphs(source_of_files((tmp_path / "clip.pt",)), tmp_path / "cache", "fp32")
    # In a process of its own, because OpenVINO keeps the threads of other tests.
    with ProcessPoolExecutor(1, get_context("spawn")) as own_process:
        own, new = own_process.submit(_of_new_threads, files).result()
    assert len(new) > 1
    assert min(new) > own


def test_where_priorities_cannot_be_changed_the_thread_runs_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(which: int, who: int, priority: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbidden)
    with low_priority_thread() as thread:
        assert thread.submit(int, "7").result() == 7
