"""Limits of the machine: reads from memory, and matrix products."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openvino as ov

from services.encoder.precision import OPTIONS, WIDTH, Precision, products
from services.encoder.rounded import GROUP
from tests.benchmarks.timing import in_turns

TEXT_WEIGHTS = 12 * (12 * 512**2) + 512 * 512
"""Matrix elements of ViT-B/32 that a text is multiplied with (no token table)."""
IMAGE_WEIGHTS = 12 * (12 * 768**2) + 3072 * 768 + 768 * 512
WEIGHT_BYTES: Mapping[Precision, float] = {"fp32": 4, "bf16": 2, "int8": 1 + 4 / GROUP}
"""Bytes of one weight; with 8 bits a group shares a scale."""
_FAR = 256 * 2**20  # more than any cache holds


def text_flop(tokens: int) -> int:
    """Operations for a text; `tokens` without its start token, which is the same in all texts."""
    return _tower_flop(tokens, seen=tokens + 1, width=512) + 2 * 512 * 512


def image_flop() -> int:
    """Operations for a picture: 49 patches and the class token."""
    return _tower_flop(50, seen=50, width=768) + 2 * (49 * 3072 * 768 + 768 * 512)


def _tower_flop(tokens: int, *, seen: int, width: int) -> int:
    """Twelve blocks, of the last one only what the token that is read needs: keys and values of
    all, the rest of one. A block is 12·width² products a token (3 of them to query, key and value,
    1 after attention, 8 in the feed-forward), and attention 2·width for each token that one sees.
    """
    products = tokens * (11 * 12 + 2) + 10
    attention = (11 * tokens + 1) * 2 * seen * width
    return 2 * (products * width**2 + attention)


def roof(precision: Precision, threads: int, rounds: int) -> tuple[float, float]:
    """Bytes a second read from memory, and FLOP a second of nothing but the tower's products."""
    with ThreadPoolExecutor(threads) as pool:
        seconds = in_turns(
            {"products": _products(precision, threads), "read": _reading(pool, threads)},
            rounds=rounds,
        )
    return _FAR / seconds["read"], _FLOP / seconds["products"]


_ROWS, _TIMES = 32 * 50, 16
_FLOP = _TIMES * 2 * _ROWS * WIDTH * 4 * WIDTH


def _products(precision: Precision, threads: int) -> Callable[[], object]:
    options = {**OPTIONS[precision], "INFERENCE_NUM_THREADS": threads}
    graph = products(precision, _TIMES)
    request = ov.compile_model(graph, "CPU", options).create_infer_request()
    values = np.random.default_rng(0).standard_normal((_ROWS, WIDTH), np.float32)
    return lambda: request.infer([values])


def _reading(pool: ThreadPoolExecutor, threads: int) -> Callable[[], object]:
    far = np.ones(_FAR // 8, np.int64)
    parts = np.array_split(far, threads)
    # The largest of integers: a pass in registers, which waits for nothing but memory.
    return lambda: list(pool.map(np.max, parts))
