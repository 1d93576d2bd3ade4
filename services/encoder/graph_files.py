"""The files of a model's two graphs, made from its weights the first time."""

from __future__ import annotations

import logging
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import openvino as ov
from pydantic import BaseModel

from services.encoder.graph import image_tower, read_shape, text_tower
from services.encoder.precision import Precision, Wanted, in_order
from services.encoder.trial import MOST_LOST, round_and_try
from services.encoder.weights import load_state_dict

logger = logging.getLogger(__name__)

_LEAST_GAINING = 64 * 2**20
"""Bytes of weights. Smaller models (the bundled one has 19 MB) gain almost nothing from int8."""

_GRAPHS_VERSION = 4
"""Increase it when `graph.py` or `rounded.py` builds different graphs from the same weights."""


class GraphInfo(BaseModel):
    """Facts about a model, stored beside its graphs so that nobody has to open them."""

    model_id: str
    dimension: int
    image_size: int
    patch_size: int | None
    context_length: int
    share_lost: float = 0.0
    """Loss by int8 rounding of the tower that loses more (`rounded.share_lost`); else 0."""


@dataclass(frozen=True, slots=True)
class GraphFiles:
    """A folder with both towers in OpenVINO's format, and facts about them."""

    folder: Path
    info: GraphInfo
    precision: Precision


def choose_graphs(weights: Path, model_id: str, cache: Path, wanted: Wanted) -> GraphFiles:
    """The graphs in the wanted precision. `auto` is the one that suits the processor and preserves
    the model's vectors. Raises UnusableWeights or UnsuitablePrecision.
    """
    order = in_order(wanted)
    if weights.stat().st_size < _LEAST_GAINING:
        order = order[-1:]
    first, *others = order
    files = prepare_graphs(weights, model_id, cache, first)
    lost = files.info.share_lost
    if lost > MOST_LOST:
        facts = {"precision": first, "share_lost": lost, "most": MOST_LOST}
        logger.warning("rounding changes this model's vectors too much", extra=facts)
        if others:
            return prepare_graphs(weights, model_id, cache, others[0])
    return files


def prepare_graphs(weights: Path, model_id: str, cache: Path, precision: Precision) -> GraphFiles:
    """The graphs of a model, made from its weights the first time and stored in `cache`.

    A separate process makes them, because this takes four times the memory of serving and the
    memory would not be returned. The files are written elsewhere and moved into place together, so
    a killed process leaves no partial result. Raises UnusableWeights.
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
    text, image = text_tower(state_dict), image_tower(state_dict)
    del state_dict
    info = GraphInfo(
        model_id=model_id,
        dimension=shape.dimension,
        image_size=shape.image_size,
        patch_size=shape.patch_size,
        context_length=shape.context_length,
        share_lost=round_and_try(text, image, shape) if precision == "int8" else 0.0,
    )
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".making-"))
    try:
        # Half-precision files for bf16: OpenAI publishes its weights in half precision, and they
        # map to half the memory. Folding the norms needs more bits, so fp32 files stay complete.
        half = precision == "bf16"
        for tower in (text, image):
            ov.save_model(tower, aside / f"{tower.friendly_name}.xml", compress_to_fp16=half)
        (aside / "info.json").write_text(info.model_dump_json(indent=2))
        try:
            aside.rename(folder)
        except OSError:
            # Otherwise another process was faster; both make the same files.
            if not (folder / "info.json").is_file():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
