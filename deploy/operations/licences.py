"""`python -m deploy.operations.licences PYTHON`: may what is served be served under our licence?

Looks at every package that the interpreter's environment has, by `pip-licenses`, and at every one
of the page's, by its lock file. The check fails and names each package whose licence would bind
ours, or that states none.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PAGE_LOCK = Path(__file__).resolve().parents[2] / "services" / "web" / "package-lock.json"

_BINDING = re.compile(
    r"\bA?GPL|Affero|General Public License|SSPL|Server Side Public|BUSL|Business Source"
    r"|Commons Clause|Elastic",
)
_LESSER = re.compile(r"Lesser General Public|\bLGPL")
_UNTOLD = {"", "UNKNOWN", "UNLICENSED", "SEE LICENSE IN LICENSE"}
_MIT = (
    "permission is hereby granted, free of charge, to any person obtaining a copy of this software"
)


def refused(licences: Mapping[str, str]) -> dict[str, str]:
    """Packages whose licence binds ours or is not stated. One allowed licence of many is enough."""
    return {name: text for name, text in licences.items() if not _allowed(text)}


def _allowed(text: str) -> bool:
    choices = re.split(r"\s+OR\s+", text.strip("() "))
    return any(
        choice.strip() not in _UNTOLD
        and (_LESSER.search(choice) is not None or _BINDING.search(choice) is None)
        for choice in choices
    )


def told_or_read(licence: str, text: str) -> str:
    """The licence that a package states, else the one that its licence text shows."""
    if licence.strip() in _UNTOLD and _MIT in " ".join(text.lower().split()):
        return "MIT"
    return licence


def python_licences(python: str) -> dict[str, str]:
    """Package and version → licence, of an interpreter's environment."""
    told = subprocess.run(
        [
            *(sys.executable, "-m", "piplicenses", "--python", python),
            *("--format", "json", "--from", "mixed", "--with-license-file", "--no-license-path"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        f"{one['Name']} {one['Version']}": told_or_read(one["License"], one["LicenseText"])
        for one in json.loads(told.stdout)
    }


def page_licences(lock: Path = PAGE_LOCK) -> dict[str, str]:
    """The same of the page's packages, those that only build it included."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {
        f"{name.rpartition('node_modules/')[2]} {one.get('version', '')}": one.get("license", "")
        for name, one in packages.items()
        if name and not one.get("link")
    }


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m deploy.operations.licences PYTHON\n")
        return 2
    licences = {**python_licences(sys.argv[1]), **page_licences()}
    for name, text in sorted(refused(licences).items()):
        sys.stderr.write(f"error: {name}: {text or 'tells no licence'}\n")
    print(f"{len(licences)} packages, {len(refused(licences))} with a licence that will not do")
    return 1 if refused(licences) else 0


if __name__ == "__main__":
    sys.exit(main())
