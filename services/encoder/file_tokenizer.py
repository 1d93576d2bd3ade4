"""Tokenizers that come with a model, in the format of the `tokenizers` package.

A model of Hugging Face brings `tokenizer.json`; the first SigLIPs bring a SentencePiece model
(`unigram.py` translates it). The tokens equal those that `transformers` gives; a test compares.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer as JsonTokenizer
from tokenizers import normalizers, processors

from services.encoder.architecture import OPENAI_START_TOKEN, Family, TokenizerFacts
from services.encoder.configuration import read_json
from services.encoder.graph_files import TOKENIZER_FILE, GraphFiles
from services.encoder.tokenizer import (
    OPEN_CLIP_SPECIAL_TOKENS,
    SPECIAL_TOKENS,
    TextTokenizer,
    Tokenizer,
    Tokens,
)
from services.encoder.unigram import SPACE, unigram_tokenizer
from services.encoder.weights import UnusableWeights

SENTENCE_PIECE_FILE = "spiece.model"
_LEFT_PADDED = ("GemmaTokenizer", "GemmaTokenizerFast", "Siglip2Tokenizer")
"""Classes that pad on the left unless `padding_side` is set."""
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ReadTokenizer:
    """A tokenizer with its truncation and padding, facts about it, and its start token."""

    json: str
    facts: TokenizerFacts
    start_token: int


class FileTokenizer:
    """Texts to token ids by a `tokenizer.json`. Safe to share between threads."""

    def __init__(self, path: Path, facts: TokenizerFacts) -> None:
        self._tokenizer = JsonTokenizer.from_file(str(path))
        self._canonical = facts.canonical

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        given = [canonical(text) for text in texts] if self._canonical else list(texts)
        return [np.array(one.ids, np.int32) for one in self._tokenizer.encode_batch(given)]


def load_tokenizer(files: GraphFiles) -> TextTokenizer:
    """The tokenizer of a model whose graphs are made."""
    facts = files.info.tokenizer
    if facts.kind == "file":
        return FileTokenizer(files.folder / TOKENIZER_FILE, facts)
    return Tokenizer(
        context_length=files.info.context_length,
        special_tokens=SPECIAL_TOKENS if facts.kind == "clip" else OPEN_CLIP_SPECIAL_TOKENS,
    )


def canonical(text: str) -> str:
    """Lower-cased text without ASCII punctuation, after SentencePiece's mark of a word's start.

    Source: `SiglipTokenizer` of `transformers`, after `prompt_engineering.py` of `big_vision`.
    """
    marked = SPACE + text.replace(SPACE, " ")
    return _SPACES.sub(" ", marked.lower().translate(_NO_PUNCTUATION)).strip()


def read_tokenizer(folder: Path, *, family: Family, length: int, vocabulary: int) -> ReadTokenizer:
    """The tokenizer in a model's folder. length, vocabulary: of the text tower.

    Raises UnusableWeights.
    """
    pieces = folder / SENTENCE_PIECE_FILE
    by_pieces = pieces.is_file() and family == "siglip"
    tokenizer = unigram_tokenizer(pieces) if by_pieces else _from_json(folder)
    if tokenizer.get_vocab_size() > vocabulary:
        raise UnusableWeights(
            f"{folder}: the tokenizer has {tokenizer.get_vocab_size()} tokens, the model "
            f"{vocabulary}"
        )
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    if family == "clip":
        start, end = _ends(tokenizer, folder)
        facts = TokenizerFacts(
            kind="file", vocabulary=vocabulary, context_length=length, end_token=end
        )
        return ReadTokenizer(tokenizer.to_str(), facts, start)
    config_path = folder / "tokenizer_config.json"
    config = read_json(config_path) if config_path.is_file() else {}
    _adapt_to_siglip(tokenizer, config, folder, by_pieces=by_pieces)
    ids = tokenizer.encode("").ids
    if not ids:
        raise UnusableWeights(f"{folder}: the tokenizer puts no token at the end of a text")
    pad = _id_of(tokenizer, config, "pad_token", "</s>" if by_pieces else "<pad>", folder)
    tokenizer.enable_padding(
        direction=_padding_side(config, folder),
        length=length,
        pad_id=pad,
        pad_token=str(tokenizer.id_to_token(pad)),
    )
    facts = TokenizerFacts(
        kind="file",
        vocabulary=vocabulary,
        context_length=length,
        end_token=ids[-1],
        pad_token=pad,
        canonical=by_pieces,
    )
    return ReadTokenizer(tokenizer.to_str(), facts, OPENAI_START_TOKEN)


def _ends(tokenizer: JsonTokenizer, folder: Path) -> tuple[int, int]:
    """The tokens before and after each text of a CLIP."""
    ids = tokenizer.encode("").ids
    if len(ids) != 2:
        raise UnusableWeights(
            f"{folder}: the tokenizer puts {len(ids)} special tokens around a text; a CLIP needs "
            "one before and one after it"
        )
    if ids[0] == ids[1]:
        # A CLIP is read at the first token that ends a text.
        raise UnusableWeights(
            f"{folder}: the tokenizer puts the same token before and after a text"
        )
    return ids[0], ids[1]


def _padding_side(config: dict[str, Any], folder: Path) -> str:
    usual = "left" if config.get("tokenizer_class") in _LEFT_PADDED else "right"
    side = config.get("padding_side", usual)
    if side not in ("left", "right"):
        raise UnusableWeights(f"{folder}: padding_side is {side!r}, not left or right")
    return str(side)


def _from_json(folder: Path) -> JsonTokenizer:
    path = folder / TOKENIZER_FILE
    if not path.is_file():
        raise UnusableWeights(f"{folder} has no {TOKENIZER_FILE}, which says how texts are read")
    try:
        return JsonTokenizer.from_file(str(path))
    except Exception as error:  # the package raises nothing more specific
        raise UnusableWeights(f"{path} cannot be read: {error}") from error


def _adapt_to_siglip(
    tokenizer: JsonTokenizer, config: dict[str, Any], folder: Path, *, by_pieces: bool
) -> None:
    """Add what SigLIP's training added: an end token, and lower case for SigLIP 2."""
    if by_pieces or "add_bos_token" in config or "add_eos_token" in config:
        # Explicit settings win over the file, as in `transformers`.
        tokenizer.post_processor = _special_tokens(tokenizer, config, folder, by_pieces=by_pieces)
    if not by_pieces and "Lowercase" not in json.dumps(
        json.loads(tokenizer.to_str())["normalizer"]
    ):
        parts = [normalizers.Lowercase()]
        if tokenizer.normalizer is not None:
            parts.append(tokenizer.normalizer)
        tokenizer.normalizer = normalizers.Sequence(parts)


