"""`python -m services.launcher`: everything on one machine, until Ctrl-C or SIGTERM.

`python -m services.launcher prepare` ends when it could serve, so that the next start is quick
(the image of the Space does it while it is built).
`python -m services.launcher evaluate [-- OPTIONS]` prints the search quality on the catalogue; the
options are those of `python -m services.pipeline evaluate`.
`python -m services.launcher batch [--store FOLDER] [--tracked] -- COMMAND …` runs a command beside
an encoder and, with `--store`, a feature store kept there; with `--tracked` its runs are recorded.
`python -m services.launcher report [-- OPTIONS]` reports past searches, if the query log is on.

Exit codes: 0 stopped when asked, 1 could not start or broke down, 2 unusable settings.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from services.launcher.batch import batch
from services.launcher.evaluation import evaluate
from services.launcher.preflight import CannotRun
from services.launcher.report import report
from services.launcher.run import Say, prepare, run
from services.launcher.settings import LauncherSettings

Work = Callable[[LauncherSettings, Say], Awaitable[None]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.launcher")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="serve everything (what happens without a command)")
    commands.add_parser("prepare", help="load the catalogue, and end when it could be served")
    measured = commands.add_parser("evaluate", help="measure search quality on the catalogue")
    measured.add_argument("words", nargs="*", metavar="OPTION")
    told = commands.add_parser("report", help="report past searches")
    told.add_argument("words", nargs="*", metavar="OPTION")
    beside = commands.add_parser("batch", help="run a command beside an encoder and a store")
    beside.add_argument("--store", type=Path, metavar="FOLDER", help="keep a feature store there")
    beside.add_argument("--tracked", action="store_true", help="record its runs in MLflow")
    beside.add_argument("words", nargs="+", metavar="COMMAND")
    options = parser.parse_args()
    work: Work = prepare if options.command == "prepare" else run
    if options.command == "evaluate":
        work = partial(_evaluate, options)
    elif options.command == "report":
        work = partial(_report, options)
    elif options.command == "batch":
        work = partial(_batch, options)
    try:
        settings = LauncherSettings()
    except ValidationError as error:
        problems = "; ".join(
            f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()
        )
        return _fail(problems, 2)
    try:
        asyncio.run(_finish(work, settings))
    except CannotRun as error:
        return _fail(error.line, error.exit_code)
    except OSError as error:
        what = f"{error.strerror or error}"
        return _fail(f"{what}: {error.filename}" if error.filename else what, 1)
    return 0


async def _finish(work: Work, settings: LauncherSettings) -> None:
    await work(settings, lambda line: print(line, flush=True))


async def _evaluate(options: argparse.Namespace, settings: LauncherSettings, say: Say) -> None:
    await evaluate(settings, options.words, say)


async def _report(options: argparse.Namespace, settings: LauncherSettings, say: Say) -> None:
    await report(settings, options.words, say)


async def _batch(options: argparse.Namespace, settings: LauncherSettings, say: Say) -> None:
    await batch(settings, options.store, options.words, say, tracked=options.tracked)


def _fail(line: str | None, code: int) -> int:
    if line is not None:
        print(f"error: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
