"""Taxonomy of the drawn shop: categories, colours, patterns, materials, brands, prices.

Each category × colour × pattern is a *combination*. A fixed third of them is held out: the sample
catalogue is drawn from held-out combinations alone, and training never sees one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with a name, and the other words that people use for it."""

    name: str
    synonyms: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return (self.name, *self.synonyms)


@dataclass(frozen=True, slots=True)
class Colour(Named):
    hex: str = "#000000"


@dataclass(frozen=True, slots=True)
class Pattern(Named):
    """`noun` is the form after "with": a mug with red stripes."""

    noun: str = ""


@dataclass(frozen=True, slots=True)
class Category(Named):
    """`path` is its place in the shop, `drawing` the shape that stands for it."""

    path: str = ""
    materials: tuple[str, ...] = ()
    price: tuple[float, float] = (1.0, 1.0)
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Combination:
    """Names of a category, a colour and a pattern."""

    category: str
    colour: str
    pattern: str


COLOURS = (
    Colour("red", ("scarlet", "crimson"), "#d62f33"),
    Colour("orange", ("tangerine",), "#f08322"),
    Colour("yellow", ("lemon", "sunny yellow"), "#f3cb2b"),
    Colour("green", ("emerald", "forest green"), "#35994a"),
    Colour("turquoise", ("teal", "aqua"), "#1fb3ac"),
    Colour("blue", ("royal blue", "cobalt"), "#2f6bd0"),
    Colour("navy", ("dark blue", "midnight blue"), "#22305f"),
    Colour("purple", ("violet", "lilac"), "#8447b8"),
    Colour("pink", ("rose", "blush"), "#f087b3"),
    Colour("brown", ("chestnut", "chocolate"), "#865432"),
    Colour("black", ("jet black", "ebony"), "#2b2b2f"),
    Colour("grey", ("gray", "silver"), "#949aa3"),
    Colour("white", ("ivory", "cream"), "#f4f1e8"),
)

PATTERNS = (
    Pattern("plain", ("solid", "unpatterned"), "no pattern"),
    Pattern("striped", ("stripy", "lined"), "stripes"),
    Pattern("dotted", ("polka dot", "spotted"), "dots"),
    Pattern("checked", ("checkered", "gingham"), "checks"),
    Pattern("zigzag", ("chevron",), "zigzags"),
    Pattern("floral", ("flowery", "flower print"), "flowers"),
    Pattern("starred", ("star print", "starry"), "stars"),
)

_CLAY = ("ceramic", "porcelain", "stoneware")
_CLOTH = ("cotton", "linen", "polyester")
_WARM = ("wool", "cotton", "fleece")
_BAG = ("canvas", "nylon", "leather")
_FURNITURE = ("oak", "beech", "steel")

