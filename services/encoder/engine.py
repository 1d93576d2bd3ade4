"""The two compiled towers: batches in, unit vectors out. Calls block; they do no I/O."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import openvino as ov

from services.encoder.beginnings import Beginnings
from services.encoder.graph_files import GraphFiles, GraphInfo
from services.encoder.packing import Inputs, stacked_pictures, text_passes
from services.encoder.precision import OPTIONS, Precision
from services.encoder.preprocess import Pixels
from services.encoder.priority import low_priority_thread
from services.encoder.tokenizer import Tokens

Vectors = npt.NDArray[np.float32]

_PICTURES_AT_ONCE = (1, 2, 4, 8, 16, 32)
"""Batch sizes. There are few, because OpenVINO keeps 6 MB for each size (ViT-B/32)."""


class Engine(Protocol):
    """The interface of a model."""

    info: GraphInfo
    precision: Precision

    def texts(self, tokens: Sequence[Tokens], *, keep: bool = False) -> Vectors:
        """One (length,) array of token ids per text → (n, dimension) unit vectors.

        keep: store the keys and values of their beginnings for later texts.
        """
        ...

    def pictures(self, pixels: Sequence[Pixels]) -> Vectors:
        """(size, size, 3) arrays → (n, dimension) unit vectors."""
        ...


class OpenVinoEngine:
    """A model under OpenVINO, on the CPU."""

    def __init__(self, files: GraphFiles, *, threads: int) -> None:
        core = ov.Core()
        self.info = files.info
        self.precision = files.precision
        options = {
            **OPTIONS[files.precision],
            "INFERENCE_NUM_THREADS": threads or len(os.sched_getaffinity(0)),
            # Pinned to a core, a thread waits for it while another one is free.
            "ENABLE_CPU_PINNING": False,
        }
        # OpenVINO's own threads inherit the priority of the thread that compiles first.
        with low_priority_thread() as thread:
            self._text, self._image = thread.map(
                lambda file: core.compile_model(files.folder / file, "CPU", options),
                ("text.xml", "image.xml"),
            )
        self._beginnings = Beginnings.of(self._text)
        # Calling a compiled model shares one request between all callers. Here each tower has its
        # own request, which only its own worker thread uses.
        self._text_request = self._text.create_infer_request()
        self._image_request = self._image.create_infer_request()

    def texts(self, tokens: Sequence[Tokens], *, keep: bool = False) -> Vectors:
        parts = []
        for one in text_passes(tokens, self._beginnings):
            parts.append(self._ask(self._text_request, one.inputs)[: len(one.texts)])
            if keep and self._beginnings is not None:
                states = self._text_request.get_tensor("states").data
                self._beginnings.keep(one.texts, one.computed, states)
        return np.concatenate(parts)

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
        # Shared: neither is copied. The other outputs are read where they lie.
        found = request.infer(inputs, share_inputs=True, share_outputs=True)
        vectors: Vectors = np.array(found["vectors"], np.float32)
        if not np.isfinite(vectors).all():
            raise FloatingPointError("the model returned vectors that are not finite")
        return vectors
