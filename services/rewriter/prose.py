"""Prose or caption: a sentence about something, or the name of a product.

A caption is a noun phrase: no subject with a verb, few words of grammar, no full stops. Only words
of grammar count here (pronouns, auxiliaries, articles); any other word may be part of a product's
name. Words quoted from the query never count, because titles may be sentences.
"""

from __future__ import annotations

import re
from itertools import pairwise

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SPEAKERS = _set("i we")
_PERSONS = _SPEAKERS | _set("you he she they it")
_POINTERS = _set("this that these those here there")
_BE = _set("am is are was were")
_AUXILIARIES = _set(
    "can cannot could will would should shall may might must do does did have has had"
)
_ARTICLES = _set("a an the my your our their his her its")
_OTHERS = _set("me us them him to not none some any but if because what which who when why how")
_GRAMMAR = _PERSONS | _POINTERS | _BE | _AUXILIARIES | _ARTICLES | _OTHERS

_CONTRACTIONS = (
    (re.compile(r"\bcan(?:'t| not)\b"), "cannot"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"\b(i|we|you|he|she|they|it)'d\b"), r"\1 would"),
    (re.compile(r"\b(he|she|it|this|that|here|there|what|who)'s\b"), r"\1 is"),
)

# `a can` is a noun. The article is dropped, so that what is left counts as an auxiliary alone.
_NOUN_CAN = re.compile(r"\b(?:a|an|the) (?=(?:can|will|may|might|must)\b)")

# A colon introduces, a question mark asks, a full stop ends. `Panic! at the Disco` is a name.
_PUNCTUATION = re.compile(r"[:;](\s|$)|\?$|[!?]\s+[A-Z]")
_FULL_STOP = re.compile(r"(\S+)\.\s")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)

_CONVERSATION = _set(
    "instruction instructions prompt prompts request query description product products"
)
_OURS = _set("my your our this that no")
_ALSO_OURS_AT_THE_END = _set("the these those all any")
_DETERMINERS = _ARTICLES | _POINTERS | _set("no")
_RELATIVE = _set("that which who")


def words_of(text: str) -> list[str]:
    """The words in lower case, with contractions written out: `I'm` is `i am`."""
    lowered = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").casefold()
    for pattern, written_out in _CONTRACTIONS:
        lowered = pattern.sub(written_out, lowered)
    return _WORD.findall(_NOUN_CAN.sub("", lowered))


def is_prose(line: str, query: str) -> bool:
    """True for a sentence, a refusal, an explanation or talk about the conversation."""
    if _PUNCTUATION.search(line) or any(_ends_sentence(m[1]) for m in _FULL_STOP.finditer(line)):
        return True
    asked = words_of(query)
    grammar: list[str] = []
    count = 0
    for part in line.split(","):
        words = words_of(part)
        own = _not_quoted(words, asked)
        if _has_clause(words, own) or _mentions_conversation(words, own):
            return True
        count += len(words)
        grammar += [
            word for word, mine in zip(words, own, strict=True) if mine and word in _GRAMMAR
        ]
    # `must have bag` and `cannot opener` are names: auxiliaries alone make no sentence.
    only_auxiliaries = _AUXILIARIES.issuperset(grammar) and len(grammar) < count
    return 2 * len(grammar) > count and not only_auxiliaries


def _ends_sentence(word: str) -> bool:
    """False for an abbreviation: `Dr.`, `No.`, `Mrs.`"""
    return len(word) > 2 and _VOWEL.search(word) is not None


def _not_quoted(words: list[str], asked: list[str]) -> list[bool]:
    """For each word, False if it is in a run of three words that the query has as well."""
    size = min(3, len(words))
    runs = {tuple(asked[start : start + size]) for start in range(len(asked) - size + 1)}
    own = [True] * len(words)
    for start in range(len(words) - size + 1):
        if tuple(words[start : start + size]) in runs:
            own[start : start + size] = [False] * size
    return own


def _has_clause(words: list[str], own: list[bool]) -> bool:
    """True for a subject with its verb: `I cannot`, `here is the`, `the shopper is`."""
    persons = _PERSONS | {"me", "us"}
    if sum(mine and word in persons for word, mine in zip(words, own, strict=True)) > 1:
        return True
    for place, (subject, verb) in enumerate(pairwise(words)):
        if verb not in _BE | _AUXILIARIES or not own[place + 1]:
            continue
        if subject in _SPEAKERS or (place == 0 and subject in _PERSONS | _POINTERS):
            # `I am Legend` is a title; with more grammar after it, it would be a sentence.
            more = any(later in _GRAMMAR for later in words[place + 2 :])
            if own[place] and (verb in _AUXILIARIES or more):
                return True
        # `the lid that is` still describes the product, `the shopper is` does not.
        elif subject not in _RELATIVE and _DETERMINERS & set(words[max(0, place - 2) : place]):
            return True
    return False


def _mentions_conversation(words: list[str], own: list[bool]) -> bool:
    """True for a reference to it: `all previous instructions`, but not `sewing instructions`."""
    for place, word in enumerate(words):
        before = set(words[max(0, place - 3) : place])
        at_end = place == len(words) - 1
        ours = before & (_OURS | _ALSO_OURS_AT_THE_END if at_end else _OURS)
        if word in _CONVERSATION and own[place] and ours:
            return True
    return False
