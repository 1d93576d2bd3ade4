"""A PostgreSQL of a test's own, where the machine has the programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port

_FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PROGRAMS = _FOUND[-1] if _FOUND else None
_ROOT = os.geteuid() == 0


def _run(*words: str | Path) -> None:
    """As an ordinary user: the server refuses to be root."""
    subprocess.run(
        [str(word) for word in words],
        check=True,
        capture_output=True,
        user="postgres" if _ROOT else None,
        cwd="/",
    )


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server that a test may stop and start again."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        """As SQLAlchemy wants it."""
        return f"postgresql+psycopg://feast@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1"
        options += f" -c unix_socket_directories={self.folder}"
        self._control("-o", options, "-l", self.folder / "log", "start")

    def stop(self) -> None:
        """As a machine that fails: connections are cut."""
        self._control("-m", "immediate", "stop")

    def _control(self, *words: str | Path) -> None:
        assert PROGRAMS is not None
        _run(PROGRAMS / "pg_ctl", "-D", self.folder / "data", "-w", *words)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """One that runs, and is stopped at the end of the block if it still does."""
    if PROGRAMS is None:
        raise RuntimeError("there is no PostgreSQL here")
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        if _ROOT:
            shutil.chown(folder, "postgres")
        _run(PROGRAMS / "initdb", "-D", folder / "data", "-U", "feast", "--auth=trust", "--no-sync")
        server = PostgresServer(folder, free_port())
        server.start()
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):  # it is stopped already
                server.stop()
