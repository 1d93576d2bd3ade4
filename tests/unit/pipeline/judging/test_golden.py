"""Golden tables: what is written is read again, and a bad row is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.judging.golden import (
    JUDGEMENTS,
    QUERIES,
    VARIANTS,
    Golden,
    GoldenQuery,
    Variant,
    read_golden,
    write_golden,
)

GOLDEN = Golden(
    queries=[
        GoldenQuery("t1", "text", "full", text="red, striped mug", half="tune"),
        GoldenQuery("p1", "picture", picture="pictures/p1.webp"),
        GoldenQuery("n1", "nonsense", text="qwxz"),
    ],
    judgements={"t1": {"a": "E", "b": "S"}, "p1": {"a": "E"}},
    variants=[Variant("t1", "case", "RED, STRIPED MUG")],
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_golden(GOLDEN, tmp_path)
    return tmp_path


def test_what_is_written_is_read_again(folder: Path) -> None:
    read = read_golden(folder)
    assert (read.queries, read.judgements) == (GOLDEN.queries, GOLDEN.judgements)
    assert read.variants == GOLDEN.variants
    assert [query.answerable for query in read.queries] == [True, True, False]
    (folder / VARIANTS).unlink()
    assert read_golden(folder).variants == []


def test_a_picture_is_read_from_the_folder_or_named(folder: Path) -> None:
    read = read_golden(folder)
    with pytest.raises(FeedUnusable, match=r"p1\.webp: the picture of query p1 is not there"):
        read.picture(read.queries[1])
    (folder / "pictures").mkdir()
    (folder / "pictures" / "p1.webp").write_bytes(b"picture")
    assert read.picture(read.queries[1]) == b"picture"


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        (QUERIES, "t2,song,,la,,,report\n", "line 5: kind is 'song', not one of text, picture"),
        (QUERIES, "t2,,,la,,,report\n", "line 5: kind is empty"),
        (QUERIES, "t1,text,,a hat,,,report\n", "line 5: query_id 't1' is already that of line 2"),
        (JUDGEMENTS, "t1,c,X\n", "line 5: grade is 'X', not one of E, S, C, I"),
        (JUDGEMENTS, "t9,c,E\n", "line 5: there is no query 't9'"),
        (JUDGEMENTS, "n1,c,E\n", "line 5: there is no query 'n1' that has an answer"),
        (QUERIES, "t2,text,,a hat,,,report\n", "no product is graded E for 't2'"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(
    folder: Path, table: str, row: str, reason: str
) -> None:
    with (folder / table).open("a") as file:
        file.write(row)
    with pytest.raises(FeedUnusable, match=reason):
        read_golden(folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"query_id;kind\nt1;text\n", "no column query_id; expected are, separated by commas: q"),
        ("query_id,kind,text\nt1,text,gr\u00fcn\n".encode("cp1252"), "it is not utf-8, byte 30"),
        (b"query_id,kind\nt1," + b"x" * 200_000, "cannot be read: field larger than"),
        (b"", "there is no column query_id"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(folder: Path, content: bytes, reason: str) -> None:
    (folder / QUERIES).write_bytes(content)
    csv.field_size_limit(131_072)
    with pytest.raises(FeedUnusable, match=reason):
        read_golden(folder)


def test_a_folder_without_golden_queries_says_so(tmp_path: Path) -> None:
    with pytest.raises(FeedUnusable, match="there are no golden queries here"):
        read_golden(tmp_path)
