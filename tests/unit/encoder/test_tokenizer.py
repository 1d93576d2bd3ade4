from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.encoder.tokenizer import CONTEXT_LENGTH, Tokenizer
from tests.support.clip_reference import ReferenceTokenizer, reference_tokenizer

CORPUS = [
    "",
    "   ",
    "red running shoes",
    "Don't they're I'll WE'VE o'clock",
    "café naïve Ünïcödé İstanbul ſharp ﬁne",
    "红色的跑鞋 漢字かな 한국어 العربية עברית",
    "👟 👍🏽 👨‍👩‍👧 🇫🇷",
    "&lt;b&gt;sale&lt;/b&gt; &amp;amp; 50&nbsp;% &quot;off&quot;",
    "â€œmojibakeâ€\x9d Ã©tÃ©",
    "size 42 1/2, 12,99 € (-30%)!!! a_b-c/d",
    "<|endoftext|> in the middle <|startoftext|>",
    "tab\tnew\nline\u2028sep\u200bzero\x00nul",
    "word " * 2_000,
    "x" * 10_000,
    "abcdefghij" * 1_000,
    "语" * 10_000,
]


@pytest.fixture(scope="module")
def reference() -> ReferenceTokenizer:
    return reference_tokenizer()


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer()


def reference_tokens(reference: ReferenceTokenizer, text: str) -> list[int]:
    """Tokens as `clip.tokenize(text, truncate=True)` makes them, without padding."""
    tokens = [49_406, *reference.encode(text), 49_407]
    return tokens if len(tokens) <= CONTEXT_LENGTH else [*tokens[: CONTEXT_LENGTH - 1], 49_407]


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:24]))
def test_tokens_are_those_of_clip(
    text: str, tokenizer: Tokenizer, reference: ReferenceTokenizer
) -> None:
    assert tokenizer.tokenize([text])[0].tolist() == reference_tokens(reference, text)


@given(st.text(max_size=200) | st.text(st.characters(max_codepoint=127), max_size=200))
def test_tokens_are_those_of_clip_for_any_text(text: str) -> None:
    assert ANY.tokenize([text])[0].tolist() == reference_tokens(ANY_REFERENCE, text)


ANY, ANY_REFERENCE = Tokenizer(), reference_tokenizer()


@pytest.mark.parametrize("text", ["a" * 10_000, "ab" * 5_000, "é" * 10_000])
def test_one_very_long_word_costs_milliseconds(text: str, tokenizer: Tokenizer) -> None:
    seconds = []
    for number in range(5):  # the garbage collector may run meanwhile, hardly each time
        started = time.thread_time()
        tokenizer.tokenize([text + "b" * number])
        seconds.append(time.thread_time() - started)
    assert min(seconds) < 0.5


def test_every_text_fits_the_context(tokenizer: Tokenizer) -> None:
    lengths = [len(tokens) for tokens in tokenizer.tokenize(CORPUS)]
    assert max(lengths) == CONTEXT_LENGTH
    assert min(lengths) == 2
