"""Tables in Markdown, and a page of documentation that they are written into by a command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from services.pipeline.errors import FeedUnusable

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [list(headings), ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_between_marks(page: Path, tables: str) -> None:
    """Replace what stands between the marks of a page. Raises FeedUnusable where it has none."""
    try:
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    except FileNotFoundError as error:
        raise FeedUnusable(f"{page}: there is no such page to write into") from error
    _, end, after = rest.partition(END)
    if not end:
        raise FeedUnusable(f"{page}: there are no marks `{BEGIN}` and `{END}` to write between")
    page.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")
