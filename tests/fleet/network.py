"""Machines as network namespaces: each has an address of its own, and one switch joins them.

The bridge is in a namespace of its own too, so that no firewall rule of this machine (Docker's, for
one) meets its frames. `ip netns exec` shows each machine its own `/etc/hosts`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_NETNS_FILES = Path("/etc/netns")
_NAMES_BYTES = 4_096
_MARK = re.compile(r"fleet(\d+)-")


class NetworkRefused(Exception):
    """`ip` is absent, or this process may not do with it what it has to."""


class Host:
    """One machine on the network. Its processes are started with `command`."""

    def __init__(self, network: Network, name: str, number: int) -> None:
        """number: its port on the switch and the end of its address."""
        self.name = name
        self.address = f"{network.prefix}.{number}"
        self._namespace = f"{network.mark}-{name}"
        self._switch = network.switch
        self._port = f"p{number}"
        self._names = _NETNS_FILES / self._namespace / "hosts"
        _ip("netns", "add", self._namespace)
        self.knows({})
        _ip("-n", self._namespace, "link", "set", "lo", "up")
        ends = ("eth0", "netns", self._namespace, "type", "veth", "peer", self._port)
        _ip("link", "add", *ends, "netns", self._switch)
        _ip("-n", self._namespace, "addr", "add", f"{self.address}/24", "dev", "eth0")
        _ip("-n", self._namespace, "link", "set", "eth0", "up")
        _ip("-n", self._switch, "link", "set", self._port, "master", "bridge", "up")

    def command(self, *words: str | Path) -> list[str]:
        """The command that runs these words on this machine, as one process with one id."""
        return ["ip", "netns", "exec", self._namespace, *map(str, words)]

    def processes(self) -> list[int]:
        """Ids of all that run there."""
        return [int(pid) for pid in _ip("netns", "pids", self._namespace).split()]

    def knows(self, addresses: dict[str, Sequence[str]]) -> None:
        """Addresses by name, as the machine's `/etc/hosts` has them from now on."""
        lines = [f"{one} {name}" for name, every in addresses.items() for one in every]
        text = "\n".join(["127.0.0.1 localhost", *lines, ""]).encode()
        self._names.parent.mkdir(parents=True, exist_ok=True)
        # In one write to the file that is mounted there, so that nobody reads half of it.
        file = os.open(self._names, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(file, text.ljust(_NAMES_BYTES, b"\n"), 0)
        finally:
            os.close(file)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Set these of the kernel's settings there, by name; only those of the network."""
        for name, value in settings.items():
            file = Path("/proc/sys", *name.split("."))
            words = self.command("sh", "-c", 'echo "$1" > "$2"', "sh", value, file)
            subprocess.run(words, check=True)

    def unplug(self) -> None:
        """From now on it hears nothing and nobody hears it: no connection is refused or reset."""
        _ip("-n", self._switch, "link", "set", self._port, "down")

    def plug_in(self) -> None:
        _ip("-n", self._switch, "link", "set", self._port, "up")

    def cut_off(self, others: Sequence[Host]) -> None:
        """Silence between this machine and others; the others go on hearing each other."""
        for other in others:
            _ip("-n", self._namespace, "route", "add", "blackhole", f"{other.address}/32")

    def heal(self, others: Sequence[Host]) -> None:
        for other in others:
            _ip("-n", self._namespace, "route", "del", "blackhole", f"{other.address}/32")


class Network:
    """The switch and all machines at it; everything goes at the end of the block."""

    def __init__(self) -> None:
        self.mark = f"fleet{os.getpid()}"
        self.switch = f"{self.mark}-switch"
        self.prefix = f"10.77.{os.getpid() % 250}"
        self._hosts = 0

    @property
    def door(self) -> str:
        """The address of this process on that network."""
        return f"{self.prefix}.254"

    def __enter__(self) -> Self:
        try:
            _sweep()
            _remove(self.mark)
            _ip("netns", "add", self.switch)
            _ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
            _ip("-n", self.switch, "link", "set", "bridge", "up")
            # A link of this machine, so its name is one that no other fleet has.
            ends = (self.mark, "type", "veth", "peer", "outside", "netns", self.switch)
            _ip("link", "add", *ends)
            _ip("addr", "add", f"{self.door}/24", "dev", self.mark)
            _ip("link", "set", self.mark, "up")
            _ip("-n", self.switch, "link", "set", "outside", "master", "bridge", "up")
        except NetworkRefused:
            with contextlib.suppress(NetworkRefused):
                self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        _remove(self.mark)

    def host(self, name: str) -> Host:
        """One more machine."""
        self._hosts += 1
        return Host(self, name, self._hosts)


def _sweep() -> None:
    """Remove what a fleet left whose own process was killed."""
    for owner in {found[1] for name in _namespaces() if (found := _MARK.match(name))}:
        if not Path(f"/proc/{owner}").exists():
            _remove(f"fleet{owner}")


def _remove(mark: str) -> None:
    """End every process in its namespaces, by id, and remove them with their links."""
    # A namespace takes its links along, but only some time later.
    if Path(f"/sys/class/net/{mark}").exists():
        _ip("link", "del", mark)
    for name in _namespaces():
        if name.startswith(f"{mark}-"):
            for pid in _ip("netns", "pids", name).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            _ip("netns", "del", name)
            shutil.rmtree(_NETNS_FILES / name, ignore_errors=True)


def _namespaces() -> list[str]:
    return [line.split()[0] for line in _ip("netns", "list").splitlines() if line]


def _ip(*words: str) -> str:
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NetworkRefused("the program `ip` is absent (Debian: iproute2)") from None
    if done.returncode != 0:
        raise NetworkRefused(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
