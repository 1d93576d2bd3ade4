"""Lines for whoever waits for a long run: each is there as soon as it is known."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def table(*columns: str) -> None:
    """The head of one, whose rows come one by one."""
    say(f"\n| {' | '.join(columns)} |")
    say(f"|{' --- |' * len(columns)}")
