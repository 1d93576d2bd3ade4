"""The two towers, compiled and ready: batches in, unit vectors out. Calls block; no I/O."""

from __future__ import annotations

import os
import shutil
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
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

_GRAPHS_VERSION = 3
"""Raise it when `graph.py` builds something else from the same weights."""


# OpenVINO keeps what it prepared for every shape that it met: 0.6 MB a shape of texts, 6 MB a shape
# of pictures (ViT-B/32). Batches come in so many shapes that this would grow by a gigabyte; so they
# go in parts of few sizes, texts also with a little padding.
_PARTS = (1, 2, 4, 8, 16, 32)
_LENGTHS = (2, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64)
_FILLED = 0.75
"""A part of texts at least so full is padded up to the next size; else it is split."""


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
        vectors = np.empty((len(tokens), self.info.dimension), np.float32)
        by_length = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        done = 0
        while done < len(tokens):
            rows = _text_rows(len(tokens) - done)
            part = by_length[done : done + rows]
            vectors[part] = self._texts_part([tokens[place] for place in part], rows)
            done += len(part)
        return vectors

    def _texts_part(self, tokens: Sequence[Tokens], rows: int) -> Vectors:
        # As short as the longest text: what stands after an end-of-text token changes nothing.
        # All begin with the start token, which is in the graph.
        longest = max(len(row) for row in tokens) - 1
        length = next((size for size in _LENGTHS if size >= longest), self.info.context_length - 1)
        batch, ends = np.zeros((rows, length), np.int32), np.zeros(rows, np.int32)
        for place, row in enumerate(tokens):
            batch[place, : len(row) - 1] = row[1:]
            ends[place] = len(row) - 2
        return self._ask(self._text_request, {"tokens": batch, "ends": ends})[: len(tokens)]

    def pictures(self, pixels: Sequence[Pixels]) -> Vectors:
        batch = np.stack(pixels)
        name = "pixels"
        if self.info.patch_size is not None:
            name, batch = "patches", to_patches(batch, self.info.patch_size)
        parts, done = [], 0
        while done < len(batch):
            size = _PARTS[bisect_right(_PARTS, len(batch) - done) - 1]
            parts.append(self._ask(self._image_request, {name: batch[done : done + size]}))
            done += size
        return np.concatenate(parts)

    @staticmethod
    def _ask(request: ov.InferRequest, inputs: dict[str, npt.NDArray[np.generic]]) -> Vectors:
        vectors: Vectors = np.array(request.infer(inputs)["vectors"], np.float32)
        if not np.isfinite(vectors).all():
            raise FloatingPointError("the model gave vectors that are not finite")
        return vectors


def _text_rows(waiting: int) -> int:
    """Rows of the next part: the next size up if `waiting` texts nearly fill it, else one less."""
    place = bisect_left(_PARTS, waiting)
    if place == len(_PARTS) or waiting < _FILLED * _PARTS[place]:
        place -= 1
    return _PARTS[place]
