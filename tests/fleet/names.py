"""The name service of the fleet: who asks for `retriever` gets the machines that are ready.

Kubernetes does the same with its endpoints. A machine whose `/ready` fails twice in a row is left
out until it answers again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import httpx

from tests.fleet.machines import Machine
from tests.fleet.network import Host

_PAUSE_S = 0.5
_TIMEOUT_S = 1.0
_FAILURES = 2


class NameService:
    """Tells some machines, as long as the block lasts, where others are."""

    def __init__(self, named: Mapping[str, Sequence[Machine]], told: Sequence[Host]) -> None:
        self._named = named
        self._told = told
        self._failed = Counter({one.name: _FAILURES for every in named.values() for one in every})
        self._ended = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="names", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def __contains__(self, machine: Machine) -> bool:
        return machine.name in self._failed

    def until_known(self, machine: Machine) -> None:
        """Wait until this one is named. Raises RuntimeError when it is not in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._failed[machine.name] == 0, timeout=30):
                raise RuntimeError(f"{machine.name} is not found ready")

    def _run(self) -> None:
        machines = [one for every in self._named.values() for one in every]
        known: dict[str, Sequence[str]] = {}
        with (
            httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as http,
            ThreadPoolExecutor(len(machines)) as probes,
        ):
            while not self._ended.wait(_PAUSE_S):
                ready = list(probes.map(lambda one: one.readiness(http)[0], machines))
                with self._changed:
                    for machine, answers in zip(machines, ready, strict=True):
                        self._failed[machine.name] = (
                            0 if answers else self._failed[machine.name] + 1
                        )
                    now = {name: self._addresses(every) for name, every in self._named.items()}
                    if now != known:
                        for host in self._told:
                            host.knows(now)
                        known = now
                    self._changed.notify_all()

    def _addresses(self, machines: Sequence[Machine]) -> Sequence[str]:
        return [one.host.address for one in machines if self._failed[one.name] < _FAILURES]
