"""A catalogue's use of a word: as a value, as a kind of product, or with its own negation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.dictionary import dictionary_of
from services.retriever.words.compounds import NEGATING
from services.retriever.words.folding import fold
from services.retriever.words.measures import side_by_side
from services.retriever.words.said import STRUCTURED, rows_saying

_SAMPLED = 20
"""Products whose text is read to see whether they say a negation."""
_READ = 1_000
"""Titles that are read to see whether words stand side by side."""
_COMPOUND = {
    "en": re.compile(r"(\w{3,})less|un(\w{4,})"),
    **NEGATING,
    "tr": re.compile(r"(\w{3,})s[iu]z"),
}
"""Folded words that negate a part of themselves, by language."""


class Sayings:
    """Answers from one snapshot."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._words = catalogue.words
        self._vocabulary = catalogue.vocabulary
        self._products = catalogue.products
        self._synonyms = catalogue.synonyms

    def is_value(self, text: str) -> bool:
        """True for a value of a field that is filtered by, and for a phrase with synonyms."""
        return bool(self._vocabulary.values(text)) or self._synonyms.has(
            self._words.analyser.words(text)
        )

    def is_described(self, text: str) -> bool:
        """True for another form of values: `stripe` where products are striped."""
        return len(rows_saying(self._words, text, ("attributes",))) > 0

    def describes(self, word: str) -> bool:
        """True for a part of a value, and for words around it; not for a kind of product."""
        values = rows_saying(self._words, word, ("attributes",), self._synonyms)
        known = word in self._vocabulary or word in self._synonyms
        described = len(values) > 0 or (word in self._synonyms and not self.is_kind(word))
        return described if known else self._words.analyser.is_frame_word(word)

    def is_kind(self, text: str) -> bool:
        """True if more products are called so, or of such a category, than have it as a value."""
        kinds = rows_saying(self._words, text, ("category", "title"), self._synonyms)
        others = rows_saying(self._words, text, ("attributes", "brand"), self._synonyms)
        return len(kinds) > len(others)

    def is_quality(self, text: str) -> bool:
        """True if more products have it as a value than are of such a category."""
        values = rows_saying(self._words, text, ("attributes", "brand"), self._synonyms)
        categories = rows_saying(self._words, text, ("category",), self._synonyms)
        return len(values) > len(categories)

    def negated_in(self, word: str) -> str | None:
        """The part of a folded word that the word negates: `lederfrei`, `unstriped`."""
        language = self._words.analyser.language
        # A word of the language says more than its parts: "wireless".
        if word in self._vocabulary or dictionary_of(language).has(word):
            return None
        for pattern in (_COMPOUND.get(language), _COMPOUND["en"]):
            match = pattern.fullmatch(word) if pattern is not None else None
            root = "".join(filter(None, match.groups())) if match is not None else ""
            if root and len(rows_saying(self._words, root, ("attributes",), self._synonyms)):
                return root
        return None

    def same_field(self, first: str, second: str) -> bool:
        """True if both are values of one field, or both are none."""
        fields, others = self._fields(first), self._fields(second)
        return bool(fields & others) or fields == others

    def _fields(self, text: str) -> set[str]:
        """The fields with a value that is this text or a synonym; else those of a product that
        says another form of it.
        """
        analyser = self._words.analyser
        words = analyser.words(text)
        length, synonyms = self._synonyms.at(words, 0)
        others = map(" ".join, synonyms) if length == len(words) else ()
        values = {value.field for one in (text, *others) for value in self._vocabulary.values(one)}
        if values:
            return values
        rows = rows_saying(self._words, text, ("attributes",))[:1]
        stems = set(analyser.stems(words))
        return {
            name
            for product in self._products.values(rows.tolist())
            for name, value in product.get("attributes", {}).items()
            if stems <= set(analyser.stems(analyser.words(str(value))))
        }

    def says_beside(self, text: str) -> bool:
        """True if the words of a text stand side by side in titles."""
        rows = rows_saying(self._words, text, ("title",))[:_READ]
        return any(map(side_by_side(self._words, text), self._products.texts("title", rows)))

    def says_both(self, excluded: str, negator: str) -> bool:
        """True if products say the negation, and more often than what is negated; with "non", any
        number of them: a shop with many sticks has non-stick pans.
        """
        words = self._words.analyser.words
        both = rows_saying(self._words, f"{excluded} {negator}")
        if not len(both):
            return False
        phrases = {
            " ".join(words(f"{negator} {excluded}")),
            " ".join(words(f"{excluded} {negator}")),
        }
        sample = both[:: max(1, len(both) // _SAMPLED)]
        saying = sum(
            any(f" {phrase} " in f" {' '.join(words(text))} " for phrase in phrases)
            for text in map(_text, self._products.values(sample.tolist()))
        )
        literal = len(both) * saying / len(sample)
        structured = len(rows_saying(self._words, excluded, STRUCTURED))
        return literal > 0 if fold(negator) == "non" else literal > structured / 2


def _text(values: Mapping[str, Any]) -> str:
    """Title, description and attributes of a product."""
    attributes = values.get("attributes", {})
    return "\n".join(
        map(str, (values["title"], values.get("description", ""), *attributes.values()))
    )
