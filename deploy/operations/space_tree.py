"""`python -m deploy.operations.space_tree FOLDER`: what the Space is made of, and nothing else.

Only files that git tracks: no local state, no secret. The Space's Dockerfile and README, whose
front matter Hugging Face reads, take the top of the folder.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CARRIED = (
    ".huggingface.yml",
    "LICENSE",
    "data/models",
    "data/sample",
    "deploy/images",
    "feature_repo",
    "pyproject.toml",
    "requirements.lock",
    "services",
)
TOP = ("Dockerfile", "README.md")
DOCKERIGNORE = "**/__pycache__\n.git\nservices/web/node_modules\nservices/web/dist\n"


def write_tree(folder: Path) -> int:
    """Write the Space's files into an empty or new folder; returns how many there are.

    Raises FileExistsError when something is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *CARRIED],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    names = [name for name in listed.stdout.split("\0") if name]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    for name in TOP:
        shutil.copyfile(ROOT / "deploy" / "space" / name, folder / name)
    (folder / ".dockerignore").write_text(DOCKERIGNORE, encoding="utf-8")
    return len(names) + len(TOP)


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m deploy.operations.space_tree FOLDER\n")
        return 2
    try:
        count = write_tree(Path(sys.argv[1]))
    except FileExistsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    print(f"{count} files in {sys.argv[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
