"""Converts texts and pictures into the inputs of the towers' graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.encoder.beginnings import ID_BYTES, Beginnings
from services.encoder.preprocess import Pixels, to_patches
from services.encoder.tokenizer import Tokens

Inputs = dict[str, npt.NDArray[np.generic]]
"""Arrays by the names of a graph's parameters."""

_MOST_TOKENS = 256
"""Maximum different tokens in one pass over texts, with the known ones. Matrix products gain
nothing from more, and attention compares each token with all others before it masks most of
them."""

_MASKED = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class TextPass:
    """A pass over texts: its inputs, in the format of the text tower."""

    texts: Sequence[Tokens]
    inputs: Inputs
    computed: Mapping[bytes, int] = field(default_factory=dict)
    """The place in the pass of the last token of each beginning that it computes."""


def text_passes(texts: Sequence[Tokens], beginnings: Beginnings | None) -> Iterator[TextPass]:
    """The passes over texts, each prepared when the one before it has ended.

    beginnings: None if all texts are of one length, and the tower takes them as rows.
    """
    if beginnings is None:
        at_once = max(1, _MOST_TOKENS // len(texts[0]))
        for first in range(0, len(texts), at_once):
            part = texts[first : first + at_once]
            yield TextPass(part, {"tokens": np.stack(part)})
        return
    waiting = [_without_start(text) for text in texts]
    while waiting:
        packed = packed_texts(waiting, beginnings)
        yield packed
        waiting = waiting[len(packed.texts) :]


def packed_texts(waiting: Sequence[Tokens], beginnings: Beginnings) -> TextPass:
    """The first of the waiting texts, without start tokens, in the format of
    `graph.clip_text_tower`: as many as fit, or a single longer one.

    A token is computed once for all texts that are equal up to it, and not at all where that
    beginning is known. The number of ends is rounded up to a power of two, and there is a little
    padding; the vectors of the texts come first.
    """
    texts: list[Tokens] = []
    past: dict[bytes, int] = {}
    new: dict[bytes, int] = {}
    for text in waiting:
        found, whole = beginnings.known(text), text.tobytes()
        rest = (whole[:end] for end in range(ID_BYTES * (len(found) + 1), len(whole) + 1, ID_BYTES))
        more_past = [one for one in found if one not in past]
        more_new = [one for one in rest if one not in new]
        if texts and len(past) + len(new) + len(more_past) + len(more_new) > _MOST_TOKENS:
            break
        texts.append(text)
        for one in more_past:
            past[one] = len(past)
        for one in more_new:
            new[one] = len(new)
    behind, total = _padded_past(len(past)), _padded(len(new))
    tokens, positions = np.zeros((2, total), np.int32)
    tokens[: len(new)] = np.frombuffer(b"".join(one[-ID_BYTES:] for one in new), np.int32)
    positions[: len(new)] = [len(one) // ID_BYTES for one in new]
    mask = np.full((total, 1 + behind + total), _MASKED)
    mask[:, 0] = 0  # the start token
    for beginning, place in new.items():
        before = beginning[:-ID_BYTES]
        if before in new:
            mask[place] = mask[new[before]]
        else:
            known = [past[before[:end]] for end in range(ID_BYTES, len(before) + 1, ID_BYTES)]
            mask[place, 1 + np.array(known, np.intp)] = 0
        mask[place, 1 + behind + place] = 0
    ends = np.zeros(1 << (len(texts) - 1).bit_length(), np.int32)
    ends[: len(texts)] = [new[text.tobytes()] for text in texts]
    states = beginnings.states(list(past), behind)
    inputs: Inputs = {
        "tokens": tokens,
        "positions": positions,
        "ends": ends,
        "mask": mask,
        "last_mask": mask[ends],
        "past": states,
    }
    return TextPass(texts, inputs, new)


def _without_start(text: Tokens) -> Tokens:
    """The start token is part of the graph. CLIP reads a text at its first end token, and a text
    may spell one.
    """
    return text[1 : int((text == text[-1]).argmax()) + 1].astype(np.int32, copy=False)


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


def _padded_past(tokens: int) -> int:
    """Round up to a power of two, and to 16: OpenVINO prepares each with each size of `_padded`."""
    return 1 << max(4, (tokens - 1).bit_length()) if tokens else 0
