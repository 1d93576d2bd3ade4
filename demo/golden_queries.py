"""The golden queries of the sample: who asks what, and how well each product answers it."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random

from demo import golden_wording as wording
from demo.golden_wording import GO_TOGETHER, STAND_INS, Form
from demo.make_sample import SampleProduct
from demo.plurals import plurals
from demo.taxonomy import (
    CATEGORIES,
    CATEGORY,
    COLOUR,
    COLOURS,
    PATTERN,
    PATTERNS,
    Named,
)
from services.pipeline.judging.golden import GoldenQuery, Kind, Variant
from services.pipeline.judging.metrics import Grade

PICTURES = 120
IDENTIFIERS = 80
LIMITS = 80
FEWEST_WITHIN = 5
"""Products that a limit leaves, so that a first row of them can be right."""
NULL_QUERIES = 100
_SEED = "golden|1"


@dataclass(frozen=True, slots=True)
class Wish:
    """Requirements of a query; an empty field is no requirement."""

    category: str = ""
    colour: str = ""
    pattern: str = ""
    material: str = ""
    brand: str = ""
    not_colour: str = ""
    not_pattern: str = ""
    product_id: str = ""
    low: float = 0.0
    high: float = math.inf
    """Limits of the price, both included."""

    def fits(self, product: SampleProduct) -> bool:
        """True if the product meets every requirement except the category."""
        looks, words = product.combination, product.wording
        return (
            self.colour in ("", looks.colour)
            and self.pattern in ("", looks.pattern)
            and self.material in ("", words.material)
            and self.brand in ("", words.brand)
            and self.not_colour != looks.colour
            and self.not_pattern != looks.pattern
            and self.product_id in ("", product.product_id)
            and self.low <= words.price <= self.high
        )

    def grade(self, product: SampleProduct) -> Grade:
        """ESCI's grade, from attributes alone."""
        fits = self.fits(product)
        if not self.category:
            return "E" if fits else "I"
        pair = (self.category, product.combination.category)
        if pair[0] == pair[1]:
            return "E" if fits else "S"
        if fits and (pair in STAND_INS or pair[::-1] in STAND_INS):
            return "S"
        if fits and (pair in GO_TOGETHER or pair[::-1] in GO_TOGETHER):
            return "C"
        return "I"


@dataclass(frozen=True, slots=True)
class Asked:
    """A golden query with what it wishes for."""

    query: GoldenQuery
    wish: Wish


_SORTS: tuple[tuple[str, Sequence[Form], int], ...] = (
    ("full", wording.FULL, 100),
    ("colour", wording.COLOUR, 28),
    ("pattern", wording.PATTERN, 28),
    ("category", wording.CATEGORY, 14),
    ("material", wording.MATERIAL, 14),
    ("brand", wording.BRAND, 12),
    ("not a pattern", wording.WITHOUT_PATTERN, 14),
    ("not a colour", wording.WITHOUT_COLOUR, 14),
)


def text_queries(products: Sequence[SampleProduct]) -> list[Asked]:
    """Each asks for what at least one product is; products and forms are dealt out evenly."""
    random = Random(f"{_SEED}|text")
    asked: list[Asked] = []
    texts: set[str] = set()
    for sort, forms, count in _SORTS:
        targets = _spread(products, random)
        made = 0
        while made < count:
            one = _asked(
                f"t{len(asked) + 1:03}", sort, forms[made % len(forms)], next(targets), random
            )
            exact = any(one.wish.grade(product) == "E" for product in products)
            if exact and one.query.text not in texts:
                texts.add(one.query.text)
                asked.append(one)
                made += 1
    return asked


def picture_queries(products: Sequence[SampleProduct]) -> list[Asked]:
    """Each is another drawing of what one product is."""
    targets = _spread(products, Random(f"{_SEED}|picture"))
    asked: dict[Wish, Asked] = {}
    while len(asked) < PICTURES:
        looks = next(targets).combination
        wish = Wish(looks.category, looks.colour, looks.pattern)
        name = f"p{len(asked) + 1:03}"
        query = GoldenQuery(name, "picture", "drawing", picture=f"pictures/{name}.webp")
        asked.setdefault(wish, Asked(query, wish))
    return list(asked.values())


