"""CLIP's tokenizer: byte-pair encoding over lower-cased, repaired text.

Its tokens equal those of `clip.tokenize(…, truncate=True)`, or of `open_clip`'s tokenizer, which
spells the special tokens in another way; tests compare them. A word of n letters takes n·log n
instead of n² steps, so no text can block the service.

Source: Radford et al. 2021, section 2.4; the merges file comes from OpenAI's `clip` package.
"""

from __future__ import annotations

import gzip
import heapq
import html
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import ftfy
import numpy as np
import numpy.typing as npt
import regex

from services.encoder.architecture import OPENAI_VOCABULARY

CONTEXT_LENGTH = 77

Tokens = npt.NDArray[np.int32]

_END_OF_WORD = "</w>"
SPECIAL_TOKENS = ("<|startoftext|>", "<|endoftext|>")
OPEN_CLIP_SPECIAL_TOKENS = ("<start_of_text>", "<end_of_text>")
# CLIP uses only as many merges as fill its vocabulary beside 512 bytes and 2 special tokens.
_MERGES = OPENAI_VOCABULARY - 512 - 2
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_SPACES = regex.compile(r"\s+")
_CACHED_WORDS = 65_536
_CACHED_WORD_LENGTH = 32


def vocabulary_path() -> Path:
    """The merges file in the installed `clip` package, found without importing it (or torch).

    Raises FileNotFoundError if the package is not installed.
    """
    spec = find_spec("clip")
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / "bpe_simple_vocab_16e6.txt.gz"
        if path.is_file():
            return path
    raise FileNotFoundError(
        "CLIP's vocabulary is missing: install the `vocabulary` group with --no-deps."
    )


class TextTokenizer(Protocol):
    """The interface of a tokenizer. It is safe to share between threads."""

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """One (length,) int32 array of token ids per text."""
        ...


class Tokenizer:
    """Texts to token ids. Safe to share between threads."""

    def __init__(
        self,
        merges_file: Path | None = None,
        *,
        context_length: int = CONTEXT_LENGTH,
        special_tokens: tuple[str, str] = SPECIAL_TOKENS,
    ) -> None:
        with gzip.open(merges_file or vocabulary_path(), "rt", encoding="utf-8") as file:
            merges = [tuple(line.split()) for line in file.read().split("\n")[1 : _MERGES + 1]]
        self._bytes = _byte_characters()
        letters = list(self._bytes.values())
        words = [*letters, *(letter + _END_OF_WORD for letter in letters)]
        words += ["".join(pair) for pair in merges]
        words += special_tokens
        self._ids = {word: number for number, word in enumerate(words)}
        self._ranks = {(pair[0], pair[1]): rank for rank, pair in enumerate(merges)}
        self._cache: dict[str, list[int]] = {}
        self.start, self.end = (self._ids[token] for token in special_tokens)
        self._special = special_tokens
        self._limit = context_length - 2
        special = "|".join(regex.escape(token) for token in special_tokens)
        self._words = regex.compile(f"{special}|{_WORDS}", regex.IGNORECASE)
        self._clean = _clean if special_tokens == SPECIAL_TOKENS else _clean_as_open_clip

    def encode(self, text: str, limit: int | None = None) -> list[int]:
        """Token ids of a text without start and end token, at most `limit`."""
        ids: list[int] = []
        for match in self._words.finditer(self._clean(text)):
            ids += self._word(match.group())
            if limit is not None and len(ids) >= limit:
                return ids[:limit]
        return ids

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """One (length,) int32 array per text, with start and end token, cut to the context."""
        return [
            np.array([self.start, *self.encode(text, limit=self._limit), self.end], np.int32)
            for text in texts
        ]

    def _word(self, word: str) -> list[int]:
        known = self._cache.get(word)
        if known is not None:
            return known
        if word in self._special:
            ids = [self._ids[word]]
        else:
            letters = [self._bytes[byte] for byte in word.encode()]
            letters[-1] += _END_OF_WORD
            ids = [self._ids[part] for part in merge(letters, self._ranks)]
        if len(word) <= _CACHED_WORD_LENGTH and len(self._cache) < _CACHED_WORDS:
            self._cache[word] = ids
        return ids


def merge(parts: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Byte-pair merging: the pair of lowest rank first, the leftmost of equal ones first.

    A pair made by a merge always ranks after that merge, so a heap of pairs gives the same parts as
    a new search after each merge. Neighbours are linked by index; `after[i] == 0` is the end.
    """
    size = len(parts)
    before = [i - 1 for i in range(size)]
    after = [*range(1, size), 0]
    gone = [False] * size
    heap = [
        (ranks[pair], i, pair)
        for i in range(size - 1)
        if (pair := (parts[i], parts[i + 1])) in ranks
    ]
    heapq.heapify(heap)

    def push(i: int) -> None:
        pair = (parts[i], parts[after[i]])
        if pair in ranks:
            heapq.heappush(heap, (ranks[pair], i, pair))

    while heap:
        _, i, pair = heapq.heappop(heap)
        j = after[i]
        if gone[i] or j == 0 or (parts[i], parts[j]) != pair:
            continue  # one of the two is already part of another pair
        parts[i] += parts[j]
        gone[j] = True
        after[i] = after[j]
        if after[j]:
            before[after[j]] = i
            push(i)
        if before[i] >= 0:
            push(before[i])
    return [part for part, is_gone in zip(parts, gone, strict=True) if not is_gone]


def _clean(text: str) -> str:
    return _SPACES.sub(" ", _repaired(text).strip()).strip().lower()


def _clean_as_open_clip(text: str) -> str:
    """`str.split` knows a few more spaces than `regex`."""
    return " ".join(_repaired(text).split()).lower()


def _repaired(text: str) -> str:
    """The text without wrongly decoded characters and without HTML's entities."""
    if text.isascii() and text.isprintable() and "&" not in text:
        return text  # It has none. To look for them takes longer than all the rest.
    return html.unescape(html.unescape(ftfy.fix_text(text)))


def _byte_characters() -> dict[int, str]:
    """A printable character for each byte, in the order of CLIP's vocabulary.

    Printable Latin-1 bytes stand for themselves; the others use characters from 256. The order,
    printable bytes first, determines the ids of the first 256 tokens.
    """
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    printable += range(ord("®"), ord("ÿ") + 1)
    characters = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in characters]
    characters.update({byte: chr(256 + number) for number, byte in enumerate(others)})
    return characters
