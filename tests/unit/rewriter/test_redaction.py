"""Messages of an outside service are logged without key and query."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewriter.redaction import MAX_CHARACTERS, REMOVED, redacted

KEY = "test-key-0123456789"
QUERY = 'I want a "secret" present for Aunt Müller, size 42'


@pytest.mark.parametrize(
    "text",
    [
        f"API key {KEY} is not valid",
        f"API key {KEY.upper()} is not valid",
        f"API key {KEY[:12]}… is not valid",
        f"Invalid value: {QUERY}",
        f"Invalid value: {QUERY[5:30]}",
        f"Invalid value: {json.dumps(QUERY)}",
        f"Invalid value: {json.dumps(json.dumps(QUERY))}",
        f"{QUERY} and again {QUERY}",
    ],
)
def test_no_piece_of_a_secret_is_left(text: str) -> None:
    done = redacted(text, (KEY, QUERY, json.dumps(QUERY)[1:-1])).lower()
    assert REMOVED in done
    for secret in (KEY, QUERY, json.dumps(QUERY)):
        pieces = {secret[start : start + 8].lower() for start in range(len(secret) - 7)}
        assert not [piece for piece in pieces if piece in done]


def test_a_short_query_is_removed_as_a_word() -> None:
    assert redacted("Unknown hat in chat", ["hat"]) == f"Unknown {REMOVED} in chat"


def test_what_google_says_stays_readable() -> None:
    said = 'Invalid JSON payload received. Unknown name "systemInstruction": Cannot find field.'
    assert redacted(said, (KEY, QUERY)) == said


@given(st.text(max_size=400), st.text(max_size=60))
def test_the_result_is_one_short_printable_line(text: str, secret: str) -> None:
    done = redacted(text, [secret])
    assert len(done) <= MAX_CHARACTERS
    assert done.isprintable()


@given(st.text(min_size=8, max_size=60).filter(lambda text: text.strip() == text))
def test_a_secret_never_survives_whole(secret: str) -> None:
    if secret.isprintable() and len(secret) >= 8 and "  " not in secret:
        assert secret not in redacted(f"before {secret} after", [secret])
