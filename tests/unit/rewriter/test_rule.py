"""The rule that decides which queries are sent to Gemini."""

from __future__ import annotations

import pytest

from services.rewriter.rule import needs_rewriting


@pytest.mark.parametrize(
    "query",
    [
        "red running shoes",
        "mug",
        "Nike Air Max 90",
        "t-shirt v-neck",
        "blue shoes with white laces",
        '27" monitor',
        "usb-c cable 2.5m",
        "  mug  ",
        "1234",
        "!!!",
    ],
)
def test_keywords_need_none(query: str) -> None:
    assert not needs_rewriting(query)


@pytest.mark.parametrize(
    "query",
    [
        "I need a mug",
        "i'm after boots",
        "something for winter",
        "shoes without laces",
        "a hat",
        "What goes with a red dress?",
        "mug. red. striped",
        "red shoes\nsize 42",
        "warm red wool hat for winter hiking trips",
        "weiße Schuhe",
        "赤い靴",
        "👟",
    ],
)
def test_talk_negations_and_other_languages_do(query: str) -> None:
    assert needs_rewriting(query)
