"""`python -m deploy.operations.changelog v1.2.3`: what changed since the tag before, as Markdown.

The tag must be the version that the code says it is. Standard library and git alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from services.common.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
_TAG = re.compile(r"v\d+\.\d+\.\d+")


class NotThisVersion(Exception):
    """The tag does not fit the code; the message says what would."""


def changelog(tag: str, repository: Path = ROOT, version: str = VERSION) -> str:
    """Markdown, the newest change first. Raises NotThisVersion."""
    if not _TAG.fullmatch(tag):
        raise NotThisVersion(f"{tag!r} is no version: v1.2.3 would be")
    if tag != f"v{version}":
        raise NotThisVersion(f"the code says it is version {version}, the tag {tag}")
    before = _git(repository, "tag", "--list", "v*", "--sort=-version:refname", "--merged", tag)
    earlier = [name for name in before.split() if name != tag and _TAG.fullmatch(name)]
    span = f"{earlier[0]}..{tag}" if earlier else tag
    subjects = _git(repository, "log", "--no-merges", "--format=- %s (%h)", span).strip()
    since = f"since {earlier[0]}" if earlier else "all of it"
    return f"## {tag}\n\nChanges, {since}:\n\n{subjects or '- none'}\n"


def _git(repository: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=repository, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NotThisVersion(done.stderr.strip())
    return done.stdout


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m deploy.operations.changelog TAG\n")
        return 2
    try:
        print(changelog(sys.argv[1]), end="")
    except NotThisVersion as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
