"""Machines as network namespaces: who hears whom, and that nothing of them stays."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fleet.network import Host, Network, NetworkRefused
from tests.support.ending import end
from tests.support.launcher import processes
from tests.support.waiting import until

_PORT = 8000
_ASK = f"""
import socket, sys
socket.create_connection((sys.argv[1], {_PORT}), timeout=float(sys.argv[2])).close()
"""
_LEAVE = """
import os, signal, subprocess, sys
from tests.fleet.network import Network
with Network() as network:
    words = network.host("lost").command("sleep", "60")
    program = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(network.switch, program.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(name="network")
def make_network() -> Iterator[Network]:
    with usable_network() as network:
        yield network


@contextmanager
def usable_network() -> Iterator[Network]:
    """Skips the test where there is none."""
    try:
        with Network() as network:
            yield network
    except NetworkRefused as error:
        pytest.skip(f"no network namespaces: {error}")


@contextmanager
def listening(host: Host) -> Iterator[None]:
    """Something answers there."""
    words = (sys.executable, "-m", "http.server", str(_PORT), "--bind", host.address)
    process = subprocess.Popen(host.command(*words), stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        end(process, 10)


def hears(host: Host, other: Host, within_s: float = 0.3) -> bool:
    """True if a connection from one machine to another is made in time."""
    words = (sys.executable, "-c", _ASK, other.address, str(within_s))
    return subprocess.run(host.command(*words), check=False, capture_output=True).returncode == 0


def namespaces() -> str:
    return subprocess.run(
        ["ip", "netns", "list"], check=True, capture_output=True, text=True
    ).stdout


async def test_an_unplugged_machine_is_silent_and_a_cut_separates_only_the_two(
    network: Network,
) -> None:
    here, there, third = (network.host(name) for name in ("here", "there", "third"))
    with listening(there):
        await until(lambda: hears(here, there))
        there.unplug()
        assert not hears(here, there)
        there.plug_in()
        await until(lambda: hears(here, there))
        there.cut_off([here])
        assert not hears(here, there)
        assert hears(third, there)
        there.heal([here])
        await until(lambda: hears(here, there))


def test_each_machine_knows_its_own_names(network: Network) -> None:
    one, other = network.host("one"), network.host("other")
    one.knows({"retriever": ["10.0.0.1", "10.0.0.2"]})
    found = subprocess.run(
        one.command("getent", "ahostsv4", "retriever"), check=True, capture_output=True, text=True
    )
    assert {line.split()[0] for line in found.stdout.splitlines()} == {"10.0.0.1", "10.0.0.2"}
    assert subprocess.run(other.command("getent", "hosts", "retriever"), check=False).returncode


async def test_nothing_stays_of_a_network_nor_of_one_whose_owner_was_killed() -> None:
    with usable_network() as network:
        network.host("one")
        owner = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _LEAVE), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await owner.communicate()
        assert owner.returncode == -signal.SIGKILL
        left, pid = said.decode().split()
        assert left in namespaces()
        assert int(pid) in processes()
    with usable_network():
        assert left not in namespaces()
        await until(lambda: int(pid) not in processes())
    assert network.mark not in namespaces()
