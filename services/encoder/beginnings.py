"""Keys and values of the beginnings of recent texts, kept so that they are computed once.

Attention is causal: what a token becomes depends only on the tokens before it. So texts that begin
with the same tokens share their keys and values, and only the rest has to be computed. Servers of
language models do the same with prompts ("prefix caching", Kwon et al. 2023).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import openvino as ov

States = npt.NDArray[np.float32]
"""Keys and values of tokens in each block: (blocks, tokens, 2·width)."""

_MOST = 1_365
_MOST_BYTES = 64 * 2**20
"""64 MiB of states, which are 1,365 tokens of ViT-B/32. The system maps them on first use."""

_LONGEST = 8
"""Tokens of the longest beginning. Texts rarely share more, and longer ones would displace
others."""

ID_BYTES = 4
"""Bytes of a token's number."""


class Beginnings:
    """States of the most recently used beginnings, by the bytes of their tokens.

    Using a beginning also marks all shorter ones as used, later than itself. So the longest are
    dropped first, and all beginnings of a known beginning are known.
    """

    def __init__(self, blocks: int, width: int, most: int = _MOST) -> None:
        """width: numbers of a token in a block.  most: tokens."""
        most = min(most, _MOST_BYTES // (4 * blocks * width))
        self._states: States = np.empty((blocks, most, width), np.float32)
        self._rows: OrderedDict[bytes, int] = OrderedDict()
        self._gathered = np.empty(0, np.float32)

    @classmethod
    def of(cls, tower: ov.Model | ov.CompiledModel) -> Beginnings | None:
        """None for a tower in which later tokens change earlier ones."""
        for one in tower.inputs:
            if "past" in one.names:
                blocks, _, width = one.partial_shape
                return cls(blocks.get_length(), width.get_length())
        return None

    def known(self, text: npt.NDArray[np.int32]) -> list[bytes]:
        """The known beginnings of a text, the shortest first."""
        found = []
        for beginning in beginnings_of(text):
            if beginning not in self._rows:
                break
            found.append(beginning)
        return found

    def states(self, beginnings: Sequence[bytes], count: int) -> States:
        """States of the last token of each known beginning, padded to `count` tokens.

        They are overwritten by the next call.
        """
        blocks, _, width = self._states.shape
        size = blocks * count * width
        if size > len(self._gathered):
            self._gathered = np.empty(size, np.float32)
        states = self._gathered[:size].reshape(blocks, count, width)
        rows = np.zeros(count, np.intp)  # padding is finite: no weight times NaN would be NaN
        rows[: len(beginnings)] = [self._rows[one] for one in beginnings]
        # All are there; where NumPy checks that, it gathers into a copy first.
        self._states.take(rows, axis=1, out=states, mode="clip")
        return states

    def keep(
        self, texts: Sequence[npt.NDArray[np.int32]], computed: Mapping[bytes, int], states: States
    ) -> None:
        """Store what these texts' beginnings lack, and mark all of them as used.

        computed: the places in `states` of the last tokens of those that were not known.
        """
        for text in texts:
            beginnings = beginnings_of(text)
            self._use(beginnings)
            for beginning in beginnings:
                if beginning not in self._rows:
                    if beginning not in computed:
                        break  # it was known, and dropped for those of the texts before
                    row = self._free_row()
                    self._states[:, row] = states[:, computed[beginning]]
                    self._rows[beginning] = row
            self._use(beginnings)

    def _use(self, beginnings: Sequence[bytes]) -> None:
        for beginning in reversed(beginnings):
            if beginning in self._rows:
                self._rows.move_to_end(beginning)

    def _free_row(self) -> int:
        used = len(self._rows)
        return used if used < self._states.shape[1] else self._rows.popitem(last=False)[1]


def beginnings_of(text: npt.NDArray[np.int32]) -> list[bytes]:
    """The beginnings of a text, the shortest first, without its last token, the end."""
    whole = text.tobytes()
    last = ID_BYTES * min(len(text) - 1, _LONGEST)
    return [whole[:end] for end in range(ID_BYTES, last + 1, ID_BYTES)]
