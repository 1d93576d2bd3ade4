"""`python -m deploy.operations.page deploy|rollback`: the built page, on a host such as cPanel's.

Assets are named after their content, so a new build's lie beside the old one's. What has a fixed
name is sent under another and moved into place, `index.html` last of all: until that moment every
visitor gets the old page whole, after it the new one. The build before stays, for `rollback` and
for visitors who have its page open; older assets are removed.
"""

from __future__ import annotations

import argparse
import ftplib
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncssh
from pydantic import BaseModel, ValidationError

from deploy.operations.remote import PageSettings, Remote, Unusable, open_remote

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "services" / "web" / "dist"
RULES = ROOT / "deploy" / "page" / ".htaccess"
ASSETS = "assets/"
INDEX = "index.html"
STATE = ".deployed.json"
PREVIOUS = ".previous/"


class Build(BaseModel):
    """One build on the host: its id, and the names of all its files."""

    id: str
    files: list[str]


class Deployed(BaseModel):
    """Builds on the host; `.deployed.json`."""

    current: Build | None = None
    previous: Build | None = None


def build_files(folder: Path = BUILT) -> dict[str, bytes]:
    """The built page and its rules, by path. Raises FileNotFoundError without an index."""
    if not (folder / INDEX).is_file():
        raise FileNotFoundError(f"there is no built page in {folder}: run `npm run build` there")
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    return {**files, RULES.name: RULES.read_bytes()}


def deploy(remote: Remote, files: Mapping[str, bytes]) -> Build:
    """Put a build in the place of the one that is served; nothing happens if it is that one."""
    build = Build(id=_digest(files), files=sorted(files))
    deployed = _deployed(remote)
    if deployed.current is not None and deployed.current.id == build.id:
        return build
    there = remote.names(ASSETS.rstrip("/"))
    for name in build.files:
        if name.startswith(ASSETS) and name.removeprefix(ASSETS) not in there:
            _put(remote, name, files[name])
    fixed = [name for name in build.files if not name.startswith(ASSETS)]
    if deployed.current is not None:
        for name in deployed.current.files:
            if not name.startswith(ASSETS):
                _put(remote, PREVIOUS + name, remote.read(name) or b"")
    for name in sorted(fixed, key=lambda name: name == INDEX):
        _put(remote, name, files[name])
    _remember(remote, Deployed(current=build, previous=deployed.current))
    return build


def rollback(remote: Remote) -> Build:
    """Serve the build before again; run again, it undoes itself. Raises LookupError without one."""
    deployed = _deployed(remote)
    if deployed.previous is None or deployed.current is None:
        raise LookupError("there is no earlier build on the host")
    fixed = [name for name in deployed.previous.files if not name.startswith(ASSETS)]
    kept = {name: remote.read(PREVIOUS + name) for name in fixed}
    lost = [name for name, data in kept.items() if data is None]
    if lost:
        raise LookupError(f"the earlier build is not whole any more: {', '.join(lost)} is gone")
    for name in deployed.current.files:
        if not name.startswith(ASSETS):
            _put(remote, PREVIOUS + name, remote.read(name) or b"")
    for name in sorted(fixed, key=lambda name: name == INDEX):
        _put(remote, name, kept[name] or b"")
    _remember(remote, Deployed(current=deployed.previous, previous=deployed.current))
    return deployed.previous


def _put(remote: Remote, name: str, data: bytes) -> None:
    """Write under another name, then move into place: a reader gets the old file or the new one."""
    folder, _, file = name.rpartition("/")
    incoming = f"{folder}/.incoming-{file}" if folder else f".incoming-{file}"
    remote.write(incoming, data)
    remote.rename(incoming, name)


def _remember(remote: Remote, deployed: Deployed) -> None:
    """Write down what is there now, and remove assets that belong to neither build."""
    _put(remote, STATE, deployed.model_dump_json(indent=1).encode())
    wanted = {
        name for build in (deployed.current, deployed.previous) if build for name in build.files
    }
    for name in sorted(remote.names(ASSETS.rstrip("/"))):
        if ASSETS + name not in wanted:
            remote.delete(ASSETS + name)


def _deployed(remote: Remote) -> Deployed:
    text = remote.read(STATE)
    return Deployed() if text is None else Deployed.model_validate(json.loads(text))


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()[:12]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.operations.page", description=__doc__)
    parser.add_argument("command", choices=["deploy", "rollback"])
    command = parser.parse_args().command
    try:
        settings = PageSettings()
        with open_remote(settings) as remote:
            build = deploy(remote, build_files()) if command == "deploy" else rollback(remote)
    except ValidationError as error:
        missing = (f"PAGE_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors())
        return _fail("; ".join(missing))
    except (Unusable, LookupError, OSError, EOFError, ftplib.Error, asyncssh.Error) as error:
        return _fail(f"{type(error).__name__}: {error}")
    print(f"{settings.host} serves build {build.id}: {len(build.files)} files")
    return 0


def _fail(line: str) -> int:
    sys.stderr.write(f"error: {line}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