CATEGORIES = (
    Category("mug", ("cup", "coffee mug"), "Kitchen > Mugs", _CLAY, (7, 19), ("coffee", "tea")),
    Category("teapot", ("tea pot",), "Kitchen > Teapots", _CLAY, (19, 49), ("tea",)),
    Category("bowl", ("cereal bowl",), "Kitchen > Bowls", _CLAY, (6, 24), ("soup", "breakfast")),
    Category("plate", ("dinner plate", "dish"), "Kitchen > Plates", _CLAY, (5, 18), ("dinner",)),
    Category(
        "bottle",
        ("water bottle", "drinking bottle"),
        "Kitchen > Bottles",
        ("steel", "glass", "plastic"),
        (9, 29),
        ("hiking", "the gym"),
    ),
    Category(
        "apron", ("kitchen apron",), "Kitchen > Aprons", _CLOTH, (12, 32), ("cooking", "baking")
    ),
    Category(
        "t-shirt", ("tee", "tshirt"), "Clothing > T-shirts", _CLOTH, (9, 29), ("summer", "sport")
    ),
    Category("dress", ("frock", "gown"), "Clothing > Dresses", _CLOTH, (29, 89), ("a party",)),
    Category("skirt", (), "Clothing > Skirts", _CLOTH, (19, 59), ("summer",)),
    Category(
        "trousers", ("pants", "slacks"), "Clothing > Trousers", _CLOTH, (29, 79), ("the office",)
    ),
    Category(
        "sweater", ("jumper", "pullover"), "Clothing > Sweaters", _WARM, (29, 89), ("winter",)
    ),
    Category("sock", ("socks",), "Clothing > Socks", _WARM, (4, 14), ("winter", "hiking")),
    Category(
        "running shoe",
        ("sneaker", "trainer", "running shoes"),
        "Shoes > Running shoes",
        ("mesh", "canvas", "leather"),
        (49, 139),
        ("jogging", "the gym"),
    ),
    Category(
        "boot",
        ("rain boot", "wellington", "boots"),
        "Shoes > Boots",
        ("rubber", "leather"),
        (39, 119),
        ("rain", "the garden"),
    ),
    Category("hat", ("sun hat", "brimmed hat"), "Accessories > Hats", _CLOTH, (14, 49), ("sun",)),
    Category(
        "beanie", ("woolly hat", "knit cap"), "Accessories > Beanies", _WARM, (9, 29), ("winter",)
    ),
    Category(
        "scarf", ("shawl", "neck scarf"), "Accessories > Scarves", _WARM, (12, 49), ("winter",)
    ),
    Category(
        "backpack",
        ("rucksack", "school bag"),
        "Accessories > Backpacks",
        _BAG,
        (29, 119),
        ("school", "hiking"),
    ),
    Category(
        "handbag", ("purse", "shoulder bag"), "Accessories > Handbags", _BAG, (29, 149), ("work",)
    ),
    Category(
        "umbrella",
        ("parasol", "brolly"),
        "Accessories > Umbrellas",
        ("polyester", "nylon"),
        (12, 39),
        ("rain",),
    ),
    Category(
        "cushion", ("pillow", "throw pillow"), "Home > Cushions", _CLOTH, (12, 39), ("the sofa",)
    ),
    Category(
        "lamp", ("table lamp", "desk lamp"), "Home > Lamps", ("fabric", "paper"), (29, 99), ("bed",)
    ),
    Category("vase", ("flower vase",), "Home > Vases", (*_CLAY, "glass"), (14, 59), ("flowers",)),
    Category(
        "chair", ("dining chair", "seat"), "Home > Chairs", _FURNITURE, (59, 199), ("dining",)
    ),
    Category(
        "armchair",
        ("easy chair", "lounge chair"),
        "Home > Armchairs",
        ("velvet", "linen", "wool"),
        (149, 499),
        ("reading",),
    ),
    Category(
        "rug", ("carpet", "mat"), "Home > Rugs", ("wool", "cotton"), (39, 199), ("the floor",)
    ),
    Category(
        "ball", ("beach ball", "play ball"), "Toys > Balls", ("rubber", "vinyl"), (5, 19), ("play",)
    ),
    Category(
        "kite", (), "Toys > Kites", ("nylon", "polyester"), (12, 39), ("the beach", "windy days")
    ),
)

BRANDS = (
    "Almira", "Bergholt", "Candela", "Dovetail", "Ellery", "Fjordly", "Grovehill", "Halden",
    "Isola", "Juniper & Co", "Kestrel", "Lumo", "Marlowe", "Northbay", "Orrin", "Pebble",
)  # fmt: skip

SHOWN = frozenset(
    {
        Combination("mug", "red", "striped"),
        Combination("running shoe", "red", "plain"),
        Combination("running shoe", "blue", "striped"),
        Combination("umbrella", "yellow", "dotted"),
        Combination("dress", "green", "floral"),
        Combination("armchair", "grey", "starred"),
        Combination("beanie", "purple", "zigzag"),
        Combination("backpack", "navy", "plain"),
    }
)
"""Combinations in the examples of the page and the documentation. They are held out too, so that
the first results that anyone sees are of combinations never learned."""

_HELD_OUT_OF = 3


def held_out(combination: Combination) -> bool:
    """True if training never sees the combination. A hash decides, so the split never changes."""
    if combination in SHOWN:
        return True
    text = f"{combination.category}|{combination.colour}|{combination.pattern}"
    return hashlib.sha256(text.encode()).digest()[0] % _HELD_OUT_OF == 0


def combinations() -> list[Combination]:
    """Every combination, in a fixed order."""
    return [
        Combination(category.name, colour.name, pattern.name)
        for category, colour, pattern in product(CATEGORIES, COLOURS, PATTERNS)
    ]


CATEGORY = {category.name: category for category in CATEGORIES}
COLOUR = {colour.name: colour for colour in COLOURS}
PATTERN = {pattern.name: pattern for pattern in PATTERNS}
