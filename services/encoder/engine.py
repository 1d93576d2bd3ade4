"""The two compiled towers: batches in, unit vectors out. Calls block; they do no I/O."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Protocol

import numpy as np
import numpy.typing as npt
import openvino as ov

from services.encoder.graph_files import GraphFiles, GraphInfo
from services.encoder.packing import Inputs, stacked_pictures, text_passes
from services.encoder.precision import OPTIONS, Precision
from services.encoder.preprocess import Pixels
from services.encoder.tokenizer import Tokens

Vectors = npt.NDArray[np.float32]

_FEW = 4
"""Texts that all threads compute together, because their callers wait for nothing else. More texts
are computed by half of the threads: threads wait for each other after every layer."""
_PICTURES_AT_ONCE = (1, 2, 4, 8, 16, 32)
"""Batch sizes. There are few, because OpenVINO keeps 6 MB for each size (ViT-B/32)."""


class Engine(Protocol):
    """The interface of a model."""

    info: GraphInfo
    precision: Precision
    passes: int
    """Passes over texts that may run at the same time, in a thread each."""

    def texts(self, tokens: Sequence[Tokens]) -> Vectors:
        """One (length,) array of token ids per text → (n, dimension) unit vectors."""
        ...

    def pictures(self, pixels: Sequence[Pixels]) -> Vectors:
        """(size, size, 3) arrays → (n, dimension) unit vectors."""
        ...


class _Requests:
    """Requests of one compiled model, each used by one thread at a time."""

    def __init__(self, model: ov.CompiledModel, count: int) -> None:
        self._free: SimpleQueue[ov.InferRequest] = SimpleQueue()
        for _ in range(count):
            self._free.put(model.create_infer_request())

    @contextmanager
    def taken(self) -> Iterator[ov.InferRequest]:
        request = self._free.get()
        try:
            yield request
        finally:
            self._free.put(request)


class OpenVinoEngine:
    """A model under OpenVINO, on the CPU."""

    def __init__(self, files: GraphFiles, *, threads: int) -> None:
        core = ov.Core()
        self.info = files.info
        self.precision = files.precision
        self._padded = files.info.tokenizer.pad_token is not None
        count = threads or len(os.sched_getaffinity(0))
        options = {
            **OPTIONS[files.precision],
            "INFERENCE_NUM_THREADS": count,
            # Pinned, a thread waits for its core while another one is free.
            "ENABLE_CPU_PINNING": False,
        }
        text = core.compile_model(files.folder / "text.xml", "CPU", options)
        self._image = core.compile_model(files.folder / "image.xml", "CPU", options)
        # Calling a compiled model shares one request between all callers. Here each thread that
        # uses a tower takes a request for itself.
        self._few = _Requests(text, 1)
        self._many = self._few
        self.passes = min(2, count)
        if self.passes > 1:
            options = {**options, "NUM_STREAMS": self.passes}
            halves = core.compile_model(files.folder / "text.xml", "CPU", options)
            self._many = _Requests(halves, self.passes)
        self._image_request = self._image.create_infer_request()

    def texts(self, tokens: Sequence[Tokens]) -> Vectors:
        requests = self._few if len(tokens) <= _FEW else self._many
        with requests.taken() as request:
            return np.concatenate(
                [
                    self._ask(request, inputs)[:count]
                    for inputs, count in text_passes(tokens, padded=self._padded)
                ]
            )

    def pictures(self, pixels: Sequence[Pixels]) -> Vectors:
        parts, done = [], 0
        while done < len(pixels):
            size = _PICTURES_AT_ONCE[bisect_right(_PICTURES_AT_ONCE, len(pixels) - done) - 1]
            inputs = stacked_pictures(pixels[done : done + size], self.info.patch_size)
            parts.append(self._ask(self._image_request, inputs))
            done += size
        return np.concatenate(parts)

    @staticmethod
    def _ask(request: ov.InferRequest, inputs: Inputs) -> Vectors:
        vectors: Vectors = np.array(request.infer(inputs)["vectors"], np.float32)
        if not np.isfinite(vectors).all():
            raise FloatingPointError("the model returned vectors that are not finite")
        return vectors
