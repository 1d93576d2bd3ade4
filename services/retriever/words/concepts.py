"""A text as concepts: what each of its words, or phrases, may be called by a product."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import pairwise
from string import ascii_lowercase

import numpy as np

from services.retriever.words.compounds import compounds_with, parts_of
from services.retriever.words.folding import fold, unspaced
from services.retriever.words.function_words import PARTICLES, SIZE
from services.retriever.words.live import Words
from services.retriever.words.measures import apart, joined, longer, ungrouped, with_lengths
from services.retriever.words.quantities import as_words, is_limit, is_quantity, limit_word
from services.retriever.words.small_numbers import other_names
from services.retriever.words.synonyms import NO_SYNONYMS, SynonymTable
from services.retriever.words.texts import INCHES, mask_of

_NOT_DESCRIPTION = 0xFF & ~mask_of("description")
_LETTER = re.compile(r"(?<![^\s&/(,])(?!x\s*\d)[a-z](?![^\s&/),])")
"""A letter that stands alone: of `T-shirt, size M` the last one, of `2 x 4` none."""

_INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?")
_MOST_INITIALS = 4
_BRAND = mask_of("brand")
_SHORTHAND = frozenset("nuw")
"""Letters that stand for "and", "you" and "with": `rock n roll`, `mug w lid`."""

_SIZE = re.compile(r"\d+|\d*x*[lms]")


@dataclass(frozen=True, slots=True)
class Concept:
    """A word or phrase of a query."""

    text: str
    """Folded."""
    alternatives: Sequence[tuple[str, ...]]
    """Phrases that say it: its own words first, then its synonyms."""
    beside: tuple[str, ...] = ()
    """Words that it makes with its neighbours: `500ml`. They are among the alternatives."""

    @property
    def name(self) -> str:
        """Different for concepts with different alternatives."""
        return " ".join((self.text, *self.beside))


def is_size(text: str) -> bool:
    """True for a size of clothes or shoes, folded: `42`, `2xl`."""
    return _SIZE.fullmatch(text) is not None


def _without_seams(words: Words, asked: list[str]) -> list[str]:
    """Without pairs of letters that are parts of two words, in scripts without spaces.

    Of `红色马克杯` it leaves out `色马`: no product says it, but products say the pairs beside it.
    """
    pairs = [len(word) == 2 and not word.isascii() and unspaced(word) for word in asked]
    if not any(pairs):
        return asked
    said = {word: words.says(word) for word in asked}
    kept = []
    for place, word in enumerate(asked):
        seam = False
        if pairs[place] and _is_border(word) and asked[place + 1 : place + 2]:
            seam = asked[place + 1][0] == word[1]
        elif pairs[place] and not said[word]:
            before = asked[place - 1] if place else ""
            after = asked[place + 1] if place + 1 < len(asked) else ""
            first = word[0] in PARTICLES or (before[-1:] == word[0] and said[before])
            last = word[1] in PARTICLES or (after[:1] == word[1] and said[after])
            # A Chinese character is a word by itself as well; two of them are no seam.
            other = said.get(word[1 if first else 0], False)
            seam = (first and last) or ((first or last) and other)
        if not seam:
            kept.append(word)
    return kept


def _is_border(pair: str) -> bool:
    """True for a particle of Japanese and the first letter of a noun: `いマ` in `赤いマフラー`."""
    first, second = ("\u3041" <= letter <= "\u309f" for letter in pair)
    return first and not second and pair[0] in PARTICLES


def _in_inches(text: str) -> str:
    """With the sign of inches as a word: `55" tv`; but not where "mug 5" stands in quotes."""
    quoted = text.count('"') % 2 == 0 if '"' in text else "\u201c" in text
    if quoted or not any(sign in text for sign in '"\u2033\u201d'):
        return text
    return re.sub(INCHES, r"\1 inch ", text)


def _other_ways(words: Words, word: str) -> list[tuple[str, ...]]:
    """The parts of a compound or of a number with letters, and longer words that contain a word."""
    if word.isdecimal() and len(word) < 2:
        return []
    if len(word) == 2 and word[1] == "い" and words.says(word[0]):
        # An adjective of Japanese and its noun: a scarf that is 赤 is a 赤い one.
        return [(word[0],)]
    if word.isalpha() and len(word) > 1:
        parts = parts_of(words, word) or initials_of(words, word)
        return [*([parts] if parts else []), *((one,) for one in compounds_with(words, word))]
    return words.remembered("sizes", word, partial(_sizes, words))


def initials_of(words: Words, word: str) -> tuple[str, ...]:
    """The letters of a short word that no product says, if a brand is so: `elf` of "e.l.f."."""
    if len(word) > _MOST_INITIALS or not word.isalpha() or words.says(word):
        return ()
    return words.remembered("initials", word, partial(_initials, words))


def _initials(words: Words, word: str) -> tuple[str, ...]:
    named = reduce(np.intersect1d, (words.rows(one, _BRAND) for one in word))
    return tuple(word) if len(named) else ()


def _joined_initials(words: Words, initials: re.Match[str]) -> str:
    """`elf` for "e.l.f."; "J.K." stays, unless a product says JK or a brand is called so."""
    word = fold(initials.group().replace(".", ""))
    return word if words.says(word) or initials_of(words, word) else initials.group()


def _sizes(words: Words, word: str) -> list[tuple[str, ...]]:
    return [*apart(words, word), *((one,) for one in longer(words, word))]


def _letters(words: Words, asked: Sequence[str], text: str) -> dict[str, tuple[str, ...]]:
    """Single letters that count, and the word that a product must say beside each, if any.

    They stand alone, and a product has them beside the other words and not in its description:
    `vitamin C`, `H&M`. If products have other letters in its place, the letter counts only beside
    the word before: a K elsewhere is no `vitamin k`.
    """
    analyser = words.analyser
    alone = set(_LETTER.findall(fold(text))) - analyser.function_words
    # Without a list of function words, "a" may be one.
    if not alone or not analyser.function_words:
        return {}
    named = [one for one in asked if one not in SIZE and not analyser.is_function_word(one)]
    others = [rows for one in named if len(rows := words.rows(one))]
    if named and not others:
        return {}
    beside = reduce(np.intersect1d, others) if others else None
    found: dict[str, tuple[str, ...]] = {}
    for letter in alone:
        said = [letter, *longer(words, letter)]
        rows = np.unique(np.concatenate([words.rows(one, _NOT_DESCRIPTION) for one in said]))
        if len(rows if beside is None else np.intersect1d(rows, beside)):
            found[letter] = ()
        elif before := _lettered(words, asked, letter):
            found[letter] = before
    return found


def _lettered(words: Words, asked: Sequence[str], letter: str) -> tuple[str, ...]:
    """The word before, if products say it with other letters: vitamin K where they have C."""
    before = asked[max(asked.index(letter) - 1, 0)] if letter in asked else ""
    function_words = words.analyser.function_words
    if len(before) < 2 or before in SIZE or before in function_words or letter in _SHORTHAND:
        return ()
    named = words.rows(before)
    others = sorted(set(ascii_lowercase).difference(asked, function_words))
    said = (words.rows(other, _NOT_DESCRIPTION) for other in others)
    return (before,) if any(len(np.intersect1d(rows, named)) for rows in said) else ()


def _beside(words: Words, asked: Sequence[str], place: int, *, measured: bool) -> tuple[str, ...]:
    """Words of the catalogue that this word makes with a neighbour: `powerbank` of "power bank".

    measured: whether a number is among the words.
    """
    found = joined(words, asked, place) if measured else []
    function_words = words.analyser.function_words
    for first, second in pairwise(asked[max(place - 1, 0) : place + 2]):
        if first in function_words or second in function_words or not second.isalpha():
            continue
        if first.isalpha() and len(second) > 1 and words.says(first + second):
            found.append(first + second)
    return tuple(found)


def concepts_of(words: Words, text: str, synonyms: SynonymTable = NO_SYNONYMS) -> list[Concept]:
    """In order, each once; without function words that are not part of a phrase."""
    written: dict[str, str] = {}
    text = with_lengths(words, _in_inches(text))
    text = ungrouped(as_words(text, words.says, written))
    if "." in text:
        text = _INITIALS.sub(partial(_joined_initials, words), text)
    asked = _without_seams(words, words.analyser.words(text))
    letters: dict[str, tuple[str, ...]] = {}
    if any(len(word) == 1 and "a" <= word <= "z" for word in asked):
        letters = words.remembered("letters", text, partial(_letters, words, asked))
    measured = any(map(str.isdecimal, asked))
    found: dict[str, Concept] = {}
    place = 0
    while place < len(asked):
        if is_limit(asked[place]) and (name := written.get(asked[place])):
            # Products outside stay found by the other words.
            if words.says(own_word := limit_word(name)):
                found.setdefault(name, Concept(name, [(own_word,)]))
            place += 1
            continue
        length, others = synonyms.at(asked, place) if synonyms else (0, [])
        own = tuple(asked[place : place + max(length, 1)])
        if not length and own[0] in SIZE and is_size(" ".join(asked[place + 1 : place + 2])):
            # Products seldom say the word: "shirt size M".
            place += 1
            continue
        if length or own[0] in letters or not words.analyser.is_function_word(own[0]):
            alone = len(own) == 1
            plain = alone and not is_quantity(own[0])
            beside = _beside(words, asked, place, measured=measured) if plain else ()
            more = _other_ways(words, own[0]) if plain else []
            if plain:
                names = other_names(words.analyser.language).get(own[0], ())
                more = [*more, *((one,) for one in names if words.says(one))]
            ways = [own, *others, *more, *((one,) for one in beside)]
            before = letters.get(own[0]) if alone and not length else None
            if before:
                ways = [(*before, *one) for one in ways]
                beside = (" ".join(ways[0]),)
            name = written.get(own[0]) or " ".join(own)
            found.setdefault(name, Concept(name, ways, beside))
        place += len(own)
    return list(found.values())
