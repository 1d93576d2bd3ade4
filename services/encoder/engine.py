"""The two towers, compiled and ready: batches in, unit vectors out. Calls block; no I/O."""

from __future__ import annotations

import os
import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import openvino as ov
from pydantic import BaseModel

from services.encoder.graph import image_tower, read_shape, text_tower
from services.encoder.precision import HINTS, Precision
from services.encoder.preprocess import Pixels, to_patches
from services.encoder.tokenizer import Tokens
from services.encoder.weights import load_state_dict

Vectors = npt.NDArray[np.float32]

_GRAPHS_VERSION = 4
"""Raise it when `graph.py` builds something else from the same weights."""


# OpenVINO keeps what it prepared for every shape that it met: up to 1 MB a shape of texts, 6 MB a
# shape of pictures (ViT-B/32). So pictures go in parts of few sizes, and the texts of a pass are
# padded a little, all together.
_PICTURES_AT_ONCE = (1, 2, 4, 8, 16, 32)

_MOST_TOKENS = 256
"""Of texts in one pass. Matrix products gain nothing from more, and each token is compared with all
of them before most are masked."""


class Engine(Protocol):
    """What the service asks of a model."""

    info: GraphInfo
    precision: Precision

    def texts(self, tokens: Sequence[Tokens]) -> Vectors:
        """One (length,) array of token ids a text → (n, dimension) unit vectors."""
        ...

    def pictures(self, pixels: Sequence[Pixels]) -> Vectors:
        """(size, size, 3) arrays → (n, dimension) unit vectors."""
        ...


class GraphInfo(BaseModel):
    """What is known of a model without opening it; kept beside its graphs."""

    model_id: str
    dimension: int
    image_size: int
    patch_size: int | None
    context_length: int


@dataclass(frozen=True, slots=True)
class GraphFiles:
    """A folder with both towers in OpenVINO's format, and what is known of them."""

    folder: Path
    info: GraphInfo
    precision: Precision


def prepare_graphs(weights: Path, model_id: str, cache: Path, precision: Precision) -> GraphFiles:
    """The graphs of a model, made from its weights the first time and kept in `cache`.

    Made in a process of their own: it takes four times the memory of serving, which would stay
    with this one. Written aside and moved into place whole, so a killed process leaves nothing
    half made. Raises UnusableWeights.
    """
    folder = cache / f"{model_id.replace('/', '-')}-{precision}-graphs{_GRAPHS_VERSION}"
    description = folder / "info.json"
    if not description.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as aside:
            aside.submit(_make_graphs, weights, model_id, folder, precision).result()
    info = GraphInfo.model_validate_json(description.read_bytes())
    return GraphFiles(folder, info, precision)


def _make_graphs(weights: Path, model_id: str, folder: Path, precision: Precision) -> None:
    state_dict = load_state_dict(weights)
    shape = read_shape(state_dict)
    info = GraphInfo(
        model_id=model_id,
        dimension=shape.dimension,
        image_size=shape.image_size,
        patch_size=shape.patch_size,
        context_length=shape.context_length,
    )
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".making-"))
    try:
        # For bf16 half-precision files: OpenAI publishes its weights in half precision anyway, and
        # they map to half the memory. Folding the norms needs more bits, so fp32 stays whole.
        half = precision == "bf16"
        for tower in (text_tower(state_dict), image_tower(state_dict)):
            ov.save_model(tower, aside / f"{tower.friendly_name}.xml", compress_to_fp16=half)
        (aside / "info.json").write_text(info.model_dump_json(indent=2))
        try:
            aside.rename(folder)
        except OSError:
            # Else another process was quicker; both made the same.
            if not (folder / "info.json").is_file():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


class OpenVinoEngine:
    """CLIP under OpenVINO, on the CPU."""

    def __init__(self, files: GraphFiles, *, threads: int) -> None:
        core = ov.Core()
        self.info = files.info
        self.precision = files.precision
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[files.precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads or len(os.sched_getaffinity(0)),
        }
        self._text = core.compile_model(files.folder / "text.xml", "CPU", options)
        self._image = core.compile_model(files.folder / "image.xml", "CPU", options)
        # A compiled model's own call shares one request between all callers; each tower here is
        # only ever asked by its own worker thread.
        self._text_request = self._text.create_infer_request()
        self._image_request = self._image.create_infer_request()

    def texts(self, tokens: Sequence[Tokens]) -> Vectors:
        return np.concatenate([self._texts_part(part) for part in _fitting(tokens)])

    def _texts_part(self, texts: Sequence[Tokens]) -> Vectors:
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
        vectors = self._ask(self._text_request, {"tokens": tokens, "firsts": firsts, "ends": ends})
        return vectors[: len(texts)]

    def pictures(self, pixels: Sequence[Pixels]) -> Vectors:
        batch = np.stack(pixels)
        name = "pixels"
        if self.info.patch_size is not None:
            name, batch = "patches", to_patches(batch, self.info.patch_size)
        parts, done = [], 0
        while done < len(batch):
            size = _PICTURES_AT_ONCE[bisect_right(_PICTURES_AT_ONCE, len(batch) - done) - 1]
            parts.append(self._ask(self._image_request, {name: batch[done : done + size]}))
            done += size
        return np.concatenate(parts)

    @staticmethod
    def _ask(request: ov.InferRequest, inputs: dict[str, npt.NDArray[np.generic]]) -> Vectors:
        vectors: Vectors = np.array(request.infer(inputs)["vectors"], np.float32)
        if not np.isfinite(vectors).all():
            raise FloatingPointError("the model gave vectors that are not finite")
        return vectors


def _fitting(texts: Sequence[Tokens]) -> Iterator[list[Tokens]]:
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


def _padded(tokens: int) -> int:
    """The next number of tokens that is used: there are eight from one power of two to the next."""
    step: int = 1 << max(0, tokens.bit_length() - 4)
    return -(-tokens // step) * step