def name_queries() -> list[Asked]:
    """Each category, colour and pattern by its name alone, and by the first of its synonyms.

    Of categories' names and synonyms those that have one also in the plural.
    """
    wishes: list[tuple[Named, Wish]] = [
        *((one, Wish(one.name)) for one in CATEGORIES),
        *((one, Wish(colour=one.name)) for one in COLOURS),
        *((one, Wish(pattern=one.name)) for one in PATTERNS),
    ]
    named = [
        (word, form, wish)
        for one, wish in wishes
        for word, form in zip(one.words, ("the shop's", "a synonym"), strict=False)
    ]
    several = dict(plurals())
    named += [(several[word], "a plural", wish) for word, _, wish in named if word in several]
    return [
        Asked(GoldenQuery(f"w{number:03}", "name", form, text=word), wish)
        for number, (word, form, wish) in enumerate(named, 1)
    ]


def identifier_queries(products: Sequence[SampleProduct]) -> list[Asked]:
    """Ids of products, typed in several ways."""
    random = Random(f"{_SEED}|identifier")
    asked = []
    for number, product in enumerate(random.sample(list(products), IDENTIFIERS)):
        letters, _, digits = product.product_id.partition("-")
        form = wording.IDENTIFIERS[number % len(wording.IDENTIFIERS)]
        text = form.format(
            id=product.product_id, ID=product.product_id.upper(), letters=letters, digits=digits
        )
        query = GoldenQuery(f"i{number + 1:03}", "identifier", "id", text=text)
        asked.append(Asked(query, Wish(product_id=product.product_id)))
    return asked


def limit_queries(products: Sequence[SampleProduct]) -> list[Asked]:
    """A category, or one in a colour, with limits of the price that leave some and omit others."""
    random = Random(f"{_SEED}|limit")
    targets = _spread(products, random)
    asked: dict[str, Asked] = {}
    while len(asked) < LIMITS:
        number = len(asked)
        form = wording.LIMITS[number % len(wording.LIMITS)]
        one = _limited(f"l{number + 1:03}", form, next(targets), products, random)
        if one is not None:
            asked.setdefault(one.query.text, one)
    return list(asked.values())


def _limited(
    name: str, form: str, target: SampleProduct, products: Sequence[SampleProduct], random: Random
) -> Asked | None:
    """None where the limits would leave too few, or none to omit."""
    looks = target.combination
    wish = Wish(looks.category, colour=looks.colour if "{colour}" in form else "")
    prices = sorted(one.wording.price for one in products if wish.grade(one) == "E")
    low, high = (round(random.choice(prices)) for _ in range(2))
    if "{low}" in form and "{high}" in form:
        low, high = min(low, high), max(low, high)
    wish = replace(
        wish,
        low=float(low) if "{low}" in form else 0.0,
        high=float(high) if "{high}" in form else math.inf,
    )
    within = [price for price in prices if wish.low <= price <= wish.high]
    few = 2 if wish.colour else FEWEST_WITHIN
    # A price at the very limit is neither clearly within nor beyond it.
    if not few <= len(within) < len(prices) or {low, high} & set(prices):
        return None
    text = form.format(
        thing=random.choice(CATEGORY[looks.category].words),
        colour=random.choice(COLOUR[looks.colour].words),
        low=low,
        high=high,
    )
    return Asked(GoldenQuery(name, "limit", "price", text=text), wish)


def null_queries() -> list[GoldenQuery]:
    """Queries without a match: nonsense, and products that the shop does not sell."""
    random = Random(f"{_SEED}|nonsense")
    nonsense = dict.fromkeys(_nonsense(number, random) for number in range(2 * NULL_QUERIES))
    kinds: tuple[tuple[str, Kind, Sequence[str]], ...] = (
        ("n", "nonsense", list(nonsense)[:NULL_QUERIES]),
        ("o", "off_catalogue", wording.OFF_CATALOGUE),
    )
    return [
        GoldenQuery(
            f"{letter}{number:03}",
            kind,
            "with a look" if kind == "off_catalogue" and number > NULL_QUERIES // 2 else "bare",
            text=text,
        )
        for letter, kind, texts in kinds
        for number, text in enumerate(texts, 1)
    ]


