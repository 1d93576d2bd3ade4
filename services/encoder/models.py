"""Models by name: where their weights are, and the model id of their vectors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from services.encoder.fetch import Progress, fetch, sha256_of
from services.encoder.weights import UnusableWeights


@dataclass(frozen=True, slots=True)
class Published:
    """Weights that OpenAI published: the file name, and the SHA-256 that is part of the URL."""

    file: str
    sha256: str


# Source: `_MODELS` in clip/clip.py of OpenAI's `clip` package.
PUBLISHED = {
    "RN50": Published(
        "RN50.pt", "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"
    ),
    "ViT-B/32": Published(
        "ViT-B-32.pt", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"
    ),
    "ViT-B/16": Published(
        "ViT-B-16.pt", "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"
    ),
    "ViT-L/14": Published(
        "ViT-L-14.pt", "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"
    ),
    "ViT-L/14@336px": Published(
        "ViT-L-14-336px.pt", "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"
    ),
}
_WEIGHTS_SUFFIXES = (".pt", ".safetensors")


class UnknownModel(Exception):
    """The model setting names no model; the message lists the possible values."""


class _Config(BaseModel):
    """`config.json` of a model folder."""

    model_id: str
    weights: str


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """A weights file, and the model id of the vectors made with it."""

    path: Path
    model_id: str


def find_weights(model: str, *, cache: Path, base_url: str, progress: Progress) -> ModelWeights:
    """The weights of a model. A published model is fetched the first time.

    Raises UnknownModel, UnusableWeights, or fetch.FetchFailed.
    """
    published = PUBLISHED.get(model)
    if published is not None:
        url = f"{base_url.rstrip('/')}/{published.sha256}/{published.file}"
        path = fetch(url, cache / published.file, published.sha256, progress)
        return ModelWeights(path, _identity(model, published.sha256))
    path = Path(model)
    if path.is_dir():
        return _from_folder(path)
    if path.is_file() and path.suffix in _WEIGHTS_SUFFIXES:
        return ModelWeights(path, _identity(path.stem, sha256_of(path)))
    raise UnknownModel(
        f"There is no model {model!r}. Name a folder, a file "
        f"({', '.join(_WEIGHTS_SUFFIXES)}) or one of {', '.join(PUBLISHED)}."
    )


def _from_folder(folder: Path) -> ModelWeights:
    config_path = folder / "config.json"
    try:
        config = _Config.model_validate_json(config_path.read_bytes())
        path = folder / config.weights
        return ModelWeights(path, _identity(config.model_id, sha256_of(path)))
    except (OSError, ValidationError) as error:
        raise UnusableWeights(f"{folder} is not a model folder: {error}") from error


def _identity(name: str, sha256: str) -> str:
    return f"{name}@{sha256[:12]}"
