"""Download of a published weights file: resumed after a cut, checked before use."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import httpx

from services.common.environment_proxy import UnusableProxy, environment_proxy
from services.encoder.source import sha256_of

Progress = Callable[[int, int | None], None]
"""Called with the bytes so far and the total (None when unknown)."""

WAITS_S = (1.0, 4.0)
"""Pauses before the second and the third try."""
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_BUSY = {408, 425, 429}


class Digest(NamedTuple):
    """A way to compute a file's checksum, and its name for messages."""

    name: str
    of: Callable[[Path], str]


SHA256 = Digest("SHA-256", sha256_of)
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class FetchFailed(Exception):
    """The file could not be downloaded. The message says what to do."""


def fetch(
    url: str,
    target: Path,
    checksum: str,
    progress: Progress,
    waits_s: Sequence[float] | None = None,
    *,
    digest: Digest = SHA256,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Path:
    """Path of the file, once its content has this checksum. Two processes may call it at once.
    headers: for this server only; a redirection to another host loses `Authorization`.

    A cut download is resumed after each pause in `waits_s` (by default WAITS_S). If it still fails,
    the part stays as `….part`, and the next call resumes it. Raises FetchFailed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with _locked(target.parent):
        if target.is_file():
            if digest.of(target) == checksum:
                return target
            target.unlink()  # damaged on disk since it was downloaded
        try:
            _download_with_retries(
                url, part, progress, WAITS_S if waits_s is None else waits_s, headers
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnusableProxy) as error:
            raise FetchFailed(
                f"Could not download {url} ({_reason(error)}). The next start "
                f"resumes the download. Without a network, put the file at {target}, or choose a "
                "local model."
            ) from error
        found = digest.of(part)
        if found != checksum:
            part.unlink()
            raise FetchFailed(
                f"{url} has {digest.name} {found} instead of {checksum}. The file was deleted; try "
                "again."
            )
        os.replace(part, target)
        return target


def _reason(error: Exception) -> str:
    """On one line, without the address that refused: after a redirection, it has a signature."""
    if isinstance(error, httpx.HTTPStatusError):
        answer = error.response
        return f"{answer.url.host} answered {answer.status_code} {answer.reason_phrase}".rstrip()
    return str(error).rstrip(".") or type(error).__name__


def is_passing(status: int) -> bool:
    """True if asking again later may help."""
    return status in _BUSY or status >= httpx.codes.INTERNAL_SERVER_ERROR


def _download_with_retries(
    url: str, part: Path, progress: Progress, waits_s: Sequence[float], headers: Mapping[str, str]
) -> None:
    for wait_s in waits_s:
        try:
            return _download(url, part, progress, headers)
        except httpx.HTTPStatusError as error:
            if not is_passing(error.response.status_code):
                raise  # asking again would not help
        except httpx.TransportError:
            pass
        time.sleep(wait_s)
    return _download(url, part, progress, headers)


def _download(url: str, part: Path, progress: Progress, headers: Mapping[str, str]) -> None:
    have = part.stat().st_size if part.exists() else 0
    sent = {**headers, "Accept-Encoding": "identity"}
    if have:
        sent["Range"] = f"bytes={have}-"
    with httpx.stream(
        "GET",
        url,
        headers=sent,
        timeout=_TIMEOUT,
        follow_redirects=True,
        proxy=environment_proxy(url),
        trust_env=False,
        verify=httpx.create_ssl_context(),  # this alone reads the environment: SSL_CERT_FILE
    ) as got:
        if have and got.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # the part is complete; the checksum decides
        got.raise_for_status()
        resumed = got.status_code == httpx.codes.PARTIAL_CONTENT
        have = have if resumed else 0
        length = got.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        with part.open("ab" if resumed else "wb") as file:
            # Chunks as they arrive: a cut would lose what waits to fill a larger chunk.
            for chunk in got.iter_raw():
                file.write(chunk)
                have += len(chunk)
                progress(have, total)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time. It locks the folder itself, so no lock file stays behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
