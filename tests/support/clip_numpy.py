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
        if "visual.layer1.0.conv1.weight" in self._w:
            return self._residual(pixels)
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

    def _residual(self, pixels: npt.NDArray[np.uint8]) -> Matrix:
        state = ((pixels / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)
        for number, stride in ((1, 2), (2, 1), (3, 1)):
            state = np.maximum(
                self._convolution(state, f"visual.conv{number}", f"visual.bn{number}", stride), 0
            )
        state = _average(state, 2)
        for layer in range(1, 5):
            for number in itertools.count():
                at = f"visual.layer{layer}.{number}"
                if f"{at}.conv1.weight" not in self._w:
                    break
                state = self._bottleneck(state, at, 2 if layer > 1 and number == 0 else 1)
        return _unit(self._attention_pool(state))

    def _bottleneck(self, state: Matrix, at: str, stride: int) -> Matrix:
        inner = np.maximum(self._convolution(state, f"{at}.conv1", f"{at}.bn1"), 0)
        inner = np.maximum(self._convolution(inner, f"{at}.conv2", f"{at}.bn2"), 0)
        inner = self._convolution(_average(inner, stride), f"{at}.conv3", f"{at}.bn3")
        if f"{at}.downsample.0.weight" in self._w:
            short = _average(state, stride)
            state = self._convolution(short, f"{at}.downsample.0", f"{at}.downsample.1")
        return np.maximum(inner + state, 0)

    def _convolution(self, state: Matrix, at: str, norm: str, stride: int = 1) -> Matrix:
        kernel = self._w[f"{at}.weight"]
        side = kernel.shape[-1]
        border = side // 2
        padded = np.pad(state, ((0, 0), (border, border), (border, border)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), (1, 2))
        mapped = np.einsum("cyxij,ocij->oyx", windows[:, ::stride, ::stride], kernel)
        mean, variance, weight, bias = (
            self._w[f"{norm}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        normalised: Matrix = (mapped - mean) / np.sqrt(variance + 1e-5) * weight + bias
        return normalised

    def _attention_pool(self, state: Matrix) -> Matrix:
        at = "visual.attnpool"
        places = state.reshape(len(state), -1).T
        tokens = np.concatenate([places.mean(0, keepdims=True), places])
        tokens = tokens + self._w[f"{at}.positional_embedding"]
        query = self._linear(tokens[0], f"{at}.q_proj").reshape(-1, 64)
        key, value = (
            self._linear(tokens, f"{at}.{part}_proj").reshape(len(tokens), -1, 64) for part in "kv"
        )
        scores = np.einsum("hd,thd->ht", query, key) / 8
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights = weights / weights.sum(-1, keepdims=True)
        mixed = np.einsum("ht,thd->hd", weights, value).reshape(-1)
        return self._linear(mixed, f"{at}.c_proj")

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


def _average(state: Matrix, side: int) -> Matrix:
    channels, height, width = state.shape
    pooled: Matrix = state.reshape(channels, height // side, side, width // side, side).mean((2, 4))
    return pooled


def _unit(vector: Matrix) -> Matrix:
    unit: Matrix = vector / np.linalg.norm(vector)
    return unit
