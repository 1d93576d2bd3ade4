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
    """Replace what stands between the marks of a page. Raises as `around_marks` does."""
    before, after = around_marks(page)
    page.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")


def around_marks(page: Path) -> tuple[str, str]:
    """The text before and after the marks. Raises FeedUnusable if there are none."""
    try:
        with page.open("r+", encoding="utf-8") as text:  # to be written to, too
            before, _, rest = text.read().partition(BEGIN)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise FeedUnusable(f"{page}: this is no page to write into: {reason}") from error
    _, end, after = rest.partition(END)
    if not end:
        raise FeedUnusable(f"{page}: there are no marks `{BEGIN}` and `{END}` to write between")
    return before, after
