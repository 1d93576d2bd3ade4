"""CLIP's forward pass as the paper and OpenAI's `model.py` state it, in plain float64 NumPy.

Slow and literal, so that it can be read beside the original: the reference for the serving graphs.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.encoder.weights import StateDict

Matrix = npt.NDArray[np.float64]
MEAN = np.array([0.48145466, 0.4578275, 0.40821073])
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711])


class NumpyClip:
    """`encode_text` and `encode_image`, one item at a time, normalised to unit length."""

    def __init__(self, weights: StateDict) -> None:
        self._w: dict[str, Matrix] = {name: value.astype(float) for name, value in weights.items()}

    def text(self, tokens: Sequence[int]) -> Matrix:
        padded = np.zeros(77, int)  # the original always runs all 77 places
        padded[: len(tokens)] = tokens
        state = self._w["token_embedding.weight"][padded] + self._w["positional_embedding"]
        mask = np.triu(np.full((77, 77), -np.inf), 1)
        state = self._transformer(state, "transformer.resblocks", mask)
        pooled = self._norm(state, "ln_final")[int(padded.argmax())]
        return _unit(pooled @ self._w["text_projection"])

    def image(self, pixels: npt.NDArray[np.uint8]) -> Matrix:
        """pixels: (size, size, 3)"""
        kernel = self._w["visual.conv1.weight"]
        patch = kernel.shape[-1]
        scaled = (pixels / 255 - MEAN) / DEVIATION
        side = pixels.shape[0] // patch
        places = [
            (scaled[y * patch : (y + 1) * patch, x * patch : (x + 1) * patch], kernel)
            for y in range(side)
            for x in range(side)
        ]
        embedded = [np.einsum("yxc,ocyx->o", part, weights) for part, weights in places]
        state = np.stack([self._w["visual.class_embedding"], *embedded])
        state = self._norm(state + self._w["visual.positional_embedding"], "visual.ln_pre")
        state = self._transformer(state, "visual.transformer.resblocks", np.zeros(()))
        return _unit(self._norm(state, "visual.ln_post")[0] @ self._w["visual.proj"])

    def _transformer(self, state: Matrix, prefix: str, mask: Matrix) -> Matrix:
        for layer in itertools.count():
            at = f"{prefix}.{layer}"
            if f"{at}.ln_1.weight" not in self._w:
                return state
            state = state + self._attention(self._norm(state, f"{at}.ln_1"), f"{at}.attn", mask)
            up = self._linear(self._norm(state, f"{at}.ln_2"), f"{at}.mlp.c_fc")
            state = state + self._linear(up / (1 + np.exp(-1.702 * up)), f"{at}.mlp.c_proj")
        raise AssertionError("unreachable")

    def _attention(self, state: Matrix, at: str, mask: Matrix) -> Matrix:
        length, width = state.shape
        joined = state @ self._w[f"{at}.in_proj_weight"].T + self._w[f"{at}.in_proj_bias"]
        query, key, value = (
            part.reshape(length, width // 64, 64).transpose(1, 0, 2)
            for part in np.split(joined, 3, axis=1)
        )
        scores = query @ key.transpose(0, 2, 1) / 8 + mask
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = weights / weights.sum(-1, keepdims=True) @ value
        return self._linear(mixed.transpose(1, 0, 2).reshape(length, width), f"{at}.out_proj")

    def _norm(self, state: Matrix, name: str) -> Matrix:
        centred = state - state.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(state.var(-1, keepdims=True) + 1e-5)
        normalised: Matrix = scaled * self._w[f"{name}.weight"] + self._w[f"{name}.bias"]
        return normalised

    def _linear(self, state: Matrix, name: str) -> Matrix:
        projected: Matrix = state @ self._w[f"{name}.weight"].T + self._w[f"{name}.bias"]
        return projected


def _unit(vector: Matrix) -> Matrix:
    unit: Matrix = vector / np.linalg.norm(vector)
    return unit
