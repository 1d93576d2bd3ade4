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
from pydantic import BaseModel, ValidationError

from services.common.durable_files import sync_file, sync_folder
from services.common.parent_process import live_with_parent
from services.encoder.architecture import Preprocessing, TokenizerFacts
from services.encoder.precision import Precision, Wanted, in_order
from services.encoder.source import ModelSource
from services.encoder.towers import Towers, build_towers
from services.encoder.trial import MOST_LOST, round_and_try
from services.encoder.weights import UnusableWeights

logger = logging.getLogger(__name__)

_LEAST_GAINING = 64 * 2**20
"""Bytes of weights. Smaller models (the bundled one has 19 MB) gain almost nothing from int8."""

_GRAPHS_VERSION = 7
"""Increase it when the same weights become different graphs or another `GraphInfo`."""

TOKENIZER_FILE = "tokenizer.json"
_INFO_FILE = "info.json"


class GraphInfo(BaseModel):
    """Facts about a model, stored beside its graphs so that nobody has to open them."""

    model_id: str
    dimension: int
    image_size: int
    patch_size: int | None
    context_length: int
    weights_sha256: str
    preprocessing: Preprocessing
    tokenizer: TokenizerFacts
    share_lost: float = 0.0
    """Loss by int8 rounding of the tower that loses more (`rounded.share_lost`); else 0."""
    files: dict[str, int]
    """Bytes of each file beside this one."""


@dataclass(frozen=True, slots=True)
class GraphFiles:
    """A folder with both towers in OpenVINO's format, and facts about them."""

    folder: Path
    info: GraphInfo
    precision: Precision


def choose_graphs(source: ModelSource, cache: Path, wanted: Wanted) -> GraphFiles:
    """The graphs in the wanted precision. `auto` is the one that suits the processor and preserves
    the model's vectors. Raises UnusableWeights or UnsuitablePrecision.
    """
    order = in_order(wanted)
    if source.size < _LEAST_GAINING:
        order = order[-1:]
    first, *others = order
    files = prepare_graphs(source, cache, first)
    lost = files.info.share_lost
    if lost > MOST_LOST:
        facts = {"precision": first, "share_lost": lost, "most": MOST_LOST}
        logger.warning("rounding changes this model's vectors too much", extra=facts)
        if others:
            return prepare_graphs(source, cache, others[0])
    return files


def prepare_graphs(source: ModelSource, cache: Path, precision: Precision) -> GraphFiles:
    """The graphs of a model, made from its weights the first time and stored in `cache`.

    A separate process makes them, because this takes four times the memory of serving and the
    memory would not be returned. The files are written elsewhere and moved into place together, so
    a killed process or a loss of power leaves no partial result. Raises UnusableWeights or OSError.
    """
    folder = cache / f"{source.key}-{precision}-graphs{_GRAPHS_VERSION}"
    info = _info_in(folder)
    if info is None:
        cache.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(1, get_context("spawn"), live_with_parent) as aside:
            aside.submit(make_graphs, source, folder, precision).result()
        info = GraphInfo.model_validate_json((folder / _INFO_FILE).read_bytes())
    return GraphFiles(folder, info, precision)


def _info_in(folder: Path) -> GraphInfo | None:
    """The facts in a folder of graphs; None if it is not there, or was damaged and is removed."""
    if not folder.is_dir():
        return None
    try:
        info = GraphInfo.model_validate_json((folder / _INFO_FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        info = None
    if info is None or info.files != _sizes(folder):
        logger.warning("damaged graphs are made again", extra={"folder": str(folder)})
        shutil.rmtree(folder)
        return None
    return info


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of the files that the facts are about."""
    return {file.name: file.stat().st_size for file in folder.iterdir() if file.name != _INFO_FILE}


def _towers_of(source: ModelSource) -> Towers:
    try:
        return build_towers(source.load(), source.description.architecture, source.name)
    except (ValueError, IndexError, TypeError, RuntimeError) as error:
        # NumPy and OpenVINO raise these where tensors have other shapes than they should.
        raise UnusableWeights(f"the tensors do not fit together: {error}") from error


def make_graphs(source: ModelSource, folder: Path, precision: Precision) -> None:
    """Make the graphs in this process, and give the folder its name once they are on the disk."""
    facts = source.description
    towers = _towers_of(source)
    shape = towers.shape
    if shape.vocabulary != facts.tokenizer.vocabulary:
        raise UnusableWeights(
            f"these weights have {shape.vocabulary} tokens, and the tokenizer "
            f"{facts.tokenizer.vocabulary}"
        )
    if facts.tokenizer.context_length not in (None, shape.context_length):
        raise UnusableWeights(
            f"these weights have positions for {shape.context_length} tokens, and the "
            f"configuration for {facts.tokenizer.context_length}"
        )
    lost = round_and_try(towers, facts) if precision == "int8" else 0.0
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".making-"))
    try:
        # Half-precision files for bf16: OpenAI publishes its weights in half precision, and they
        # map to half the memory. Folding the norms needs more bits, so fp32 files stay complete.
        half = precision == "bf16"
        for tower in (towers.text, towers.image):
            _save(tower, aside / f"{tower.friendly_name}.xml", half=half)
        if source.tokenizer_json is not None:
            (aside / TOKENIZER_FILE).write_text(source.tokenizer_json, "utf-8")
        info = GraphInfo(
            model_id=towers.model_id,
            dimension=shape.dimension,
            image_size=shape.image_size,
            patch_size=shape.patch_size,
            context_length=shape.context_length,
            weights_sha256=source.sha256,
            preprocessing=facts.preprocessing,
            tokenizer=facts.tokenizer,
            share_lost=lost,
            files=_sizes(aside),
        )
        (aside / _INFO_FILE).write_text(info.model_dump_json(indent=2))
        for file in aside.iterdir():
            sync_file(file)
        sync_folder(aside)
        try:
            aside.rename(folder)
        except OSError:
            # Otherwise another process was faster; both make the same files.
            if not (folder / _INFO_FILE).is_file():
                raise
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _save(tower: ov.Model, path: Path, *, half: bool) -> None:
    """Raises OSError."""
    try:
        ov.save_model(tower, path, compress_to_fp16=half)
    except RuntimeError as error:
        free = shutil.disk_usage(path.parent).free // 2**20
        raise OSError(
            f"Could not write the model's graphs to {path.parents[1]} ({error}). {free} MB are "
            "free there; they need as much as the weights."
        ) from error
