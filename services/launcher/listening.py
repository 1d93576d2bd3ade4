"""Addresses and sockets: bound by the launcher, handed down to the services.

No two programs can race for a port, and the address of a service stays the same when the service is
started again.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.launcher.preflight import CannotRun
from services.launcher.settings import LauncherSettings

LOOPBACK = "127.0.0.1"
_ANY = {"0.0.0.0": LOOPBACK, "::": LOOPBACK}  # noqa: S104 - compared, not listened on
"""Every address, and one at which a client reaches it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the gateway listens."""

    host: str
    port: int
    note: str | None = None
    """Why it is not the HOST that was set."""

    @classmethod
    def of(cls, settings: LauncherSettings) -> Address:
        """HOST if it is an IP address.

        Shells and compilers export HOST as well, as the machine's name or as a name of its kind. No
        name is looked up: that could open a private service to a network, or wait for a resolver.
        """
        host = settings.host.removeprefix("[").removesuffix("]")
        if host == "localhost":
            return cls(LOOPBACK, settings.port)
        try:
            ipaddress.ip_address(host)
        except ValueError:
            note = (
                f"HOST={settings.host} is a name, not an IP address: listening on {LOOPBACK} "
                "(HOST=0.0.0.0 listens on every address)"
            )
            return cls(LOOPBACK, settings.port, note)
        return cls(host, settings.port)

    @property
    def url(self) -> str:
        """For a client on this machine."""
        return _url(self.host, self.port)

    def bind(self) -> socket.socket:
        """A socket that listens there. Raises CannotRun."""
        try:
            return _bound(self.host, self.port)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CannotRun(
                f"port {self.port} on {self.host} cannot be used ({reason}); choose another with "
                "PORT=… or HOST=…"
            ) from error


@dataclass(frozen=True, slots=True)
class Listeners:
    """The bound sockets that the services inherit."""

    by_service: Mapping[str, socket.socket]

    @classmethod
    def bind(cls, services: Sequence[str], gateway: Address | None = None) -> Listeners:
        """The gateway's on its address, the others' on loopback and any free port.

        Raises CannotRun when the gateway's address cannot be used.
        """
        anywhere = Address(LOOPBACK, 0)
        sockets: dict[str, socket.socket] = {}
        try:
            for name in services:
                address = gateway if gateway is not None and name == "gateway" else anywhere
                sockets[name] = address.bind()
        except CannotRun:
            for one in sockets.values():
                one.close()
            raise
        return cls(sockets)

    def url(self, service: str) -> str:
        return _url(*self.by_service[service].getsockname()[:2])

    def refuse_while_down(self, service: str) -> Callable[[], None] | None:
        """Called when the service has ended: until it is back, connections to it are refused.

        Else they would wait in the queue of the socket, and the gateway would answer 504 after its
        deadline instead of 503 at once. The port stays bound; the next process listens again.
        None for the gateway: nobody answers in its place, so it is better to wait for it.
        """
        if service == "gateway":
            return None
        listener = self.by_service[service]

        def refuse() -> None:
            # A socket that does not listen yet, because the service ended during its start, would
            # keep the shutdown: each connection accepted later would be at its end from the start.
            if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                listener.shutdown(socket.SHUT_RD)

        return refuse

    def close(self) -> None:
        for one in self.by_service.values():
            one.close()


def _url(host: str, port: int) -> str:
    host = _ANY.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket. Port 0 is any free one. Raises OSError."""
    listener = _socket(host)
    try:
        if port == 0:
            # A port that the system chose would be given up by `refuse_while_down`; one that was
            # asked for is not. The first socket holds it until the second one does.
            with _socket(host) as chosen:
                chosen.bind((host, 0))
                listener.bind(chosen.getsockname()[:2])
        else:
            listener.bind((host, port))
        # Bound but not listening, another process could still bind it (SO_REUSEADDR), and both
        # would believe that the port is theirs.
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


def _socket(host: str) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if host == "::":
        # IPv4 as well, whatever the system's default is.
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return one
