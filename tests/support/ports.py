"""Ports for servers of tests that must know theirs before they listen, or take it again."""

from __future__ import annotations

import secrets
import socket
from contextlib import closing

_FIRST, _COUNT = 20_000, 12_000
"""Below those that the system gives to connections and to port 0, from 32768: one of those may be
taken before its server listens, or while it is stopped."""
_given: set[int] = set()


def free_port() -> int:
    """One that this process was not given before."""
    while True:
        # Not `random`, which pytest-randomly seeds alike in each process.
        port = _FIRST + secrets.randbelow(_COUNT)
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port
