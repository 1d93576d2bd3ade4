"""HTML in feeds becomes readable text; no input hangs or raises."""

from __future__ import annotations

import pytest

from services.pipeline.feeds.html import MAX_HTML_CHARACTERS, html_to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("3 < 4 & 5 > 4", "3 < 4 & 5 > 4"),
        ("<p>Soft&nbsp;<b>cot</b>ton &amp; silk</p>", "Soft cotton & silk"),
        ("<ul><li>One<li>Two</ul>Three", "One\nTwo\nThree"),
        ("One<br>two<br/>three", "One\ntwo\nthree"),
        ("A<script>alert(1)</script><style>p{}</style><!-- no -->B", "AB"),
        ("Caf&eacute; &#8211; &#x2713;", "Café – ✓"),
        ("&lt;p&gt;Escaped &amp;amp; twice&lt;/p&gt;", "Escaped & twice"),
        ("<p>never <b>closed", "never closed"),
        ('<img src="x" onerror="alert(1)">', ""),
        ("", ""),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize("piece", ["<!--", "<div>", "<a b='", "&", "</", "<script>"])
def test_hostile_markup_is_read_in_no_time(piece: str) -> None:
    html_to_text(piece * (MAX_HTML_CHARACTERS // len(piece)))


def test_text_that_is_too_long_is_cut_and_wrong_bytes_are_left_to_validation() -> None:
    assert html_to_text("x" * (MAX_HTML_CHARACTERS + 1)) == "x" * MAX_HTML_CHARACTERS
    assert html_to_text("<p>\udce9") == "\udce9"


@pytest.mark.parametrize("size", [100, 400_000])
def test_a_picture_inside_the_text_is_dropped_as_every_tag_is(size: int) -> None:
    picture = f'<img src="data:image/png;base64,{"iVBORw0KGgo+/" * (size // 13)}==">'
    assert html_to_text(f"<p>Holds 300 ml.</p>{picture}<p>Blue</p>") == "Holds 300 ml.\nBlue"
