"""`python -m services.launcher`: everything on one machine, until Ctrl-C or SIGTERM.

`python -m services.launcher prepare` ends when it is ready to serve, so that the next start is
quick (the image of the Space does it while it is built).
`python -m services.launcher evaluate [-- OPTIONS]` evaluates the search on the catalogue; its
options are those of `python -m services.pipeline evaluate`.
`python -m services.launcher batch [--store FOLDER] [--tracked] -- COMMAND …` runs a command with an
encoder and, with `--store`, a feature store in that folder; with `--tracked` its runs are recorded.
`python -m services.launcher report [-- OPTIONS]` reports on the query log.

Exit codes: 0 stopped on request, 1 could not start or failed later, 2 invalid settings.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

from services.common.settings import read_settings
from services.launcher.batch import batch
from services.launcher.evaluation import evaluate
from services.launcher.preflight import CannotRun
from services.launcher.run import run
from services.launcher.search_report import report
from services.launcher.session import until_asked_to_stop
from services.launcher.settings import LauncherSettings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.launcher")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="serve everything (the default)")
    commands.add_parser("prepare", help="load the catalogue and end")
    evaluating = commands.add_parser("evaluate", help="evaluate the search on the catalogue")
    evaluating.add_argument("words", nargs="*", metavar="OPTION")
    reporting = commands.add_parser("report", help="report on the query log")
    reporting.add_argument("words", nargs="*", metavar="OPTION")
    beside = commands.add_parser("batch", help="run a command with an encoder and a feature store")
    beside.add_argument("--store", type=Path, metavar="FOLDER", help="folder of the feature store")
    beside.add_argument("--tracked", action="store_true", help="record its runs in MLflow")
    beside.add_argument("words", nargs="+", metavar="COMMAND")
    options = parser.parse_args()
    settings = read_settings(LauncherSettings)
    try:
        asyncio.run(until_asked_to_stop(_work(options, settings), _say))
    except CannotRun as error:
        return _fail(error.line, error.exit_code)
    except OSError as error:
        what = f"{error.strerror or error}"
        return _fail(f"{what}: {error.filename}" if error.filename else what, 1)
    return 0


def _work(options: argparse.Namespace, settings: LauncherSettings) -> Coroutine[None, None, None]:
    match options.command:
        case "prepare":
            return run(settings, _say, once=True)
        case "evaluate":
            return evaluate(settings, options.words, _say)
        case "report":
            return report(settings, options.words, _say)
        case "batch":
            return batch(settings, options.store, options.words, _say, tracked=options.tracked)
        case _:
            return run(settings, _say)


def _say(line: str) -> None:
    """A full disk or a closed terminal costs the line, and no service its restart; a terminal
    without a letter (ISO-8859-1 has no `…`) shows `?` for it.
    """
    encoding = sys.stdout.encoding or "utf-8"
    with suppress(OSError):
        print(line.encode(encoding, "replace").decode(encoding), flush=True)


def _fail(line: str | None, code: int) -> int:
    if line is not None:
        print(f"error: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
