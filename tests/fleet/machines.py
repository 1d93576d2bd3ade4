"""One machine of the fleet: its programs, its loss and its return."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from tests.fleet.network import Host
from tests.fleet.processor import Group
from tests.support.ending import end
from tests.support.service_process import SET_BY_FEAST, processor_s

START_S = 120.0
STOP_S = 30.0
"""Longer than a service takes to stop without losing a request (services/common/server.py)."""


class Runs(Protocol):
    """A program on a machine, such as `MilvusServer`."""

    @property
    def pid(self) -> int: ...

    def start(self) -> None: ...

    def stop(self, *, at_once: bool = False) -> None: ...


class Program:
    """One process on a machine; its output goes to a file."""

    def __init__(
        self,
        host: Host,
        words: Sequence[str | Path],
        log: Path,
        environment: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """environment: asked at each start."""
        self.log = log
        self._command = host.command(*words)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.log.stem} does not run")
        return self._process.pid

    def start(self) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in SET_BY_FEAST}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env={**inherited, **self._environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # An interrupt from the terminal reaches the fleet, which then ends its machines.
                start_new_session=True,
            )

    def stop(self, *, at_once: bool = False) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, STOP_S, at_once=at_once)

    def check(self) -> None:
        """Raises RuntimeError, with the end of its output, if it ended by itself."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self.log.stem} ended:\n{self.log.read_text()[-2000:]}")


@dataclass
class Machine:
    """A machine and all that runs on it, in the order in which it is started."""

    host: Host
    programs: Sequence[Runs]
    port: int
    """The port of the service that others ask."""
    group: Group
    """The share of the processor that all its programs have."""
    is_service: bool = True
    """One of ours, which says at `/ready` whether it serves."""
    runs: bool = False

    @property
    def name(self) -> str:
        return self.host.name

    @property
    def url(self) -> str:
        return f"http://{self.host.address}:{self.port}"

    @property
    def processor_s(self) -> float:
        """Spent so far, by its programs and what they started; 0 while it is stopped."""
        return sum(map(processor_s, self.host.processes())) if self.runs else 0.0

    def start(self) -> None:
        for one in self.programs:
            one.start()
            self.group.take(one.pid)
        self.runs = True

    def stop(self, *, at_once: bool = False) -> None:
        self.runs = False
        for one in reversed(self.programs):
            one.stop(at_once=at_once)

    def lose(self) -> None:
        """As when its power fails: first silence, and no process has a chance to say goodbye."""
        self.host.unplug()
        self.stop(at_once=True)

    def come_back(self) -> None:
        self.host.plug_in()
        self.start()

    def readiness(self, http: httpx.Client) -> tuple[bool, str]:
        """True and the answer of `/ready` if it serves."""
        try:
            answer = http.get(f"{self.url}/ready")
        except httpx.HTTPError:
            return False, ""
        return answer.status_code == httpx.codes.OK, answer.text

    def until_ready(self) -> None:
        """Wait until it serves. Raises RuntimeError when it does not in time."""
        deadline = time.monotonic() + START_S
        with httpx.Client(timeout=2, trust_env=False) as http:
            while self.is_service and not self.readiness(http)[0]:
                for one in self.programs:
                    if isinstance(one, Program):
                        one.check()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} is not ready")
                time.sleep(0.05)
