"""The one command-line program of the pipeline.

Exit codes: 0 done, 2 the file can't be used or has nothing to load, 3 something that is needed is
away, busy or broken, 4 what was loaded is not good enough to be served, 5 Redis differs from the
Parquet parts, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import codecs
import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from services.pipeline.catalogue.store_commands import add_store_commands
from services.pipeline.errors import FeedUnusable, PipelineError
from services.pipeline.evaluation.evaluation_commands import add_quality_commands
from services.pipeline.feeds import FORMATS, FeedOptions, FeedSettings, open_feed
from services.pipeline.judging.golden import Golden, read_golden
from services.pipeline.queries.query_commands import add_query_commands
from services.pipeline.settings import PipelineSettings
from services.pipeline.tracking.data_version import data_version
from services.pipeline.training.training_commands import add_commands

STOPPED = 130
BROKEN = 3

Command = Callable[[argparse.Namespace, PipelineSettings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    command: Command = options.command
    try:
        return command(options, PipelineSettings())
    except PipelineError as error:
        return _fail(str(error), error.exit_code)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        prefix = "FEED" if error.title == FeedSettings.__name__ else "PIPELINE"
        reason = first["msg"].removeprefix("Value error, ")
        return _fail(f"the setting {prefix}_{name} can't be used: {reason}", BROKEN)
    except OSError as error:
        return _fail(f"{error.filename or 'the system'}: {error.strerror or error}", BROKEN)
    except KeyboardInterrupt:
        return _fail("stopped; what is stored so far is kept, and nothing is published", STOPPED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.pipeline", description="From product files to a catalogue."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    load = commands.add_parser("load", help="load a product file and serve it as the catalogue")
    _add_feed(load)
    load.add_argument(
        "--undo-changes",
        action="store_true",
        help="undo the live changes of the served catalogue",
    )
    load.add_argument(
        "--golden",
        type=Path,
        metavar="FOLDER",
        help="golden queries; a version that does worse on them than the served one is refused",
    )
    load.add_argument(
        "--force",
        action="store_true",
        help="publish a version that is broken, worse or much smaller",
    )
    load.set_defaults(command=_load)
    check = commands.add_parser("check", help="report whether a file can be read as a catalogue")
    _add_feed(check)
    check.set_defaults(command=_check)
    upsert = commands.add_parser("upsert", help="add a file's products to the served catalogue")
    _add_feed(upsert)
    upsert.set_defaults(command=_upsert)
    delete = commands.add_parser("delete", help="remove products from the served catalogue")
    delete.add_argument("ids", nargs="+", metavar="ID", help="product ids")
    delete.set_defaults(command=_delete)
    rollback = commands.add_parser("rollback", help="serve the previous version again")
    rollback.set_defaults(command=_rollback)
    _add_ranking(commands)
    add_store_commands(commands)
    serve = commands.add_parser("serve", help="start the writer: `python -m services.writer`")
    serve.set_defaults(command=_serve)
    add_commands(commands)
    data = commands.add_parser("data", help="pull or push data versions")
    data.add_argument("direction", choices=["pull", "push"])
    data.set_defaults(command=_data)
    add_quality_commands(commands)
    add_query_commands(commands)
    return parser


def _add_feed(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file", type=Path, metavar="FILE", help="CSV, TSV, Parquet or XML, or a folder of SQID"
    )
    command.add_argument("--rejects", type=Path, metavar="PATH", help="CSV file for rejected rows")
    command.add_argument(
        "--report", type=Path, metavar="FILE", help="write the report to this file, as JSON"
    )
    command.add_argument(
        "--format", choices=FORMATS, default="", help="feed format; detected by default"
    )
    command.add_argument(
        "--encoding", type=_encoding, help="encoding of a CSV that is not UTF-8, such as cp1252"
    )
    command.add_argument(
        "--currency", type=_currency, help="currency of prices without one, such as EUR"
    )
    command.add_argument("--locale", default="us", help="ESCI locale (default: us)")
    command.add_argument(
        "--without-vectors",
        dest="with_vectors",
        action="store_false",
        help="encode words and pictures, whatever vectors the feed brings",
    )


def _feed_options(options: argparse.Namespace) -> FeedOptions:
    """Feed options from the command line, with the environment as the fallback."""
    said = FeedSettings().options()
    return FeedOptions(
        format=options.format or said.format,
        encoding=options.encoding or said.encoding,
        locale=options.locale or said.locale,
        currency=options.currency or said.currency,
        with_vectors=options.with_vectors and said.with_vectors,
    )


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise argparse.ArgumentTypeError(f"there is no encoding {name!r}") from error


def _currency(code: str) -> str:
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise argparse.ArgumentTypeError(f"{code!r} is not three letters, as in EUR")
    return code.upper()


def _add_ranking(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ranking = commands.add_parser("ranking", help="weights and calibration of searches")
    actions = ranking.add_subparsers(required=True, metavar="ACTION")
    put = actions.add_parser("set", help="use it for the served catalogue; `rollback` undoes this")
    put.add_argument("file", type=Path, metavar="FILE", help="JSON, as `show` prints it")
    put.set_defaults(command=_set_ranking)
    show = actions.add_parser("show", help="print the active ranking")
    show.set_defaults(command=_show_ranking)


def _load(options: argparse.Namespace, settings: PipelineSettings) -> int:
    golden = None if options.golden is None else read_golden(options.golden)
    return _take(
        options,
        settings,
        undo_changes=options.undo_changes,
        golden=golden,
        force=options.force,
    )


def _check(options: argparse.Namespace, _: PipelineSettings) -> int:
    """Up to the first row. `make run` asks first, so this imports nothing slow."""
    feed = open_feed(options.file, _feed_options(options))
    if next(iter(feed.rows()), None) is None:
        raise FeedUnusable(f"{feed.path}: has no rows")
    return 0


def _upsert(options: argparse.Namespace, settings: PipelineSettings) -> int:
    return _take(options, settings, live=True)


def _delete(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.changes import delete

    head = delete(options.ids, settings)
    print(f"version {head.version} changed, change {head.sequence}")
    return 0


def _take(
    options: argparse.Namespace,
    settings: PipelineSettings,
    *,
    live: bool = False,
    undo_changes: bool = False,
    golden: Golden | None = None,
    force: bool = False,
) -> int:
    feed = open_feed(options.file, _feed_options(options))
    # Feast takes seconds to import; `--help` and a file that is no feed need not wait for it.
    from PIL import Image

    from services.pipeline.load import load
    from services.pipeline.tracking.runs import tracked

    # A picture with too many pixels is refused by us, with its row; no need for a warning as well.
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with tracked("load", settings) as record:
        record.parameters = {
            "file": feed.path.name,
            "live": live,
            "force": force,
            "undo_changes": undo_changes,
            "golden_queries": len(golden.queries) if golden else 0,
        }
        record.tags = {"data_version": data_version(feed.path)} if settings.tracking else {}
        summary = load(
            feed,
            settings,
            options.rejects,
            live=live,
            undo_changes=undo_changes,
            golden=golden,
            force=force,
            report_path=options.report,
        )
        record.tags |= summary.tags()
        record.metrics = summary.metrics()
        record.texts |= {
            "summary.txt": "\n".join(summary.lines()),
            "catalogue.json": summary.publication.head.model_dump_json(indent=2),
        }
        if summary.rejected or summary.details:
            record.files.append(summary.rejects_path)
    for line in summary.lines():
        print(line)
    return 0


def _rollback(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.changes import roll_back

    head = roll_back(settings)
    _follow(settings)
    print(f"version {head.version} of {head.model_id} is served again, {head.products} products")
    return 0


def _set_ranking(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.ranking import publish_ranking, read_ranking

    ranking = read_ranking(options.file)
    head = publish_ranking(ranking, settings)
    _follow(settings)
    print(f"version {head.version} is searched by ranking {ranking.name!r}")
    return 0


def _follow(settings: PipelineSettings) -> None:
    """Bring the registry in line with the ranking that is now in force."""
    if settings.tracking:
        from services.pipeline.tracking.registry import follow_store

        try:
            follow_store(settings)
        except PipelineError as error:
            print(f"warning: the registry of rankings is not updated: {error}", file=sys.stderr)


def _show_ranking(_: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.ranking import published_ranking

    print(published_ranking(settings).model_dump_json(indent=2))
    return 0


def _serve(options: argparse.Namespace, settings: PipelineSettings) -> int:
    # The writer is a service of its own and stands on the pipeline, so it is started, not imported.
    os.execv(sys.executable, [sys.executable, "-m", "services.writer"])  # noqa: S606 - ours


def _data(options: argparse.Namespace, _: PipelineSettings) -> int:
    from services.pipeline.tracking.data_sharing import DataSettings, share

    share(options.direction, DataSettings(), Path())
    return 0


def _fail(reason: str, code: int) -> int:
    print(f"error: {reason}", file=sys.stderr)
    return code
