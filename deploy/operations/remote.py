"""A folder on the page's host, reached over FTPS or over SSH (SFTP)."""

from __future__ import annotations

import asyncio
import ftplib
import io
import posixpath
import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

import asyncssh
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

TIMEOUT_S = 60.0


class PageSettings(BaseSettings):
    """Where the page goes, from the environment; a CI keeps these as secrets."""

    model_config = SettingsConfigDict(env_prefix="PAGE_", env_ignore_empty=True, frozen=True)

    host: str = Field(description="The host, as its certificate or known-hosts line names it.")
    user: str = Field(description="Account on that host.")
    port: int | None = Field(default=None, description="21 for FTPS and 22 for SSH without.")
    folder: str = Field(default="public_html", description="Folder that the host serves.")
    password: SecretStr | None = Field(default=None, description="With it, the way is FTPS.")
    ca_file: str | None = Field(
        default=None, description="Certificates to trust instead of the system's (FTPS)."
    )
    ssh_key: SecretStr | None = Field(default=None, description="Private key; the way is SSH.")
    known_hosts: str | None = Field(
        default=None, description="The host's line of `ssh-keyscan`; SSH refuses any other host."
    )


class Unusable(Exception):
    """The settings name no way to the host."""


class Remote(Protocol):
    """Files below one folder, by their path with slashes."""

    def read(self, path: str) -> bytes | None:
        """None where there is no such file."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a file, making its folders; not at once, so never over one that is served."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Move a file over whatever is there, at once."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file that is there."""
        ...

    def names(self, folder: str) -> set[str]:
        """Names in a folder; empty where there is none."""
        ...


class FtpsRemote:
    """FTP in TLS, commands and data both."""

    def __init__(self, ftp: ftplib.FTP_TLS) -> None:
        self._ftp = ftp

    def read(self, path: str) -> bytes | None:
        data = io.BytesIO()
        try:
            self._ftp.retrbinary(f"RETR {path}", data.write)
        except ftplib.error_perm as error:
            if str(error).startswith("550"):
                return None
            raise
        return data.getvalue()

    def write(self, path: str, data: bytes) -> None:
        made = ""
        for part in posixpath.dirname(path).split("/"):
            made = posixpath.join(made, part)
            if part and part not in self.names(posixpath.dirname(made)):
                self._ftp.mkd(made)
        self._ftp.storbinary(f"STOR {path}", io.BytesIO(data))

    def rename(self, old: str, new: str) -> None:
        self._ftp.rename(old, new)

    def delete(self, path: str) -> None:
        self._ftp.delete(path)

    def names(self, folder: str) -> set[str]:
        try:
            return {name for name, _ in self._ftp.mlsd(folder or ".", ["type"])} - {".", ".."}
        except ftplib.error_perm as error:
            if str(error).startswith(("550", "501")):  # of a folder, RFC 3659 allows both
                return set()
            raise


class _OneSessionFtp(ftplib.FTP_TLS):
    """Data connections continue the control connection's TLS session, as many servers require."""

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        # The plain connection, which is then wrapped here.
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        return (
            self.context.wrap_socket(connection, server_hostname=self.host, session=session),
            size,
        )


class SftpRemote:
    """SFTP, driven from code that waits."""

    def __init__(self, runner: asyncio.Runner, sftp: asyncssh.SFTPClient) -> None:
        self._run = runner.run
        self._sftp = sftp

    def read(self, path: str) -> bytes | None:
        return self._run(self._read(path))

    async def _read(self, path: str) -> bytes | None:
        try:
            async with self._sftp.open(path, "rb") as file:
                data: str | bytes = await file.read()
        except asyncssh.SFTPNoSuchFile:
            return None
        return data.encode() if isinstance(data, str) else data

    def write(self, path: str, data: bytes) -> None:
        self._run(self._write(path, data))

    async def _write(self, path: str, data: bytes) -> None:
        await self._sftp.makedirs(posixpath.dirname(path) or ".", exist_ok=True)
        async with self._sftp.open(path, "wb") as file:
            await file.write(data)

    def rename(self, old: str, new: str) -> None:
        self._run(self._sftp.posix_rename(old, new))

    def delete(self, path: str) -> None:
        self._run(self._sftp.remove(path))

    def names(self, folder: str) -> set[str]:
        return self._run(self._names(folder))

    async def _names(self, folder: str) -> set[str]:
        try:
            found = await self._sftp.listdir(folder or ".")
        except asyncssh.SFTPNoSuchFile:
            return set()
        return {str(name) for name in found} - {".", ".."}


def open_remote(settings: PageSettings) -> AbstractContextManager[Remote]:
    """The way that the settings name. Raises Unusable when they name none, or two."""
    if (settings.password is None) == (settings.ssh_key is None):
        raise Unusable("set either PAGE_PASSWORD (FTPS) or PAGE_SSH_KEY (SSH)")
    return _ftps(settings) if settings.password is not None else _sftp(settings)


@contextmanager
def _ftps(settings: PageSettings) -> Iterator[Remote]:
    assert settings.password is not None  # noqa: S101 - `open_remote` looked
    context = ssl.create_default_context(cafile=settings.ca_file)
    with _OneSessionFtp(context=context, timeout=TIMEOUT_S, encoding="utf-8") as ftp:
        ftp.connect(settings.host, settings.port or 21)
        ftp.login(settings.user, settings.password.get_secret_value())
        ftp.prot_p()
        ftp.cwd(settings.folder)
        yield FtpsRemote(ftp)


@contextmanager
def _sftp(settings: PageSettings) -> Iterator[Remote]:
    assert settings.ssh_key is not None  # noqa: S101 - `open_remote` looked
    if not settings.known_hosts:
        raise Unusable("PAGE_KNOWN_HOSTS is needed with PAGE_SSH_KEY: the host's ssh-keyscan line")
    with ExitStack() as at_end:
        runner = at_end.enter_context(asyncio.Runner())
        connection = runner.run(_connected(settings, settings.ssh_key, settings.known_hosts))
        at_end.callback(lambda: runner.run(_closed(connection)))
        yield SftpRemote(runner, runner.run(_folder(connection, settings.folder)))


async def _connected(
    settings: PageSettings, key: SecretStr, known_hosts: str
) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        settings.host,
        settings.port or 22,
        username=settings.user,
        client_keys=[asyncssh.import_private_key(key.get_secret_value())],
        known_hosts=asyncssh.import_known_hosts(known_hosts),
        config=None,
        connect_timeout=TIMEOUT_S,
    )


async def _folder(connection: asyncssh.SSHClientConnection, folder: str) -> asyncssh.SFTPClient:
    sftp = await connection.start_sftp_client()
    await sftp.chdir(folder)
    return sftp


async def _closed(connection: asyncssh.SSHClientConnection) -> None:
    connection.close()
    await connection.wait_closed()
