"""Models in folders: which layout a folder has, and its files."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from services.encoder import hugging_face, open_clip
from services.encoder.configuration import read_json
from services.encoder.source import ModelSource, source_of_files
from services.encoder.weights import UnusableWeights

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
"""Weights in Hugging Face's layout: one file, or several that an index names."""

_PICKLED = (".bin", ".pt", ".pth", ".ckpt")
_SHARD = re.compile(r"[\w-][\w.-]*\.safetensors", re.ASCII)


class _Config(BaseModel):
    """`config.json` of a model folder in OpenAI's layout."""

    model_id: str
    weights: str


def read_folder(folder: Path, known: Mapping[str, str] | None = None) -> ModelSource:
    """A model in a folder, in one of three layouts: OpenAI's with our `config.json`, open_clip's,
    or Hugging Face's. known: SHA-256 of files by name, where they were just checked.

    Raises UnusableWeights.
    """
    names = {entry.name for entry in folder.iterdir()}
    if open_clip.CONFIGURATION in names and open_clip.WEIGHTS in names:
        # Such a folder may have Hugging Face's files too. Most of these models were trained by
        # open_clip, so its tokenizer and its preprocessing are theirs.
        facts = open_clip.describe(folder)
        return source_of_files((folder / open_clip.WEIGHTS,), "open_clip", facts, known=known)
    if "config.json" not in names:
        raise UnusableWeights(
            f"{folder} is not a model folder: it has neither config.json nor "
            f"{open_clip.CONFIGURATION} with {open_clip.WEIGHTS}"
        )
    config = read_json(folder / "config.json")
    if "model_id" in config:
        return _own(folder, config)
    files = _weights_of(folder, names)
    facts, tokenizer = hugging_face.describe(folder)
    return source_of_files(files, "hugging_face", facts, tokenizer_json=tokenizer, known=known)


def _own(folder: Path, values: dict[str, Any]) -> ModelSource:
    """A folder in OpenAI's layout."""
    try:
        config = _Config.model_validate(values)
        return source_of_files((folder / config.weights,), name=config.model_id)
    except ValidationError as error:
        raise UnusableWeights(f"{folder} is not a model folder: {error}") from error


def _weights_of(folder: Path, names: Collection[str]) -> tuple[Path, ...]:
    """The safetensors files of Hugging Face's layout: one, or several that an index names."""
    if WEIGHTS in names:
        return (folder / WEIGHTS,)
    if INDEX not in names:
        raise no_weights(str(folder), names)
    return tuple(folder / shard for shard in shards(folder / INDEX))


def no_weights(where: str, names: Collection[str]) -> UnusableWeights:
    """The error for a model without weights that may be read."""
    pickled = sorted(name for name in names if name.endswith(_PICKLED))
    reason = (
        f"; {pickled[0]} is a pickle, which could run code, so it is not read" if pickled else ""
    )
    return UnusableWeights(
        f"{where} has neither {WEIGHTS} nor {open_clip.WEIGHTS} with {open_clip.CONFIGURATION}"
        + reason
    )


def shards(index: Path) -> list[str]:
    """Names of the files that an index of weights lists. Raises UnusableWeights."""
    listed = read_json(index).get("weight_map")
    files = list(listed.values()) if isinstance(listed, dict) else []
    # Plain names only: an index must not name files elsewhere.
    if not files or not all(isinstance(one, str) and _SHARD.fullmatch(one) for one in files):
        raise UnusableWeights(f"{index} lists no weights files of its folder")
    return sorted(set(files))
