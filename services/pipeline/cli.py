"""The one command-line program of the pipeline.

Exit codes: 0 done, 2 the file can't be used or has nothing to load, 3 something that is needed is
away, busy or broken, 4 what was loaded is not good enough to be served, 5 Redis differs from the
Parquet parts, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from services.pipeline.catalogue.store_commands import add_store_commands
from services.pipeline.errors import PipelineError
from services.pipeline.evaluation.evaluation_commands import add_quality_commands
from services.pipeline.feed_commands import add_feed_commands
from services.pipeline.feeds import FeedSettings
from services.pipeline.queries.query_commands import add_query_commands
from services.pipeline.settings import PipelineSettings
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
    add_feed_commands(commands)
    delete = commands.add_parser("delete", help="remove products from the served catalogue")
    delete.add_argument("ids", nargs="+", metavar="ID", help="product ids")
    delete.set_defaults(command=_delete)
    rollback = commands.add_parser("rollback", help="serve the previous version again")
    rollback.set_defaults(command=_rollback)
    _add_ranking(commands)
    _add_synonyms(commands)
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


def _add_ranking(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ranking = commands.add_parser("ranking", help="weights and calibration of searches")
    actions = ranking.add_subparsers(required=True, metavar="ACTION")
    put = actions.add_parser("set", help="use it for the served catalogue; `rollback` undoes this")
    put.add_argument("file", type=Path, metavar="FILE", help="JSON, as `show` prints it")
    put.set_defaults(command=_set_ranking)
    show = actions.add_parser("show", help="print the active ranking")
    show.set_defaults(command=_show_ranking)


def _add_synonyms(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    synonyms = commands.add_parser("synonyms", help="other words for what products say")
    actions = synonyms.add_subparsers(required=True, metavar="ACTION")
    put = actions.add_parser("set", help="replace the added synonyms of the served catalogue")
    put.add_argument("file", type=Path, metavar="FILE", help="lines of `mug, cup` or `a => b`")
    put.set_defaults(command=_set_synonyms)
    show = actions.add_parser("show", help="print all synonyms as JSON")
    show.set_defaults(command=_show_synonyms)


def _set_synonyms(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.synonyms import publish_synonyms, read_synonyms

    synonyms = publish_synonyms(read_synonyms(options.file), settings)
    print(f"{len(synonyms.added)} synonyms added, {len(synonyms.file)} of the catalogue's file")
    return 0


def _show_synonyms(_: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.synonyms import published_synonyms

    print(published_synonyms(settings).model_dump_json(indent=2))
    return 0


def _delete(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.changes import delete

    head = delete(options.ids, settings)
    print(f"version {head.version} changed, change {head.sequence}")
    return 0


def _rollback(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.changes import roll_back

    head, products = roll_back(settings)
    _follow(settings)
    print(f"version {head.version} of {head.model_id} is served again, {products} products")
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
