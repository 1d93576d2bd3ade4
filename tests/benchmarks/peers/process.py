"""A contender in a process of its own, so that its memory is its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
from threadpoolctl import threadpool_limits

from tests.benchmarks.peers.contenders import Contender, Query

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Answered:
    """One query: milliseconds, and the rows found."""

    number: int
    milliseconds: float
    rows: Sequence[int]


@dataclass
class Running:
    """A contender that is built; `ask` has it answer some queries, one after another."""

    contender: Contender
    seconds: float
    mib: float
    answers: list[Answered] = field(default_factory=list)
    _pipe: Connection | None = None
    _process: multiprocessing.process.BaseProcess | None = None

    @classmethod
    def build(
        cls, contender: Contender, rows: Path, queries: Sequence[Query], within_s: float
    ) -> Running | None:
        """Once it can be asked; None when it could not in time. Raises EOFError when it failed; it
        said why."""
        pipe, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(theirs, contender, rows, queries))
        process.start()
        theirs.close()
        if not pipe.poll(within_s):
            # With what it started: a Redis, a service.
            assert process.pid is not None
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
            process.kill()
            process.join()
            return None
        seconds, mib = pipe.recv()
        return cls(contender, seconds, mib, _pipe=pipe, _process=process)

    def ask(self, *, counted: bool) -> None:
        """One turn: all queries of its share."""
        assert self._pipe is not None
        self._pipe.send("ask")
        answers = self._pipe.recv()
        if counted:
            self.answers += answers

    def close(self) -> None:
        """End the process, and what it started: Milvus Lite's server writes until it has ended."""
        assert self._pipe is not None
        assert self._process is not None
        assert self._process.pid is not None
        started = psutil.Process(self._process.pid).children(recursive=True)
        self._pipe.close()
        self._process.join(60)
        psutil.wait_procs(started, timeout=60)


def _serve(pipe: Connection, contender: Contender, rows: Path, queries: Sequence[Query]) -> None:
    """Build, report its cost, then answer until the other end is closed."""
    with contender.build(rows) as built, threadpool_limits(1):
        pipe.send((built.seconds, built.mib))
        while True:
            try:
                pipe.recv()
            except EOFError:
                return
            answers = []
            for number in range(0, len(queries), contender.share):
                started = time.perf_counter()
                found = built.search(queries[number])
                milliseconds = 1000 * (time.perf_counter() - started)
                answers.append(Answered(number, milliseconds, found))
            pipe.send(answers)
