"""The bound sockets that services inherit."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from services.launcher.stack import Listeners


def test_a_service_that_is_down_refuses_connections_and_keeps_its_port() -> None:
    with closing(Listeners.bind("127.0.0.1", 0)) as listeners:
        listener = listeners.by_service["encoder"]
        address = listener.getsockname()
        refuse = listeners.refuse_while_down("encoder")
        assert refuse is not None
        with closing(socket.create_connection(address, timeout=5)) as waiting:
            refuse()
            refuse()  # the service may end twice in a row
            with pytest.raises(ConnectionResetError):
                waiting.recv(1)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(address)
        # The next process listens again, at the same address.
        with socket.socket(fileno=socket.dup(listener.fileno())) as inherited:
            inherited.listen(16)
        assert listener.getsockname() == address
        socket.create_connection(address, timeout=5).close()


def test_callers_of_the_gateway_wait_until_it_is_back() -> None:
    with closing(Listeners.bind("127.0.0.1", 0)) as listeners:
        assert listeners.refuse_while_down("gateway") is None
