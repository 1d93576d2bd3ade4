"""Make an environment and the web page, then run a command in it. Standard library only.

`python3 -m services.launcher.bootstrap --group run [--web] [-- command …]`

Each step is done once: a stamp remembers what it was made from. The output of a step goes to a log;
the terminal gets one line a step, and one line that says what is wrong when it fails.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from services.launcher.setup.environment import make_environment
from services.launcher.setup.page import build_page
from services.launcher.setup.steps import ROOT, STATE, SetupFailed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--group", required=True, help="dependency group to install")
    parser.add_argument("--web", action="store_true", help="build the web page too")
    parser.add_argument("command", nargs="*", help="what to run in the environment afterwards")
    arguments = parser.parse_args()
    try:
        with _one_at_a_time():
            python = _set_up(arguments.venv.absolute(), arguments.group, web=arguments.web)
    except SetupFailed as failure:
        return _fail(str(failure))
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return _fail(f"{error.strerror or error}: {error.filename or STATE}")
    if arguments.command:
        sys.stdout.flush()
        os.execv(python, [str(python), *arguments.command])  # noqa: S606
    return 0


def _set_up(venv: Path, group: str, *, web: bool) -> Path:
    """The interpreter of the environment. The page is built at the same time."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        page = beside.submit(build_page) if web else None
        python = make_environment(venv, group)
        if page is not None:
            page.result()
    return python


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the repository's folder: two commands must not install into it at the same time."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _fail(line: str) -> int:
    print(f"error: {line}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
