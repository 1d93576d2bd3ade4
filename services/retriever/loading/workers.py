"""Workers that read a catalogue's parts: a thread of this process, or separate processes.

Feast and what checks its rows hold the interpreter lock: more threads read no faster, and searches
in the same process wait for them, ten milliseconds and more. Processes have locks of their own, but
take a second to start and memory, so they read where searches are answered meanwhile.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from services.common.parent_process import live_with_parent
from services.retriever.errors import StoreUnavailable
from services.retriever.loading.parts import Features, Part, PartRead, Vectors, read_part

Read = Callable[[Vectors, Part], PartRead]

NICE = 5
"""Niceness of the readers: serving goes before loading."""

LARGE = 30_000
"""Products of a catalogue that is worth processes: fewer are read before those have started."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Some that read parts at the same time."""

    count: int
    _executor: Executor
    _read: Read

    def read(self, of: Vectors, parts: Iterable[Part]) -> Generator[tuple[Part, PartRead]]:
        """Every part, in order, while as many more as there are workers are on their way.

        Raises StoreUnavailable. Close it: what has not begun is then not read.
        """
        pending: deque[tuple[Part, Future[PartRead]]] = deque()
        try:
            for part in parts:
                pending.append((part, self._executor.submit(self._read, of, part)))
                if len(pending) > 2 * self.count:
                    yield _finished(*pending.popleft())
            while pending:
                yield _finished(*pending.popleft())
        except BrokenProcessPool as error:
            raise StoreUnavailable(
                "a process that reads the catalogue ended before it was done: out of memory?"
            ) from error
        finally:
            for _, future in pending:
                future.cancel()


@contextmanager
def here(features: Features) -> Iterator[Workers]:
    """One thread of this process, through a feature store that nobody else uses meanwhile."""

    def read(of: Vectors, part: Part) -> PartRead:
        return read_part(features, of, part)

    with ThreadPoolExecutor(1, thread_name_prefix="catalogue-part") as pool:
        yield Workers(1, pool, read)


@dataclass(frozen=True, slots=True)
class Processes:
    """Reader processes, and how to start them."""

    folder: Path
    """Holds `feature_store.yaml`."""
    timeout_s: float
    count: int
    worth_from: int = LARGE

    @contextmanager
    def running(self) -> Iterator[Workers]:
        """They live as long as the block, and no longer than this process."""
        with ProcessPoolExecutor(
            self.count, get_context("spawn"), _begin, (self.folder, self.timeout_s)
        ) as pool:
            yield Workers(self.count, pool, _read)


_features: Features
"""The feature store of a reader process."""


def _begin(folder: Path, timeout_s: float) -> None:
    global _features
    live_with_parent()
    os.nice(NICE)
    # As the reader does where it reads itself: see `_collector_paused` there.
    gc.disable()
    # Here, since it takes seconds to import, and whoever watches for the parent should not wait.
    from services.retriever.loading.store import FeastFeatures

    _features = FeastFeatures(folder, timeout_s=timeout_s)


def _read(of: Vectors, part: Part) -> PartRead:
    return read_part(_features, of, part)


def _finished(part: Part, future: Future[PartRead]) -> tuple[Part, PartRead]:
    return part, future.result()
