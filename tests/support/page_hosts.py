"""Hosts for a page such as cPanel's: one that speaks FTP in TLS, one that speaks SSH."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER = "shopkeeper"
PASSWORD = "open-sesame-of-nobody"
FOLDER = "public_html"


def self_signed(folder: Path) -> Path:
    """A certificate for loopback, valid today, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "host.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def ftps_host(folder: Path) -> Iterator[dict[str, str]]:
    """A host over `folder`; the settings that lead there. It refuses whatever is not in TLS."""
    with warnings.catch_warnings():
        # It still stands on a module that Python 3.12 has no more.
        warnings.simplefilter("ignore", DeprecationWarning)
        from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
        from pyftpdlib.handlers import TLS_FTPHandler  # type: ignore[import-untyped]
        from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]

    certificate = self_signed(folder)
    home = folder / "home"
    (home / FOLDER).mkdir(parents=True)
    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, str(home), perm="elradfmw")
    handler = type(
        "Handler",
        (TLS_FTPHandler,),
        {
            "authorizer": authorizer,
            "certfile": str(certificate),
            "tls_control_required": True,
            "tls_data_required": True,
        },
    )
    server = FTPServer(("127.0.0.1", 0), handler)
    port = server.socket.getsockname()[1]
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            server.serve_forever(timeout=0.02, blocking=False)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield {
            "PAGE_HOST": "127.0.0.1",
            "PAGE_PORT": str(port),
            "PAGE_USER": USER,
            "PAGE_PASSWORD": PASSWORD,
            "PAGE_CA_FILE": str(certificate),
        }
    finally:
        stop.set()
        thread.join()
        server.close_all()


@contextmanager
def ssh_host(folder: Path) -> Iterator[dict[str, str]]:
    """A host over `folder` that knows one key; the settings that lead there."""
    home = folder / "home"
    (home / FOLDER).mkdir(parents=True)
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    known = asyncssh.import_authorized_keys(user_key.export_public_key().decode())

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            authorized_client_keys=known,
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(home).encode()),
        )

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    port = acceptor.get_port()
    line = f"[127.0.0.1]:{port} {host_key.export_public_key().decode()}"
    try:
        yield {
            "PAGE_HOST": "127.0.0.1",
            "PAGE_PORT": str(port),
            "PAGE_USER": USER,
            "PAGE_SSH_KEY": user_key.export_private_key().decode(),
            "PAGE_KNOWN_HOSTS": line,
        }
    finally:
        asyncio.run_coroutine_threadsafe(_closed(acceptor), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _closed(acceptor: asyncssh.SSHAcceptor) -> None:
    acceptor.close()
    await acceptor.wait_closed()
