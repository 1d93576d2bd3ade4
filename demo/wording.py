"""Product wording: titles and descriptions of the shop, captions to learn from.

The two never share a template with each other or with the golden queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from demo.taxonomy import BRANDS, CATEGORY, COLOUR, PATTERN, Combination


@dataclass(frozen=True, slots=True)
class Caption:
    """Words about a picture, and which attributes they pin down.

    A caption that leaves an attribute out is as true of any other value of it.
    """

    text: str
    category: bool
    colour: bool
    pattern: bool


@dataclass(frozen=True, slots=True)
class Wording:
    """Title and description of a product."""

    title: str
    description: str
    brand: str
    material: str
    price: float


def shop_wording(combination: Combination, random: Random) -> Wording:
    """Title, description, brand, material and price of a product."""
    category, pattern = CATEGORY[combination.category], PATTERN[combination.pattern]
    colour, brand = combination.colour, random.choice(BRANDS)
    material, purpose = random.choice(category.materials), _purpose(combination, random)
    looks = f"{colour} {pattern.name}"
    title = random.choice(
        (
            f"{brand} {looks} {material} {category.name}",
            f"{brand} {category.name}, {material}, {looks}",
            f"{brand} {material} {category.name} in {colour}, {pattern.name}",
        )
    )
    other = _a(_singular(combination, random))
    description = random.choice(
        (
            f"{other.capitalize()} in {colour} with {pattern.noun}. Made of {material}, "
            f"for {purpose}.",
            f"Made of {material}, for {purpose}: {other}. The colour is {colour}, "
            f"the design has {pattern.noun}.",
            f"{colour.capitalize()} and {pattern.name}: {other} of fine {material} "
            f"that is made for {purpose}.",
        )
    )
    low, high = category.price
    return Wording(title, description, brand, material, _price(random.uniform(low, high)))


def training_caption(combination: Combination, random: Random) -> Caption:
    """A caption as somebody looking for it might ask: synonyms, any order, often not everything."""
    kind = random.random()
    if kind < 0.16:
        return _shop_like(combination, random)
    if kind < 0.72:
        return _asked(combination, random, category=True, colour=True, pattern=True)
    if kind < 0.82:
        return _asked(combination, random, category=True, colour=True, pattern=False)
    if kind < 0.92:
        return _asked(combination, random, category=True, colour=False, pattern=True)
    if kind < 0.96:
        return _asked(combination, random, category=True, colour=False, pattern=False)
    return _asked(combination, random, category=False, colour=True, pattern=True)


def product_text(combination: Combination, random: Random) -> str:
    """Words as a catalogue has them, for learning how products' own texts read."""
    return _shop_like(combination, random).text


def _asked(
    combination: Combination, random: Random, *, category: bool, colour: bool, pattern: bool
) -> Caption:
    thing = _word(CATEGORY[combination.category].words, random) if category else "something"
    shade = _word(COLOUR[combination.colour].words, random) if colour else ""
    marks = _word(PATTERN[combination.pattern].words, random) if pattern else ""
    noun = PATTERN[combination.pattern].noun
    forms = [
        f"{shade} {marks} {thing}",
        f"{marks} {shade} {thing}",
        f"{thing} {shade} {marks}",
        f"{thing} {marks} {shade}",
    ]
    if pattern:
        forms += [f"{shade} {thing} with {noun}", f"{thing} with {noun} {shade}"]
        forms += [f"{thing} with {shade} {noun}", f"{noun} on a {shade} {thing}"]
    if colour:
        forms += [f"{marks} {thing} in {shade}", f"{thing}, {marks}, in {shade}"]
    text = random.choice(forms)
    if random.random() < 0.35:
        purpose = _purpose(combination, random) if category else "me"
        before, after = random.choice(
            (
                ("a ", ""), ("a ", ""), ("the ", ""), ("i need a ", ""), ("i want a ", ""),
                ("show me a ", ""), ("a picture of a ", ""), ("a drawing of a ", ""),
                ("nice ", ""), ("cheap ", ""), ("buy ", ""), ("", f" for {purpose}"),
                ("a ", " as a gift"), ("", " please"), ("my ", ""), ("new ", ""),
            )
        )  # fmt: skip
        text = f"{before}{text}{after}"
    return Caption(" ".join(text.split()), category, colour, pattern)


def _shop_like(combination: Combination, random: Random) -> Caption:
    """Catalogue prose of other make than `shop_wording`'s."""
    category, pattern = CATEGORY[combination.category], PATTERN[combination.pattern]
    colour, brand = combination.colour, random.choice(BRANDS)
    material, purpose = random.choice(category.materials), _purpose(combination, random)
    one, two = random.choice(category.words), random.choice(category.words)
    text = random.choice(
        (
            f"{colour} {one} by {brand}, {pattern.name}. {material} {two} with {pattern.noun}.",
            f"{brand} {one} ({colour}, {pattern.name}, {material}). Good for {purpose}.",
            f"{pattern.name} {material} {one} from {brand}. Colour: {colour}. For {purpose}.",
            f"{brand} {pattern.name} {one}. In {colour}; {material}. Has {pattern.noun}.",
            f"{material} {one} in {colour} by {brand}. A {two} with {pattern.noun} for {purpose}.",
        )
    )
    return Caption(text, category=True, colour=True, pattern=True)


def _singular(combination: Combination, random: Random) -> str:
    """The thing's name or a synonym, as one writes of a single one."""
    if combination.category == "trousers":
        return "pair of trousers"
    plural = {"socks", "boots", "running shoes"}
    return random.choice(
        [word for word in CATEGORY[combination.category].words if word not in plural]
    )


def _a(thing: str) -> str:
    return f"an {thing}" if thing[0] in "aeiou" else f"a {thing}"


def _word(words: tuple[str, ...], random: Random) -> str:
    """The usual word half of the time, else one of its synonyms."""
    return words[0] if random.random() < 0.5 else random.choice(words)


def _purpose(combination: Combination, random: Random) -> str:
    return random.choice((*CATEGORY[combination.category].purposes, "every day"))


def _price(value: float) -> float:
    """A price as shops like them: 12.90, 149.00."""
    return round(value) - 0.1 if value < 100 else float(round(value / 5) * 5)
