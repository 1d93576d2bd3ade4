"""Converts texts and pictures into the inputs of the towers' graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from services.encoder.preprocess import Pixels, to_patches
from services.encoder.tokenizer import Tokens

Inputs = dict[str, npt.NDArray[np.generic]]
"""Arrays by the names of a graph's parameters."""

_MOST_TOKENS = 256
"""Maximum tokens in one pass over texts. Matrix products gain nothing from more, and attention
compares each token with all others before it masks most of them."""


def text_passes(texts: Sequence[Tokens], *, padded: bool) -> Iterator[tuple[Inputs, int]]:
    """Inputs of each pass over texts, in the format of the text tower, with the number of texts.

    padded: all texts are of one length, and the tower takes them as rows.
    """
    for part in fitting(texts):
        yield ({"tokens": np.stack(part)} if padded else packed_texts(part)), len(part)


def fitting(texts: Sequence[Tokens]) -> Iterator[list[Tokens]]:
    """Groups of texts for one pass: at most `_MOST_TOKENS` together, or a single longer text."""
    part: list[Tokens] = []
    room = _MOST_TOKENS
    for text in texts:
        length = len(text) - 1
        if part and length > room:
            yield part
            part, room = [], _MOST_TOKENS
        part.append(text)
        room -= length
    yield part


def packed_texts(texts: Sequence[Tokens]) -> Inputs:
    """Texts one after another, in the format of `graph.clip_text_tower`, with a little padding.

    The number of ends is rounded up to a power of two. The vectors of the texts come first.
    """
    texts = [_to_first_end(text) for text in texts]
    # Every text starts with the start token, which is part of the graph.
    lengths = np.array([len(text) - 1 for text in texts])
    past = np.cumsum(lengths)
    total = _padded(int(past[-1]))
    tokens = np.zeros(total, np.int32)
    tokens[: past[-1]] = np.concatenate([text[1:] for text in texts])
    firsts = np.arange(total, dtype=np.int32)  # each padding token is a text of its own
    firsts[: past[-1]] = np.repeat(past - lengths, lengths)
    ends = np.zeros(1 << (len(texts) - 1).bit_length(), np.int32)
    ends[: len(texts)] = past - 1
    return {"tokens": tokens, "firsts": firsts, "ends": ends}


def _to_first_end(text: Tokens) -> Tokens:
    """CLIP reads a text at its first end token, and a text may spell one."""
    return text[: int((text == text[-1]).argmax()) + 1]


def stacked_pictures(pixels: Sequence[Pixels], patch_size: int | None) -> Inputs:
    """Pictures in the format of the image tower: as patches, or whole if it has no patches."""
    batch = np.stack(pixels)
    if patch_size is None:
        return {"pixels": batch}
    return {"patches": to_patches(batch, patch_size)}


def _padded(tokens: int) -> int:
    """Round up to one of the eight sizes between a power of two and the next.

    OpenVINO keeps up to 1 MB for every size (ViT-B/32).
    """
    step: int = 1 << max(0, tokens.bit_length() - 4)
    return -(-tokens // step) * step
