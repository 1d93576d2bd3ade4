"""The servers that cPanel runs, where this machine has them: Pure-FTPd and OpenSSH's sshd."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.page_hosts import FOLDER, PASSWORD, USER, self_signed
from tests.support.ports import free_port

START_S = 10.0
_SBIN = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"])
PURE_FTPD = shutil.which("pure-ftpd", path=_SBIN)
PURE_PW = shutil.which("pure-pw", path=_SBIN)
SSHD = shutil.which("sshd", path=_SBIN)
SSH_KEYGEN = shutil.which("ssh-keygen")

HAS_PURE_FTPD = bool(PURE_FTPD and PURE_PW) and os.geteuid() == 0
"""It starts as root only, since it changes to the account that logs in."""
HAS_SSHD = bool(SSHD and SSH_KEYGEN) and (
    os.geteuid() != 0 or "sshd" in {user.pw_name for user in pwd.getpwall()}
)
"""As root it needs the account that its package makes."""


@contextmanager
def pure_ftpd(folder: Path) -> Iterator[dict[str, str]]:
    """Pure-FTPd over `folder`, with TLS required for commands and data."""
    home = folder / "home"
    (home / FOLDER).mkdir(parents=True)
    nobody = pwd.getpwnam("nobody")
    for path in (home, home / FOLDER):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    for above in [folder, *folder.parents][:3]:  # pytest makes these for their owner alone
        above.chmod(0o755)
    accounts, port = folder / "accounts.pdb", free_port()
    subprocess.run(
        [
            *(str(PURE_PW), "useradd", USER, "-u", "nobody", "-d", str(home)),
            *("-f", str(folder / "accounts"), "-F", str(accounts), "-m"),
        ],
        input=f"{PASSWORD}\n{PASSWORD}\n",
        text=True,
        check=True,
        capture_output=True,
    )
    certificate = self_signed(folder)
    command = [
        *(str(PURE_FTPD), "--bind", f"127.0.0.1,{port}", "--login", f"puredb:{accounts}"),
        *("--tls", "3", "--certfile", str(certificate), "--noanonymous", "--dontresolve"),
        *("--chrooteveryone", "--minuid", "1", "--pidfile", str(folder / "ftpd.pid")),
    ]
    with _running(command, port):
        yield {
            "PAGE_HOST": "127.0.0.1",
            "PAGE_PORT": str(port),
            "PAGE_USER": USER,
            "PAGE_PASSWORD": PASSWORD,
            "PAGE_CA_FILE": str(certificate),
        }


@contextmanager
def openssh(folder: Path) -> Iterator[dict[str, str]]:
    """OpenSSH's server over `folder`, for the account that runs the tests, with one key."""
    home, port = folder / "home", free_port()
    (home / FOLDER).mkdir(parents=True)
    for name in ("host_key", "user_key"):
        command = [str(SSH_KEYGEN), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True, capture_output=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it will not start without
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "user_key.pub",
        "PidFile": "none",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "StrictModes": "no",  # the tests' folder is below /tmp, which all may write
        "UsePAM": "no",
        "Subsystem": "sftp internal-sftp",
        "ForceCommand": f"internal-sftp -d {home}",
    }
    configuration = folder / "sshd_config"
    configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    with _running([str(SSHD), "-D", "-e", "-f", str(configuration)], port):
        host = " ".join((folder / "host_key.pub").read_text().split()[:2])
        yield {
            "PAGE_HOST": "127.0.0.1",
            "PAGE_PORT": str(port),
            "PAGE_USER": getpass.getuser(),
            "PAGE_SSH_KEY": (folder / "user_key").read_text(),
            "PAGE_KNOWN_HOSTS": f"[127.0.0.1]:{port} {host}",
        }


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    """A server process, from when its port answers to the end of the block."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            give_up = time.monotonic() + START_S
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except ConnectionRefusedError:
                    if process.poll() is not None or time.monotonic() > give_up:
                        raise
                    time.sleep(0.02)
            yield
        finally:
            process.terminate()
