"""The binary response to an embedding request: a safetensors file."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save

from services.contracts.encoder import EMBEDDINGS_TENSOR, REPORT_TENSOR, EmbeddingsResponse
from services.encoder.outcome import Outcome


def to_safetensors(report: EmbeddingsResponse, outcome: Outcome) -> bytes:
    """`embeddings` (n, dimension) float32, with zeros for a failed item, and `report` as JSON."""
    nothing = np.zeros(report.dimension, np.float32)
    rows = np.stack([nothing if one is None else one for one in outcome.vectors])
    description = np.frombuffer(report.model_dump_json(exclude={"embeddings"}).encode(), np.uint8)
    return save({EMBEDDINGS_TENSOR: rows, REPORT_TENSOR: description})
