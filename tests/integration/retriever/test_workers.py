"""Processes that read for the retriever: the same catalogue, and never alone in the world."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest

from services.retriever.errors import StoreUnavailable
from services.retriever.loading.parts import Keys, Part, Vectors
from services.retriever.loading.reader import CatalogueReader
from services.retriever.loading.store import FeastFeatures
from services.retriever.loading.workers import Processes
from tests.integration.retriever.publishing import Publisher, Version
from tests.support.waiting import until

FIRST = Version.of("v1", 25)

PARENT = """
import sys, time
from multiprocessing import active_children
from pathlib import Path
from services.retriever.loading.workers import Processes

if __name__ == "__main__":
    with Processes(Path(sys.argv[1]), 5, 1).running() as workers:
        workers._executor.submit(time.sleep, 60)
        print(active_children()[0].pid, flush=True)
        time.sleep(60)
"""


def test_processes_read_what_a_thread_reads(feature_repo_dir: Path, publisher: Publisher) -> None:
    publisher.publish(FIRST)
    features = FeastFeatures(feature_repo_dir, timeout_s=60)
    processes = Processes(feature_repo_dir, 5, count=1, worth_from=0)
    with closing(CatalogueReader(features, batch=3, processes=processes)) as reader:
        head = reader.head()
        by_thread, by_processes = reader.load(head), reader.load(head, serving=True)
    assert by_processes.info == by_thread.info
    for number in range(len(FIRST.product_ids)):
        product_id = by_thread.index.id_of(number)
        assert by_processes.get(product_id) == by_thread.get(product_id) is not None
    numbers = np.arange(len(FIRST.product_ids))
    assert (by_processes.index.rows(numbers) == by_thread.index.rows(numbers)).all()


def test_one_that_dies_fails_the_load_and_no_more(
    feature_repo_dir: Path, publisher: Publisher
) -> None:
    publisher.publish(FIRST)
    nothing = Part(slice(0, 0), Keys(["p-0000"], ["x"]), Keys(["p-0000"], ["x"]))

    def parts() -> Iterator[Part]:
        yield nothing
        for child in active_children():
            child.kill()
        yield from [nothing] * 10

    with Processes(feature_repo_dir, 5, count=1).running() as workers:
        every = workers.read(Vectors("m@1", 2, half=False), parts())
        with pytest.raises(StoreUnavailable, match="ended before it was done"):
            list(every)


def test_they_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # Python's own tracker tells of what the killed one left
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        os.kill(child, 0)
        parent.kill()
    asyncio.run(until(lambda: not _lives(child)))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
