"""Addresses and sockets: HOST and PORT as people and shells set them."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from services.launcher.folders import Folders
from services.launcher.listening import Address, Listeners
from services.launcher.preflight import CannotRun
from services.launcher.settings import LauncherSettings
from services.launcher.stack import SERVICES, WRITER, environment


def address(host: str, port: int = 0) -> Address:
    return Address.of(LauncherSettings(host=host, port=port or 7860))


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize(
    ("host", "listens_on", "url"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:7860"),
        ("0.0.0.0", "0.0.0.0", "http://127.0.0.1:7860"),  # noqa: S104
        ("localhost", "127.0.0.1", "http://127.0.0.1:7860"),
        ("::", "::", "http://127.0.0.1:7860"),
        ("::1", "::1", "http://[::1]:7860"),
        ("[::1]", "::1", "http://[::1]:7860"),
    ],
)
def test_an_ip_address_is_listened_on(host: str, listens_on: str, url: str) -> None:
    found = address(host)
    assert (found.host, found.url, found.note) == (listens_on, url, None)


@pytest.mark.parametrize(
    "host", ["x86_64-conda-linux-gnu", "myhost", socket.gethostname(), "host.example.org", "1.2.3"]
)
def test_a_name_that_a_shell_exports_changes_nothing_and_is_reported(host: str) -> None:
    found = address(host)
    assert found.host == "127.0.0.1"
    assert found.note is not None
    assert f"HOST={host}" in found.note


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotRun, match=f"port {port}"):
            Address("127.0.0.1", port).bind()


def test_an_address_of_another_machine_is_refused_with_the_variable_to_change() -> None:
    with pytest.raises(CannotRun, match=r"192\.0\.2\.1.*HOST="):
        Address("192.0.2.1", 0).bind()


@needs_ipv6
def test_every_ipv6_address_means_every_ipv4_address_too() -> None:
    with closing(Address("::", 0).bind()) as listener:
        port = listener.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), timeout=5).close()


@needs_ipv6
def test_ipv6_loopback_answers_at_its_url() -> None:
    with closing(Listeners.bind(["gateway"], Address("::1", 0))) as listeners:
        port = listeners.by_service["gateway"].getsockname()[1]
        assert listeners.url("gateway") == f"http://[::1]:{port}"
        socket.create_connection(("::1", port), timeout=5).close()


def test_a_service_that_is_down_refuses_connections_and_keeps_its_port() -> None:
    with closing(Listeners.bind(["encoder", "gateway"])) as listeners:
        listener = listeners.by_service["encoder"]
        where = listener.getsockname()
        waiting = socket.create_connection(where, timeout=5)
        refuse = listeners.refuse_while_down("encoder")
        assert refuse is not None
        refuse()
        refuse()  # it may end twice in a row
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(where, timeout=5)
        with closing(waiting), pytest.raises(ConnectionResetError):
            waiting.recv(1)
        # The next process listens again, on the same address.
        with socket.socket(fileno=socket.dup(listener.fileno())) as inherited:
            inherited.listen(16)
        assert listener.getsockname() == where
        with socket.create_connection(where, timeout=5) as client:
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    accepted.recv(1)  # the connection is open, not at its end
                client.sendall(b"x")
                accepted.settimeout(60)
                assert accepted.recv(1) == b"x"
        assert listeners.refuse_while_down("gateway") is None


def test_each_service_gets_its_socket_and_its_neighbours(tmp_path: Path) -> None:
    settings = LauncherSettings(state_dir=tmp_path)
    with closing(Listeners.bind([WRITER, *SERVICES])) as listeners:
        values = environment(settings, Folders.of(settings), listeners)
        for name in (WRITER, *SERVICES):
            descriptor = listeners.by_service[name].fileno()
            assert values[f"{name.upper()}_LISTEN_FD"] == str(descriptor)
        for name in (WRITER, "encoder", "rewriter", "retriever"):
            assert values[f"GATEWAY_{name.upper()}_URL"] == listeners.url(name)
        assert values["PIPELINE_ENCODER_URL"] == listeners.url("encoder")
        assert values["PIPELINE_RETRIEVER_URL"] == listeners.url("retriever")
