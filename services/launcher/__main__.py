"""`python -m services.launcher`: everything on one machine, until Ctrl-C or SIGTERM.

`python -m services.launcher evaluate` prints how good search is on the sample catalogue.

Exit codes: 0 stopped when asked, 1 could not start or broke down, 2 unusable settings.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from pydantic import ValidationError

from services.launcher.preflight import CannotRun
from services.launcher.run import evaluate, run
from services.launcher.settings import LauncherSettings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.launcher")
    parser.add_argument("command", nargs="?", choices=["run", "evaluate"], default="run")
    work = evaluate if parser.parse_args().command == "evaluate" else run
    try:
        settings = LauncherSettings()
    except ValidationError as error:
        problems = "; ".join(
            f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()
        )
        return _fail(problems, 2)
    try:
        asyncio.run(work(settings, lambda line: print(line, flush=True)))
    except CannotRun as error:
        return _fail(error.line, error.exit_code)
    except OSError as error:
        what = f"{error.strerror or error}"
        return _fail(f"{what}: {error.filename}" if error.filename else what, 1)
    return 0


def _fail(line: str | None, code: int) -> int:
    if line is not None:
        print(f"error: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
