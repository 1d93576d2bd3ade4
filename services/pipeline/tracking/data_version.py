"""Which data a run had: DVC's hash where the file is under DVC, else the file's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]


def data_version(path: Path) -> str:
    """`dvc:…` or `sha256:…`."""
    whole = path.resolve()
    for folder in (whole, *whole.parents):
        pointer = folder.parent / f"{folder.name}.dvc"
        if pointer.is_file():
            for out in _outs(yaml.safe_load(pointer.read_text(encoding="utf-8"))):
                return f"dvc:{out['md5']}"
        lock = folder / "dvc.lock"
        if lock.is_file():
            version = _in_lock(lock, whole)
            if version is not None:
                return version
    return f"sha256:{_folder_digest(path) if path.is_dir() else _file_digest(path)}"


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_digest(folder: Path) -> str:
    """Of all the names and contents below it."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0{_file_digest(path)}\n".encode())
    return digest.hexdigest()


def _in_lock(lock: Path, path: Path) -> str | None:
    """Of the output or dependency of a stage that is the file, or holds it."""
    stages = (yaml.safe_load(lock.read_text(encoding="utf-8")) or {}).get("stages", {})
    for stage in stages.values():
        for out in (*_outs(stage), *_outs(stage, "deps")):
            if path.is_relative_to(lock.parent / out["path"]):
                return f"dvc:{out['md5']}"
    return None


def _outs(stage: dict[str, Any], kind: str = "outs") -> Iterator[dict[str, Any]]:
    for out in stage.get(kind) or ():
        if "md5" in out and "path" in out:
            yield out
