"""Data version of a run: DVC's hash if the data match DVC's record, else the data's own hash.

DVC's record is compared with the data each time. So a catalogue that was changed since, or whose
stage is still running, does not get the hash of an earlier one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]


def data_version(path: Path) -> str:
    """`dvc:…` or `sha256:…`, of a file or a folder."""
    whole = path.resolve()
    for folder in (whole, *whole.parents):
        for data, md5 in _recorded(folder):
            if whole.is_relative_to(data) and _dvc_digest(data, of_folder=_is_folder(md5)) == md5:
                return f"dvc:{md5}"
    return f"sha256:{_folder_digest(path) if path.is_dir() else _file_digest(path)}"


def _recorded(folder: Path) -> Iterator[tuple[Path, str]]:
    """Data with their hash: by the pointer beside a folder or file, or by the lock in a folder."""
    pointer = folder.parent / f"{folder.name}.dvc"
    if pointer.is_file():
        for out in _outs(_yaml(pointer)):
            yield folder.parent / out["path"], str(out["md5"])
    lock = folder / "dvc.lock"
    if lock.is_file():
        for stage in _yaml(lock).get("stages", {}).values():
            for out in (*_outs(stage), *_outs(stage, "deps")):
                yield folder / out["path"], str(out["md5"])


def _dvc_digest(path: Path, *, of_folder: bool) -> str | None:
    """As DVC makes it; None for what is not there, or no longer of that sort.

    A folder's is that of a list of its files, in order of their paths (`dvc_data`'s `Tree`).
    """
    if of_folder != path.is_dir() or not path.exists():
        return None
    if not of_folder:
        return _file_digest(path, "md5")
    files = {one.relative_to(path).as_posix(): one for one in path.rglob("*") if one.is_file()}
    listed = [{"md5": _file_digest(files[name], "md5"), "relpath": name} for name in sorted(files)]
    text = json.dumps(listed, sort_keys=True).encode()
    return f"{hashlib.md5(text, usedforsecurity=False).hexdigest()}.dir"


def _is_folder(md5: str) -> bool:
    return md5.endswith(".dir")


def _file_digest(path: Path, algorithm: str = "sha256") -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _folder_digest(folder: Path) -> str:
    """Digest of all names and contents below it."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0{_file_digest(path)}\n".encode())
    return digest.hexdigest()


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def _outs(stage: dict[str, Any], kind: str = "outs") -> Iterator[dict[str, Any]]:
    for out in stage.get(kind) or ():
        if "md5" in out and "path" in out:
            yield out
