"""A PostgreSQL of a test's own, where the machine has the programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.launcher import free_port

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


@contextmanager
def postgres_server() -> Iterator[str]:
    """Its address as SQLAlchemy wants it, as long as the block runs."""
    if PROGRAMS is None:
        raise RuntimeError("there is no PostgreSQL here")
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        if _ROOT:
            shutil.chown(folder, "postgres")
        data, port = folder / "data", free_port()
        _run(PROGRAMS / "initdb", "-D", data, "-U", "feast", "--auth=trust", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        control = (PROGRAMS / "pg_ctl", "-D", data, "-w")
        _run(*control, "-o", options, "-l", folder / "log", "start")
        try:
            yield f"postgresql+psycopg://feast@127.0.0.1:{port}/postgres"
        finally:
            _run(*control, "-m", "immediate", "stop")
