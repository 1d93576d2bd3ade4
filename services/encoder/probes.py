"""Artificial texts and pictures for trials of a model's arithmetic."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from services.encoder.architecture import Description
from services.encoder.preprocess import Pixels
from services.encoder.tokenizer import Tokens

_FIRST_MERGED = 512
"""Tokens before this one are single bytes and special tokens, in most vocabularies."""
_MOST_WORDS = 12


def probe_texts(count: int, seed: int, facts: Description, context_length: int) -> list[Tokens]:
    """Texts of 1 to 12 tokens with a realistic frequency of tokens, in the model's format.

    The vocabulary is sorted by frequency, so ranks are drawn by Zipf's law.
    """
    random = np.random.default_rng(seed)
    tokenizer = facts.tokenizer
    rarest = math.log(tokenizer.vocabulary - 2)
    commonest = min(math.log(_FIRST_MERGED), rarest / 2)
    starts = [facts.architecture.start_token] if facts.architecture.family == "clip" else []
    texts = []
    for _ in range(count):
        drawn = np.exp(random.uniform(commonest, rarest, int(random.integers(_MOST_WORDS)) + 1))
        words = drawn.astype(np.int32)[: context_length - 2]
        text = np.array([*starts, *words, tokenizer.end_token], np.int32)
        if tokenizer.pad_token is not None:
            padding = (0, context_length - len(text))
            text = np.pad(text, padding, constant_values=tokenizer.pad_token)
        texts.append(text)
    return texts


def probe_pictures(count: int, size: int, seed: int) -> list[Pixels]:
    """Pictures of coarse and fine patches of colour, (size, size, 3) each. Every second one has a
    plain background, like photographs of products.
    """
    random = np.random.default_rng(seed)
    pictures = []
    for number in range(count):
        layers = [_patches(random, side, size) for side in (2, 5, 14, 45)]
        weights = random.dirichlet(np.ones(len(layers)))
        picture = sum(weight * layer for weight, layer in zip(weights, layers, strict=True))
        if number % 2:
            top, left = random.integers(0, size // 3, 2)
            bottom, right = random.integers(size // 2, size, 2)
            ground = np.full((size, size, 3), random.choice([255.0, 240.0, 30.0]))
            ground[top:bottom, left:right] = picture[top:bottom, left:right]
            picture = ground
        pictures.append(np.asarray(picture).astype(np.uint8))
    return pictures


def _patches(random: np.random.Generator, side: int, size: int) -> np.ndarray:
    few = Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8))
    filtered = Image.Resampling.BICUBIC if random.random() < 0.5 else Image.Resampling.NEAREST
    return np.asarray(few.resize((size, size), filtered), np.float32)
