"""Questions that people might ask of the drawn shop, and some that it has no answer for.

Written by hand, and apart from what the bundled model learned: none of these forms is among the
training captions' or the shop's own texts'. Beside each stands what a rewriter makes of it: by the
rules of our prompt, but by hand too, not recorded from Gemini.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A way to ask. `{thing}`, `{colour}`, `{marks}` and so on are filled in."""

    text: str
    rewrite: str = ""
    """Expected rewrite; empty if the query is keywords already."""


FULL = (
    Form("{colour}-coloured {thing}, {marks} design"),
    Form("{thing} ({marks}/{colour})"),
    Form("{thing} {noun} colour {colour}"),
    Form("gift idea: {colour} {marks} {thing}", "{colour} {marks} {thing}"),
    Form("is there a {marks} {thing}, preferably {colour}?", "{thing}, {marks}, {colour}"),
    Form("where can I find one {thing}, {colour}, {marks}?", "{colour} {marks} {thing}"),
    Form("{marks} and {colour}: which {thing} do you sell", "{marks} {colour} {thing}"),
    Form("my old {colour} {thing} had {noun}, want that again", "{colour} {thing}, {marks}"),
    Form(
        "can you recommend a {thing}? {colour} would be great, {marks} is a must",
        "{marks} {thing}, {colour}",
    ),
    Form("saw a {thing} at a friend's, {colour} and all {marks}", "{colour} {marks} {thing}"),
)
COLOUR = (
    Form("{thing}: {colour} only"),
    Form("{colour} range, {thing}"),
    Form("any {thing} will do as long as it is {colour}", "{colour} {thing}"),
    Form("what do you have in {colour}? a {thing} ideally", "{thing}, {colour}"),
)
PATTERN = (
    Form("{thing} covered in {noun}"),
    Form("{marks} look {thing}"),
    Form("which {thing} of yours is {marks}?", "{marks} {thing}"),
    Form("my daughter loves {noun}, get her a {thing}", "{thing} with {noun}"),
)
CATEGORY = (
    Form("{thing} assortment"),
    Form("which {thing} do you carry?", "{thing}"),
    Form("first flat, still missing: {thing}", "{thing}"),
)
MATERIAL = (
    Form("{thing} out of {material}, {colour}"),
    Form("it should be {material}: a {colour} {thing}", "{colour} {material} {thing}"),
)
BRAND = (
    Form("{thing} of the brand {brand}"),
    Form("do they make a {thing} at {brand}?", "{brand} {thing}"),
)
WITHOUT_PATTERN = (
    Form("{colour} {thing} without {noun}", "{colour} {thing} without {noun}"),
    Form("{thing}, {colour}, but nothing {marks}", "{colour} {thing}, not {marks}"),
    Form("no {noun} on it: a {colour} {thing}", "{colour} {thing} without {noun}"),
)
WITHOUT_COLOUR = (
    Form("{marks} {thing}, just not {colour}", "{marks} {thing}, not {colour}"),
    Form("{marks} {thing} in anything except {colour}", "{marks} {thing}, not {colour}"),
)

IDENTIFIERS = ("{id}", "{ID}", "{letters} {digits}", "{letters}{digits}")
"""Ways to type a product's id: as it is, in capitals, with a blank, without its hyphen."""
LIMITS = (
    "{thing} under {high}",
    "{colour} {thing} below {high} euros",
    "{thing} up to €{high}",
    "{thing} cheaper than {high} €",
    "{thing} between {low} and {high} euros",
    "{colour} {thing}, {low}-{high} €",
    "{thing} over {low}",
    "{colour} {thing} for at least {low} euros",
    "{thing} for less than {high}",
    "{colour} {thing} max {high} eur",
)

STAND_INS = frozenset(
    {
        ("running shoe", "boot"), ("hat", "beanie"), ("chair", "armchair"), ("plate", "bowl"),
        ("backpack", "handbag"), ("dress", "skirt"), ("sweater", "t-shirt"), ("vase", "bottle"),
    }
)  # fmt: skip
"""Categories of which either can stand in for the other: substitutes, where the look is right."""

GO_TOGETHER = frozenset(
    {
        ("mug", "teapot"), ("plate", "mug"), ("apron", "bowl"), ("trousers", "sweater"),
        ("skirt", "t-shirt"), ("running shoe", "sock"), ("boot", "umbrella"), ("beanie", "scarf"),
        ("dress", "handbag"), ("armchair", "cushion"), ("armchair", "lamp"), ("rug", "cushion"),
        ("chair", "rug"), ("ball", "kite"), ("hat", "backpack"),
    }
)  # fmt: skip
"""Categories that are bought with one another: complements, where the look matches."""

OFF_CATALOGUE = (
    "garden hose", "laptop charger", "electric guitar", "dog food", "car tyres", "printer ink",
    "wireless headphones", "baby stroller", "mountain bike", "washing machine", "toothpaste",
    "hammer and nails", "phone case", "ski goggles", "fishing rod", "office desk", "curtain rail",
    "coffee beans", "engagement ring", "wrist watch", "board game for two", "tomato seeds",
    "usb cable", "tennis racket", "swimming goggles", "light bulb", "wall clock", "bath towel",
    "sleeping bag", "tent for four people", "motor oil", "vacuum cleaner bags", "piano stool",
    "sunglasses", "shampoo for dry hair", "cat litter", "paint roller", "screwdriver set",
    "frozen pizza", "airplane ticket", "birthday candles", "notebook and pencil", "hand cream",
    "electric kettle", "frying pan", "bread knife", "ironing board", "picture frame",
    "bed linen", "shower curtain",
    "red bicycle", "blue swimming trunks", "green garden hose", "yellow rubber duck",
    "black office printer", "white refrigerator", "pink nail polish", "purple yoga block",
    "striped wallpaper", "polka dot wrapping paper", "checked tablecloth", "floral perfume",
    "zigzag scissors", "star shaped cookies", "navy swimming cap", "brown dog leash",
    "grey laptop sleeve", "orange juice", "turquoise necklace", "plain white bread",
    "red sports car", "blue ballpoint pen", "green tea leaves", "yellow raincoat for dogs",
    "black leather belt", "white wall paint", "pink piggy bank", "purple grapes",
    "striped toothpaste", "spotted mushroom guide", "gingham picnic basket", "flowery postcard",
    "chevron road sign", "starry night poster", "dark blue car battery", "chocolate cake",
    "silver earrings", "tangerine marmalade", "teal bathroom tiles", "solid gold bar",
    "crimson lipstick", "cobalt drill bits", "lemon squeezer", "emerald ring", "ivory piano keys",
    "violet flower seeds", "chestnut puree", "rose bush", "striped awning fabric",
    "dotted notebook paper",
)  # fmt: skip
"""A hundred things that the shop does not sell: fifty bare, fifty with a look that it does sell."""

FILLERS = (
    "of", "the", "which", "because", "seven", "therefore", "although", "them", "hence", "between",
    "nor", "twelve", "whose", "during", "rather", "until", "must", "us", "despite", "eleven",
)  # fmt: skip
LOREM = (
    "lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit", "tempor",
    "incididunt", "labore", "magna", "aliqua", "veniam", "nostrud", "ullamco",
)  # fmt: skip
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz")
