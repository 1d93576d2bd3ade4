"""The disk after a loss of power: what was not synced is gone.

The strictest disk that POSIX allows. A file has the content of its last sync, and is empty if there
was none; a folder has the names of its last sync. With `names`, each folder has the names of the
last moment: some file systems write these sooner than the contents.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from pathlib import Path


class Disk:
    """Content of the disk below one folder; `synced` is called in the process that writes there."""

    def __init__(self, folder: Path, notes: Path) -> None:
        """All that is in the folder now counts as synced. notes: a new folder for our own use."""
        self._folder = folder
        self._notes = notes
        self._open: list[int] = []
        """Descriptors that keep the number of a removed file from being used again."""
        notes.mkdir()
        for path in (folder, *folder.rglob("*")):
            descriptor = os.open(path, os.O_RDONLY)
            self.synced(descriptor)
            os.close(descriptor)

    def synced(self, descriptor: int) -> None:
        """Note the content of this file, or the names in this folder."""
        self._open.append(os.dup(descriptor))
        status = os.fstat(descriptor)
        is_folder = stat.S_ISDIR(status.st_mode)
        note = self._note(status.st_ino, is_folder)
        draft = note.with_suffix(f".{threading.get_ident()}")
        if is_folder:
            draft.write_text(json.dumps(_names(Path(f"/proc/self/fd/{descriptor}"))))
        else:
            shutil.copyfile(f"/proc/self/fd/{descriptor}", draft)
        draft.replace(note)

    def after_power_cut(self, target: Path, *, names: bool = False) -> None:
        """Write what is left into a new folder."""
        self._restore(self._folder.stat().st_ino, target, self._folder if names else None)

    def _restore(self, number: int, target: Path, now: Path | None) -> None:
        target.mkdir()
        note = self._note(number, True)
        known = json.loads(note.read_text()) if note.exists() else {}
        for name, (inode, is_folder) in (_names(now) if now is not None else known).items():
            if is_folder:
                self._restore(inode, target / name, None if now is None else now / name)
            elif self._note(inode, False).exists():
                shutil.copyfile(self._note(inode, False), target / name)
            else:
                (target / name).touch()

    def close(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)

    def _note(self, number: int, is_folder: bool) -> Path:
        # A folder that was removed may leave its number to a file.
        return self._notes / f"{'folder' if is_folder else 'file'}-{number}"


def _names(folder: Path) -> dict[str, tuple[int, bool]]:
    """By name: number of the file or folder, and whether it is a folder."""
    with os.scandir(folder) as entries:
        return {one.name: (one.inode(), one.is_dir()) for one in entries}