def variants(queries: Sequence[GoldenQuery]) -> list[Variant]:
    """The same questions, typed badly."""
    random = Random(f"{_SEED}|variants")
    return [
        Variant(query.query_id, name, spoil(query.text, random))
        for query in queries
        for name, spoil in (
            ("typos", _with_typos),
            ("case", _with_other_case),
            ("spacing", _with_other_spacing),
            ("word order", _in_another_order),
        )
    ]


def half(query: GoldenQuery) -> GoldenQuery:
    """The query in its half: decided by a hash, so that it never moves."""
    digest = sha256(f"{_SEED}|{query.query_id}".encode()).digest()
    return replace(query, half="tune" if digest[0] % 2 else "report")


def _spread(products: Sequence[SampleProduct], random: Random) -> Iterator[SampleProduct]:
    """Products, from one category after the other, for ever."""
    by_category: dict[str, list[SampleProduct]] = {}
    for product in products:
        by_category.setdefault(product.combination.category, []).append(product)
    while True:
        categories = list(by_category.values())
        random.shuffle(categories)
        yield from (random.choice(of_category) for of_category in categories)


def _asked(name: str, sort: str, form: Form, target: SampleProduct, random: Random) -> Asked:
    looks = target.combination
    wish = Wish(looks.category)
    colour, pattern = looks.colour, looks.pattern
    match sort:
        case "full":
            wish = replace(wish, colour=colour, pattern=pattern)
        case "colour":
            wish = replace(wish, colour=colour)
        case "pattern":
            wish = replace(wish, pattern=pattern)
        case "material":
            wish = replace(wish, material=target.wording.material, colour=colour)
        case "brand":
            wish = replace(wish, brand=target.wording.brand)
        case "not a pattern":
            others = [one for one in PATTERN if one not in (pattern, "plain")]
            pattern = random.choice(others)
            wish = replace(wish, colour=colour, not_pattern=pattern)
        case "not a colour":
            colour = random.choice([one for one in COLOUR if one != colour])
            wish = replace(wish, pattern=pattern, not_colour=colour)
    words = {
        "thing": random.choice(CATEGORY[looks.category].words),
        "colour": random.choice(COLOUR[colour].words),
        "marks": random.choice(PATTERN[pattern].words),
        "noun": PATTERN[pattern].noun,
        "material": target.wording.material,
        "brand": target.wording.brand,
    }
    query = GoldenQuery(
        name, "text", sort, text=form.text.format(**words), rewrite=form.rewrite.format(**words)
    )
    return Asked(query, wish)


def _nonsense(number: int, random: Random) -> str:
    match number % 5:
        case 0:  # no word of any language, though it could be said
            return " ".join(
                "".join(random.choice("bdfgklmprtvz") + random.choice("aeiou") for _ in range(3))
                for _ in range(random.randint(1, 3))
            )
        case 1:
            row = random.choice(wording.KEYBOARD)
            return "".join(random.choice(row) for _ in range(random.randint(5, 12)))
        case 2:
            return " ".join(random.sample(wording.FILLERS, random.randint(3, 6)))
        case 3:
            return " ".join(random.sample(wording.LOREM, random.randint(2, 5)))
        case _:
            return "".join(random.choice(string.digits + "#%&!?-") for _ in range(9))


def _with_typos(text: str, random: Random) -> str:
    """One slip in every third word: two letters swapped, one lost, doubled or mistaken."""
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(re.sub(r"\W", "", word)) >= 4]
    for place in random.sample(long, max(1, len(words) // 3) if len(long) > 1 else len(long)):
        word = words[place]
        while words[place] == word:  # two equal letters may be swapped
            words[place] = _slip(word, random)
    return " ".join(words)


def _slip(word: str, random: Random) -> str:
    at = random.randrange(1, len(word) - 2)
    return random.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + random.choice(string.ascii_lowercase) + word[at + 1 :],
        )
    )


def _with_other_case(text: str, random: Random) -> str:
    return random.choice((text.upper(), text.title(), text.swapcase().capitalize()))


def _with_other_spacing(text: str, random: Random) -> str:
    return "  " + "".join(" " * random.randint(1, 3) if one == " " else one for one in text) + " "


def _in_another_order(text: str, random: Random) -> str:
    words = text.split(" ")
    random.shuffle(words)
    return " ".join(words)
