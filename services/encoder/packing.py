"""Texts and pictures as what the towers' graphs take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from services.encoder.preprocess import Pixels, to_patches
from services.encoder.tokenizer import Tokens

Inputs = dict[str, npt.NDArray[np.generic]]
"""By the names of a graph's parameters."""

_MOST_TOKENS = 256
"""Of texts in one pass. Matrix products gain nothing from more, and each token is compared with all
of them before most are masked."""


def fitting(texts: Sequence[Tokens]) -> Iterator[list[Tokens]]:
    """What goes through the graph together: texts of `_MOST_TOKENS` at most, or a longer one."""
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
    """Texts one after another, as `graph.text_tower` takes them, padded a little all together.

    As many ends as the next power of two: of the vectors those of the texts come first.
    """
    # All begin with the start token, which is in the graph.
    lengths = np.array([len(text) - 1 for text in texts])
    past = np.cumsum(lengths)
    total = _padded(int(past[-1]))
    tokens = np.zeros(total, np.int32)
    tokens[: past[-1]] = np.concatenate([text[1:] for text in texts])
    firsts = np.arange(total, dtype=np.int32)  # each token that pads is a text of its own
    firsts[: past[-1]] = np.repeat(past - lengths, lengths)
    ends = np.zeros(1 << (len(texts) - 1).bit_length(), np.int32)
    ends[: len(texts)] = past - 1
    return {"tokens": tokens, "firsts": firsts, "ends": ends}


def stacked_pictures(pixels: Sequence[Pixels], patch_size: int | None) -> Inputs:
    """Pictures as the image tower takes them: cut into patches, or whole where it has none."""
    batch = np.stack(pixels)
    if patch_size is None:
        return {"pixels": batch}
    return {"patches": to_patches(batch, patch_size)}


def _padded(tokens: int) -> int:
    """The next number of tokens that is used: there are eight from one power of two to the next.

    OpenVINO keeps up to 1 MB for every number that it met (ViT-B/32).
    """
    step: int = 1 << max(0, tokens.bit_length() - 4)
    return -(-tokens // step) * step
