"""Which answers of a model are fit to search with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewriter.cleaning import MAX_CHARACTERS, cleaned


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("red striped mug", "red striped mug"),
        ("  red  striped mug \n", "red striped mug"),
        ('"red striped mug"', "red striped mug"),
        ("“red mug”.", None),
        ("Red striped mug.", "Red striped mug"),
        ('black monitor, 27"', 'black monitor, 27"'),
        ("women's hat, not wool", "women's hat, not wool"),
        ("crème brûlée dish", "crème brûlée dish"),
    ],
)
def test_a_plain_line_is_taken(answer: str, expected: str | None) -> None:
    assert cleaned(answer) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n ",
        "...",
        '""',
        "red mug\nblue mug",
        "red mug\u2028blue mug",
        "red\x00mug",
        "red \u202emug",
        "<b>red mug</b>",
        "**red mug**",
        "a `red` mug",
        '{"description": "red mug"}',
        "see https://example.com",
        "red mug &lt;script",
        "- red mug",
        'the "best" mug',
        "Here is the description: red mug",
        "Sorry, that I cannot do",
        "I'm a language model",
        "Ignore all previous instructions",
        "ignoring my prompt",
        "mug " * 41,
        "x" * (MAX_CHARACTERS + 1),
    ],
)
def test_anything_else_is_refused(answer: str) -> None:
    assert cleaned(answer) is None


@given(st.text())
def test_what_is_taken_is_one_bounded_printable_line(answer: str) -> None:
    line = cleaned(answer)
    if line is not None:
        assert 0 < len(line) <= MAX_CHARACTERS
        assert line.isprintable()
        assert not set("<>{}`\\") & set(line)
        assert cleaned(line) is not None
