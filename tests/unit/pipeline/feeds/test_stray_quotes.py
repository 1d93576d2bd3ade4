"""A bad row costs itself and nothing else, wherever its quotes are."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.pipeline.feeds import FeedOptions, FeedRow, open_feed
from services.pipeline.feeds.quoted_rows import MAX_VALUE_CHARACTERS


def rows(folder: Path, content: str, name: str = "feed.csv") -> list[FeedRow]:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    feed = open_feed(path)
    found = list(feed.rows())
    assert feed.count() == len(found)
    return found


def loaded(found: list[FeedRow]) -> list[str]:
    return [row.fields["product_id"] for row in found if row.problem is None]


def table(separator: str, count: int, strays: dict[int, str]) -> str:
    """Products `p1`, `p2`, …, some with a title of their own."""
    lines = [separator.join(("id", "title", "price"))]
    for number in range(1, count + 1):
        title = strays.get(number, f"Red mug {number}")
        lines.append(separator.join((f"p{number}", title, "10.00 EUR")))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "strays",
    [
        {4: '"Old town lamp'},
        {4: '"Old town lamp', 9: '"Home" sign'},
        {4: '"Old town lamp', 9: 'Monitor arm 27"'},
        {4: '"Old town lamp', 5: '"Another lamp', 2_000: '27"'},
        {2_999: '"', 3_000: '"'},
        {1: '"""', 2: '""a', 3: 'a"b', 4: '"a"b"'},
    ],
)
def test_in_tab_separated_feeds_quotes_are_text(tmp_path: Path, strays: dict[int, str]) -> None:
    found = rows(tmp_path, table("\t", 3_000, strays), "feed.tsv")
    assert loaded(found) == [f"p{number}" for number in range(1, 3_001)]
    assert {number: found[number - 1].fields["title"] for number in strays} == strays


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ('"17"" tray"', '17" tray'),
        ('"two\nlines"', "two\nlines"),
        ('"a\ttab"', "a\ttab"),
        ('"Home" sign', '"Home" sign'),
        ('"Home"', '"Home"'),
        ('Monitor arm 15" to 27"', 'Monitor arm 15" to 27"'),
    ],
)
def test_what_a_spreadsheet_had_to_quote_is_unquoted(tmp_path: Path, cell: str, title: str) -> None:
    for header, line in (("id\ttitle\tbrand", f"1\t{cell}\tx"), ("id\ttitle", f"1\t{cell}")):
        following = "2\tHat" + "\tx" * header.count("brand")
        first, second = rows(tmp_path, f"{header}\n{line}\n{following}\n", "feed.tsv")
        assert (first.problem, first.fields["title"]) == (None, title)
        assert second.fields["title"] == "Hat"


def test_a_file_that_quotes_every_value_is_unquoted_whole(tmp_path: Path) -> None:
    content = '"id"\t"title"\n"1"\t"Home"\n"2"\t"two\nlines"\n'
    assert [row.fields["title"] for row in rows(tmp_path, content, "feed.tsv")] == [
        "Home",
        "two\nlines",
    ]


@pytest.mark.parametrize("separator", [",", ";", "|"])
@pytest.mark.parametrize(
    ("strays", "lost"),
    [
        ({4: '"Old town lamp'}, [4]),
        ({4: '"Old town lamp', 9: '"Home" sign'}, [4, 9]),
        ({4: '"Old town lamp', 9: 'Monitor arm 27"'}, [4]),
        ({4: '"Old town lamp', 5: '"Another lamp', 2_000: '27"'}, [4, 5]),
        ({3_000: '"'}, [3_000]),
    ],
)
def test_a_quote_that_runs_away_in_csv_costs_its_own_row(
    tmp_path: Path, separator: str, strays: dict[int, str], lost: list[int]
) -> None:
    found = rows(tmp_path, table(separator, 3_000, strays))
    assert len(found) == 3_000
    assert loaded(found) == [f"p{number}" for number in range(1, 3_001) if number not in lost]
    for number in lost:
        problem = found[number - 1].problem
        assert problem is not None
        assert problem.startswith(f"line {number + 1} cannot be read as CSV")
        assert strays[number] in found[number - 1].values[0]


def test_the_lines_that_a_torn_value_leaves_are_counted_and_named(tmp_path: Path) -> None:
    content = 'id,title,price\n1,"a\nb\nc" d,5\n2,Hat,5\n'
    torn, hat = rows(tmp_path, content)
    assert torn.problem is not None
    assert torn.problem.startswith("lines 2 to 4 cannot be read as CSV: a quote stands inside")
    assert hat.fields["product_id"] == "2"


def test_a_quoted_value_may_hold_lines_with_commas(tmp_path: Path) -> None:
    text = "Holds 300 ml, with lid\nRed, or blue\n" * 500
    content = f'id,title,description,price\n1,Mug,"{text}",5\n2,Hat,,5\n'
    mug, hat = rows(tmp_path, content)
    assert (mug.problem, mug.fields["description"]) == (None, text.strip())
    assert hat.fields["product_id"] == "2"


def test_a_value_beyond_the_limit_costs_its_own_row(tmp_path: Path) -> None:
    content = f"id,title,description\n1,Mug,{'x' * (MAX_VALUE_CHARACTERS + 1)}\n2,Hat,\n"
    huge, hat = rows(tmp_path, content)
    assert huge.problem is not None
    assert "field larger than field limit" in huge.problem
    assert hat.fields["product_id"] == "2"


CELLS = st.text(
    st.one_of(
        st.sampled_from("\"',;\t|\n\r ab1"),
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029"),
    ),
    max_size=12,
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cells=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8),
    separator=st.sampled_from(",;|\t"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=ENCODINGS,
)
def test_a_table_in_any_dialect_loads_whole_or_names_each_lost_row(
    tmp_path: Path,
    cells: list[tuple[str, str, str]],
    separator: str,
    quoting: Literal[0, 1, 2, 3],
    end: str,
    encoding: str,
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerow(["product_id", "title", "color", "size", "note"])
    for number, (color, size, note) in enumerate(cells):
        writer.writerow([f"p-{number}", "Mug", color, size, note])
    path = tmp_path / "feed.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    feed = open_feed(path, FeedOptions(encoding="gb18030" if encoding == "gb18030" else ""))
    found = list(feed.rows())
    assert feed.count() == len(found)
    whole = {row.fields["product_id"]: row for row in found if row.problem is None}
    lost = [number for number in range(len(cells)) if f"p-{number}" not in whole]
    named = [row for row in found if row.problem is not None]
    assert len(named) >= len(lost)
    # Python's `csv` does not quote a line break that is not in its own line end.
    broken = quoting == csv.QUOTE_MINIMAL and any(
        set(value) & set("\r\n") - set(end) for row in cells for value in row
    )
    if not broken and (separator != "\t" or quoting != csv.QUOTE_MINIMAL):
        assert not named
        for number, row in enumerate(found):
            for name, value in zip(("color", "size", "note"), cells[number], strict=True):
                assert row.values[feed.columns.index(name)] == value
