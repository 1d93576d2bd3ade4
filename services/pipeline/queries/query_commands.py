"""`queries export` and `queries report` on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from services.contracts.query_log import keyed_hash, normalised
from services.pipeline.errors import DependencyAway, NothingPublished
from services.pipeline.feeds.base import reading
from services.pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from services.pipeline.training.embedded import EmbeddedProducts

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_query_commands(commands: Commands) -> None:
    queries = commands.add_parser("queries", help="export the query log, and report on it")
    actions = queries.add_subparsers(required=True, metavar="ACTION")
    export = actions.add_parser("export", help="export new log entries to Parquet")
    export.set_defaults(command=_export)
    report = actions.add_parser("report", help="show top queries, empty results and trends")
    report.add_argument(
        "--days",
        type=_days,
        default=7,
        metavar="N",
        help="period of the report, in days (default: 7)",
    )
    report.add_argument(
        "--output", type=Path, metavar="FILE", help="also write the report to this file"
    )
    report.add_argument(
        "--known",
        type=Path,
        metavar="FILE",
        help="words, one query a line, to be named where they were asked by their keyed hash "
        "(needs PIPELINE_QUERY_LOG_KEY)",
    )
    report.set_defaults(command=_report)


def _days(text: str) -> int:
    days = int(text)
    if days < 1:
        raise ValueError(text)
    return days


def _export(_: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.queries.export import export

    if settings.query_log_redis_url is None:
        raise DependencyAway("PIPELINE_QUERY_LOG_REDIS_URL does not say where the query log is")
    print(export(str(settings.query_log_redis_url), settings.queries_dir, settings.queries_days))
    return 0


def _report(options: argparse.Namespace, settings: PipelineSettings) -> int:
    # pandas and Arrow take a second to import; no other command needs them.
    from datetime import UTC, datetime, timedelta

    from services.pipeline.queries.query_report import Names, report
    from services.pipeline.queries.query_store import read_since
    from services.pipeline.training.published import published_products, titles

    now = datetime.now(UTC)
    entries = read_since(settings.queries_dir, now - timedelta(days=2 * options.days))
    products: EmbeddedProducts | None = None
    names: dict[str, str] = {}
    try:
        products = published_products(settings.feature_store / "offline")
    except NothingPublished:
        pass  # The queries can be listed without; the report leaves out what needs it.
    else:
        shown = set(entries["best"].drop_null().to_pylist())
        names = titles(settings.feature_store / "offline", shown)
    known = _hashes(_lines(options.known), settings)
    text = report(entries, now, options.days, Names(names, known), products)
    print(text)
    if options.output is not None:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    with reading(path):
        return path.read_text(encoding="utf-8-sig").splitlines()


def _hashes(words: Iterable[str], settings: PipelineSettings) -> dict[str, str]:
    """The words by what stands for them in the log. Raises DependencyAway without the key."""
    wanted = [one for one in words if one.strip()]
    if not wanted:
        return {}
    if settings.query_log_key is None:
        raise DependencyAway("--known needs PIPELINE_QUERY_LOG_KEY, the key of the gateways' hash")
    key = settings.query_log_key.get_secret_value().encode()
    return {keyed_hash(one, key): normalised(one) for one in wanted}
