"""Fetch a published weights file: resumed where it was cut off, checked before it is used."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

Progress = Callable[[int, int | None], None]
"""Called with bytes here and bytes in all (None where unknown)."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)


class FetchFailed(Exception):
    """The file is not here and could not be fetched; the message says what to do."""


def fetch(url: str, target: Path, sha256: str, progress: Progress) -> Path:
    """`target`, once its content has this SHA-256. Safe to call from two processes at once.

    A part of a file stays beside it as `….part`, and the next call goes on from there.
    Raises FetchFailed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with _locked(target.parent):
        if target.is_file():
            if sha256_of(target) == sha256:
                return target
            target.unlink()  # damaged on disk since: fetch it again
        try:
            _download(url, part, progress)
        except (httpx.HTTPError, OSError) as error:
            raise FetchFailed(
                f"{url} could not be fetched ({error or type(error).__name__}). What came stays "
                f"for the next try. Without a network, put the file at {target}, or choose a local "
                "model."
            ) from error
        found = sha256_of(part)
        if found != sha256:
            part.unlink()
            raise FetchFailed(
                f"{url} gave a file with SHA-256 {found}, not {sha256}. It was thrown away."
            )
        os.replace(part, target)
        return target


def _download(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=True) as got:
        if have and got.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it is here; the checksum decides
        got.raise_for_status()
        resumed = got.status_code == httpx.codes.PARTIAL_CONTENT
        have = have if resumed else 0
        length = got.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        with part.open("ab" if resumed else "wb") as file:
            # As it comes: what waits to fill a larger chunk would be lost when the line breaks.
            for chunk in got.iter_raw():
                file.write(chunk)
                have += len(chunk)
                progress(have, total)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time. The folder itself is locked, so no lock file stays behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
