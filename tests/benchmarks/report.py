"""Tables for `docs/benchmarks.md`, where every benchmark has a section of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE = Path("docs/benchmarks.md")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers with three significant digits."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines)


def write_section(title: str, text: str) -> None:
    """Put `text` under `## title` in place of what stood there, or at the end."""
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(f"\n## {title}\n")
    _, next_heading, after = rest.partition("\n## ")
    following = f"\n## {after}" if next_heading else ""
    start = before if found else page.rstrip("\n") + "\n"
    PAGE.write_text(f"{start}\n## {title}\n\n{text.strip()}\n{following}", encoding="utf-8")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)
