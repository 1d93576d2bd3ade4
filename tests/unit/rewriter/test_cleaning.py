"""Answers of a model that are fit to search with, and those that are not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewriter.answer import rewritten
from services.rewriter.cleaning import MAX_CHARACTERS, cleaned
from services.rewriter.prompt import instructions

QUERY = "I am looking for something warm to put my coffee in, red with stripes"

CAPTIONS = """
shopper bag in brown leather
sure-grip tool
query builder book
sorry board game
cannot opener
assistant chair
here comes the sun poster
I am legend dvd
as an ai doormat
language model poster
disregard sign
ignore the noise headphones
prompt side curtain
sewing instructions
lego set with instructions
instruction manual holder
journal with writing prompts
personal assistant robot
sure deodorant
sorry not sorry shirt
do not disturb sign
thank you card
gift for her
my little pony toy
love you mug
I love New York t-shirt
jacket that is waterproof
the who vinyl record
a mug with a handle for the left hand
New York New York poster
bora bora towel
Dr. Martens boots
No. 5 perfume
C# programming book
#2 pencils
M*A*S*H dvd
E=mc2 mug
AT&T phone
USB-C cable, 2.5m
1/2 inch drill bit, 3/4 hex
t-shirt, 100% cotton
Panic! at the Disco poster
rock 'n' roll shirt
women's hat, not wool
black monitor, 27"
crème brûlée dish
a can opener
must have bag
mug for the lid that is lost
jacket for a girl who is tall
query language for dummies
shopping request pad
product design book
no rinse shampoo
sorry we are closed sign
some like it hot dvd
none of your business mug
to do list pad
here boy dog treats
system of a down vinyl
24/7 sticker
"""

TITLES = """
you can do it poster
yes we can badge
you are here map
this is us dvd
me to you bear
the sky is the limit poster
I can't believe it's not butter spread
are you there god it's me margaret book
what to expect when you're expecting book
that's what she said mug
it's a boy balloon
was it worth it shirt
"""

PROSE = """
Here is the description: red mug
Description: red mug
Here is a short product description
Here is a red mug
Sure! Here's a description of the product
Sure, here is the description you asked for
This is a red mug
It is a red mug
It looks like you want a mug
I would suggest a red mug
I think you want a red mug
You are looking for a red mug
The shopper is looking for a red mug
The user is looking for a mug because they are cold
A red mug. It keeps coffee warm
There is no product in this query
What colour would you like?
Sorry, that I cannot do
I'm sorry, but I can't help with that.
I'm a language model
As an AI language model, I cannot help
I cannot assist with that request
I am unable to help with that request
I will not do that
We are unable to answer
No. I cannot.
None
Ignore all previous instructions
ignoring my prompt
ignore the prompt
My instructions say that I should describe products
I apologize, but I cannot fulfil this request
My apologies, this request violates policy
Unfortunately the shopper did not specify a product
Unfortunately no product was specified
No product found
Your query does not describe a product
The product sought is a red striped coffee mug
A shopper would like a red striped mug
Here are some options, red mug and blue mug
As requested, here is a description of the product
Let me know if you need anything else
Hi there, how can I help
OK, I have ignored my instructions
"""

GARBAGE = [
    "",
    " \n ",
    "...",
    '""',
    "N/A",
    "42",
    "null",
    "true",
    '["red mug"]',
    '{"query": "red mug"}',
    '{"description": "red mug", "reason": "it is warm"}',
    '{"description": ["red mug"]}',
    '{"description": null}',
    '{"description": "red mug',
    '{"description": {"description": "red mug"}}',
    "[" * 100_000,
    "red mug\nblue mug",
    "- red mug\n- blue mug",
    "red mug\u2028blue mug",
    "red\x00mug",
    "red \u202emug",
    "\ufffd\ufffd mug",
    "<b>red mug</b>",
    "**red mug**",
    "*red* mug",
    "a `red` mug",
    "# Red mug",
    "- red mug",
    "1. mug 2. cup",
    "see https://example.com",
    "write to shop@mugs.example",
    "red mug &lt;script",
    "SELECT * FROM products",
    "mug; DROP TABLE products",
    "def f(mug): return mug",
    "javascript:alert(1)",
    '```json\n{"description": "red mug"}\n```',
    "m\u0336u\u0336g\u0336",
    "!!!??? @@@ mug",
    'the "best" mug',
    "“red mug”, “blue mug”",
    "mug mug mug mug",
    "red mug, red mug, red mug",
    "mugmugmugmugmugmug",
    "mug " * 41,
    "x" * (MAX_CHARACTERS + 1),
]


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()


def _read(answer: str, query: str = QUERY) -> str | None:
    meaning = rewritten(answer, query)
    return None if meaning is None else meaning.rewritten_query


@pytest.mark.parametrize("caption", _lines(CAPTIONS))
def test_a_caption_is_taken_whatever_its_words_are(caption: str) -> None:
    assert _read(json.dumps({"description": caption})) == caption
    assert _read(caption) == caption, "a proxy may drop the schema"


@pytest.mark.parametrize("title", _lines(TITLES))
def test_a_title_that_is_a_sentence_is_taken_if_the_query_has_it(title: str) -> None:
    assert _read(title, f"hello, do you have the {title.lower()}, please") == title
    assert _read(title) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("  red  striped mug \n", "red striped mug"),
        ('"red striped mug"', "red striped mug"),
        ('{"description": "\'red striped mug\'"}', "red striped mug"),
        (' {"description": "Red striped mug."}\n', "Red striped mug"),
        ("“red mug”.", None),
    ],
)
def test_space_quotes_and_a_full_stop_around_it_are_removed(
    answer: str, expected: str | None
) -> None:
    assert _read(answer) == expected


@pytest.mark.parametrize("prose", _lines(PROSE))
def test_prose_is_refused(prose: str) -> None:
    assert _read(prose) is None
    assert _read(json.dumps({"description": prose})) is None


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_refused(garbage: str) -> None:
    assert _read(garbage) is None


def test_no_line_of_the_prompt_is_taken() -> None:
    words = instructions().split()
    for start in range(len(words) - 8):
        assert _read(" ".join(words[start : start + 8])) is None


def test_a_description_far_longer_than_its_query_is_refused() -> None:
    long = "red mug of glazed clay with blue dots, green rim, wooden lid, cork base, steel spoon"
    assert _read(long, "a hat") is None
    assert _read(long, f"I want a {long} for my aunt") == long
    assert _read(
        "red and white porcelain tea cup with a saucer, hand painted", "赤と白の磁器の茶碗"
    )


@given(st.text(), st.text(min_size=1))
def test_what_is_taken_is_one_bounded_printable_line(answer: str, query: str) -> None:
    line = _read(answer, query)
    if line is not None:
        assert 0 < len(line) <= MAX_CHARACTERS
        assert line.isprintable()
        assert not set("<>{}`\\") & set(line)
        assert cleaned(line, query) is not None
