"""Commands for the two stores: `rebuild`, `verify`, `sweep`, `backup` and `restore`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from services.pipeline.settings import PipelineSettings


def add_store_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rebuild = commands.add_parser(
        "rebuild", help="put back into Redis what it lost, from the Parquet parts"
    )
    rebuild.add_argument(
        "--force",
        action="store_true",
        help="publish the state of the Parquet parts even if Redis has a newer one",
    )
    rebuild.add_argument(
        "--all", action="store_true", help="delete the catalogue's keys first, and write every row"
    )
    rebuild.set_defaults(command=_rebuild)
    verify = commands.add_parser(
        "verify", help="compare Redis with the Parquet parts; exit code 5 if they differ"
    )
    verify.set_defaults(command=_verify)
    sweep = commands.add_parser(
        "sweep", help="remove what neither the served version nor the one before needs"
    )
    sweep.add_argument("--dry-run", action="store_true", help="show what would be removed")
    sweep.add_argument(
        "--grace",
        type=float,
        metavar="SECONDS",
        help="time for which superseded rows stay for retrievers that read them, and new pictures "
        "for products that are being stored (default: a minute and more, and an hour)",
    )
    sweep.set_defaults(command=_sweep)
    backup = commands.add_parser(
        "backup", help="copy the Parquet parts and the pictures into a new folder"
    )
    backup.add_argument("target", type=Path, metavar="FOLDER")
    backup.set_defaults(command=_backup)
    restore = commands.add_parser("restore", help="serve a backup; `rollback` undoes this")
    restore.add_argument("source", type=Path, metavar="FOLDER")
    restore.set_defaults(command=_restore)


def _rebuild(options: argparse.Namespace, settings: PipelineSettings) -> int:
    # Feast takes seconds to import.
    from services.pipeline.catalogue.store_work import rebuild

    def note(text: str) -> None:
        print(text, file=sys.stderr)

    print(rebuild(settings, note, force=options.force, everything=options.all))
    return 0


def _verify(_: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.store_work import verify_stores

    report = verify_stores(settings)
    for line in report.lines():
        print(line)
    return 5 if report.faults else 0


def _sweep(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.store_work import sweep

    swept = sweep(settings, dry_run=options.dry_run, grace_s=options.grace)
    print("would be removed:" if options.dry_run else "removed:")
    for line in swept.lines():
        print(f"  {line}")
    return 0


def _backup(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.backup import backup

    done = backup(settings, options.target)
    size = sum(file.bytes for file in done.files) / 1e6
    print(
        f"version {done.version}, change {done.sequence}: {done.products} products, "
        f"{len(done.files)} files, {size:.1f} MB in {options.target}"
    )
    return 0


def _restore(options: argparse.Namespace, settings: PipelineSettings) -> int:
    from services.pipeline.catalogue.backup import restore

    head = restore(settings, options.source, lambda text: print(text, file=sys.stderr))
    print(f"version {head.version}, change {head.sequence}, is served")
    return 0
