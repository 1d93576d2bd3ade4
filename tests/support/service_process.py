"""A service as a process of its own, on a socket that several may share."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from tests.support.ending import end

START_S = 120.0
STOP_S = 20.0
SET_BY_FEAST = ("PROMETHEUS_MULTIPROC_DIR", "PROMETHEUS_MULTIPROCESS_DIR")
"""Importing Feast sets these. A service that inherits them counts in files, which is slower."""


def listening_socket() -> socket.socket:
    """On loopback, on a port of the system's choice."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def processor_s(pid: int) -> float:
    """User and system seconds of a process and its children that ended, since it started."""
    # The name of the program, in brackets, may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class ServiceProcess:
    """`python -m command`, listening on a socket of ours; its output goes to a file.

    It stops without draining, unless a setting says otherwise: no other process replaces it.
    """

    def __init__(
        self,
        command: Sequence[str],
        prefix: str,
        listener: socket.socket,
        log: Path,
        *,
        surroundings: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        """`settings` are given the prefix; `surroundings` have their full names already."""
        self.log = log
        environment = {f"{prefix}_{name.upper()}": value for name, value in settings.items()}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={
                    **{n: v for n, v in os.environ.items() if n not in SET_BY_FEAST},
                    f"{prefix}_DRAIN_MS": "0",
                    **(surroundings or {}),
                    **environment,
                    f"{prefix}_LISTEN_FD": str(listener.fileno()),
                },
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_said(self, text: str) -> None:
        deadline = time.monotonic() + START_S
        while text not in self.log.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it did not say {text!r}: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def wait_until_ready(self, url: str, within_s: float = START_S) -> None:
        """Ask `url` until it is ready; for the only process on its socket."""
        deadline = time.monotonic() + within_s
        # One client: to make one takes longer than the question, of what the process could use.
        with httpx.Client(timeout=2, trust_env=False) as client:
            while True:
                try:
                    if client.get(f"{url}/ready").status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"it is not ready: {self.log.read_text()[-2000:]}")
                time.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """Ask it to end; its exit code. Kills it when it does not end in time."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            end(self.process, STOP_S)
        return self.process.returncode