def _special_tokens(
    tokenizer: JsonTokenizer, config: dict[str, Any], folder: Path, *, by_pieces: bool
) -> processors.TemplateProcessing:
    """The tokens before and after a text that `tokenizer_config.json` asks for."""
    names = ["bos_token"] if config.get("add_bos_token", False) else []
    names.append("$A")
    if by_pieces or config.get("add_eos_token", False):
        names.append("eos_token")
    usual = {"bos_token": "<bos>", "eos_token": "</s>" if by_pieces else "<eos>"}
    ids = {
        name: _id_of(tokenizer, config, name, usual[name], folder) for name in names if name != "$A"
    }
    tokens = {name: str(tokenizer.id_to_token(number)) for name, number in ids.items()}
    return processors.TemplateProcessing(
        single=" ".join(tokens.get(name, name) for name in names),
        special_tokens=[(tokens[name], number) for name, number in ids.items()],
    )


def _id_of(
    tokenizer: JsonTokenizer, config: dict[str, Any], name: str, usual: str, folder: Path
) -> int:
    """The id of a special token. `tokenizer_config.json` has it as text or as an object."""
    given = config.get(name) or usual
    text = given.get("content") if isinstance(given, dict) else given
    number = tokenizer.token_to_id(str(text))
    if number is None:
        raise UnusableWeights(f"{folder}: {name} is {text!r}, which is not in the vocabulary")
    return int(number)
