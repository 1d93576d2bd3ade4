"""SentencePiece's unigram models as tokenizers of the `tokenizers` package.

The file is a protocol buffer of few fields, so it is read here without a package of its own.
Source: `sentencepiece_model.proto` of SentencePiece.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, normalizers
from tokenizers.models import Unigram

from services.encoder.weights import UnusableWeights

SPACE = "▁"
"""U+2581, which stands for the space before a word."""

_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3  # fields of the model
_TEXT, _SCORE, _KIND = 1, 2, 3  # fields of a piece
_MODEL_TYPE, _CHARACTERS = 3, 2  # a field of the trainer, and one of the normalizer
_UNIGRAM, _UNKNOWN, _BYTE = 1, 2, 6  # values
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_LONGEST_VARINT = 63  # bits before its last byte

Field = tuple[int, int | bytes]


def unigram_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a `.model` file, without special tokens. Raises UnusableWeights."""
    try:
        return _translated(path.read_bytes())
    except Exception as error:  # `tokenizers` raises nothing more specific
        raise UnusableWeights(f"{path} is not a SentencePiece unigram model: {error}") from error


def _translated(data: bytes) -> Tokenizer:
    pieces: list[tuple[str, float]] = []
    unknown: int | None = None
    has_bytes = False
    characters = b""
    for field, value in _fields(data):
        if field == _PIECES:
            text, score, kind = _piece(_submessage(value))
            if kind == _UNKNOWN:
                unknown = len(pieces)
            has_bytes = has_bytes or kind == _BYTE
            pieces.append((text, score))
        elif field == _TRAINER:
            model_type = dict(_fields(_submessage(value))).get(_MODEL_TYPE, _UNIGRAM)
            if model_type != _UNIGRAM:
                raise ValueError(f"its model type is {model_type!r}")
        elif field == _NORMALIZER:
            characters = _submessage(dict(_fields(_submessage(value))).get(_CHARACTERS, b""))
    if unknown is None:
        raise ValueError("it has no token for unknown characters")
    tokenizer = Tokenizer(Unigram(pieces, unk_id=unknown, byte_fallback=has_bytes))
    steps = [normalizers.Precompiled(characters)] if characters else []
    tokenizer.normalizer = normalizers.Sequence(
        [
            *steps,
            normalizers.Replace(Regex(" +"), SPACE),
            normalizers.Replace(Regex(f"{SPACE}+$"), ""),
        ]
    )
    return tokenizer


def _piece(data: bytes) -> tuple[str, float, int]:
    text, score, kind = "", 0.0, 1
    for field, value in _fields(data):
        if field == _TEXT:
            text = _submessage(value).decode()
        elif field == _SCORE:
            score = struct.unpack("<f", _submessage(value))[0]
        elif field == _KIND and isinstance(value, int):
            kind = value
    return text, score, kind


def _submessage(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a field has an unexpected type")
    return value


def _fields(data: bytes) -> Iterator[Field]:
    """The fields of a message: number, and an int for a varint or else the bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        value: int | bytes
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire in (_FIXED32, _FIXED64, _BYTES):
            length = {_FIXED32: 4, _FIXED64: 8}.get(wire, 0)
            if wire == _BYTES:
                length, at = _varint(data, at)
            value = data[at : at + length]
            at += length
            if at > len(data):
                raise ValueError("it is cut short")
        else:
            raise ValueError(f"wire type {wire}")
        yield number, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > _LONGEST_VARINT:
            raise ValueError("a number is too long")
