"""`load`, `upsert` and `check`: the commands that read a product feed."""

from __future__ import annotations

import argparse
import codecs
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.settings import split_at_commas
from services.pipeline.errors import NothingToLoad, PipelineError
from services.pipeline.feeds import FORMATS, Feed, FeedOptions, FeedSettings, open_feed
from services.pipeline.feeds.files import is_text_encoding
from services.pipeline.feeds.opening import wrong_encoding
from services.pipeline.judging.golden import Golden, read_golden
from services.pipeline.pictures.feed_download import download_feed, is_address
from services.pipeline.settings import PipelineSettings
from services.pipeline.tracking.data_version import data_version


def add_feed_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    load = commands.add_parser("load", help="load a product file and serve it as the catalogue")
    _add_feed(load)
    _add_encoders(load)
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
    upsert = commands.add_parser("upsert", help="add a file's products to the served catalogue")
    _add_feed(upsert)
    _add_encoders(upsert)
    upsert.set_defaults(command=_upsert)
    check = commands.add_parser("check", help="find out whether a feed can be read at all")
    _add_feed(check)
    check.set_defaults(command=_check)


def _add_encoders(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--encoders",
        type=split_at_commas,
        metavar="URL,URL",
        help="encoders that share the work (default: PIPELINE_ENCODER_URLS)",
    )


def _add_feed(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file",
        metavar="FILE",
        help="CSV, TSV, JSON, Parquet or XML, a folder of Parquet or SQID, or an http(s) address",
    )
    command.add_argument("--rejects", type=Path, metavar="PATH", help="CSV file for rejected rows")
    command.add_argument(
        "--report", type=Path, metavar="FILE", help="write the report to this file, as JSON"
    )
    command.add_argument(
        "--downloaded",
        action="store_true",
        help="use the copy of the address FILE that `check` downloaded",
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
    if not is_text_encoding(name):
        raise argparse.ArgumentTypeError(f"there is no encoding {name!r}")
    return codecs.lookup(name).name


def _currency(code: str) -> str:
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise argparse.ArgumentTypeError(f"{code!r} is not three letters, as in EUR")
    return code.upper()


def _load(options: argparse.Namespace, settings: PipelineSettings) -> int:
    golden = None if options.golden is None else read_golden(options.golden)
    with _opened(options, settings) as feed:
        return _take(
            feed,
            options,
            settings,
            undo_changes=options.undo_changes,
            golden=golden,
            force=options.force,
        )


def _upsert(options: argparse.Namespace, settings: PipelineSettings) -> int:
    with _opened(options, settings) as feed:
        return _take(feed, options, settings, live=True)


def _check(options: argparse.Namespace, settings: PipelineSettings) -> int:
    """Up to the first row. `make run` asks first, so this imports nothing slow."""
    with _opened(options, settings) as feed:
        if next(iter(feed.rows()), None) is None:
            raise NothingToLoad(f"{feed.path}: has no rows")
        print(f"{'catalogue':<10} {options.file} ({feed.format})")
        encoding = wrong_encoding(feed.path, _feed_options(options).encoding)
        if encoding is not None:
            print(
                f"warning: {options.file}: not all of it is {encoding}; "
                "name its encoding with FEED_ENCODING=… or --encoding",
                file=sys.stderr,
            )
    return 0


@contextmanager
def _opened(options: argparse.Namespace, settings: PipelineSettings) -> Iterator[Feed]:
    """The feed. Errors in a downloaded feed name its address, not our copy."""
    address: str = options.file
    if not is_address(address):
        yield open_feed(Path(address), _feed_options(options))
        return
    path = download_feed(address, settings, ask_again=not options.downloaded)
    try:
        feed = open_feed(path, _feed_options(options))
        feed.address = address
        yield feed
    except PipelineError as error:
        error.args = (str(error).replace(str(path), address),)
        raise


def _take(
    feed: Feed,
    options: argparse.Namespace,
    settings: PipelineSettings,
    *,
    live: bool = False,
    undo_changes: bool = False,
    golden: Golden | None = None,
    force: bool = False,
) -> int:
    if options.encoders:
        settings = settings.model_copy(update={"encoder_urls": options.encoders})
    # Feast takes seconds to import; `--help` and a file that is no feed need not wait for it.
    from PIL import Image

    from services.pipeline.load import load
    from services.pipeline.tracking.runs import tracked

    # A picture with too many pixels is refused by us, with its row; no need for a warning as well.
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with tracked("load", settings) as record:
        record.parameters = {
            "file": feed.address or feed.path.name,
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
