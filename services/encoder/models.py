"""Models by name: where their files are."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from services.encoder.fetch import FetchFailed, Progress, fetch
from services.encoder.folders import read_folder
from services.encoder.source import ModelSource, source_of_files
from services.encoder.stored import HUB_PREFIX, is_fetched

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """Weights that OpenAI published: the file name, the SHA-256 that is part of the URL, and a
    repository of a Hugging Face Hub with the same weights.
    """

    file: str
    sha256: str
    hub: str


# Sources: `_MODELS` in clip/clip.py of OpenAI's `clip` package; `pretrained.py` of open_clip.
PUBLISHED = {
    "RN50": Published(
        "RN50.pt",
        "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
        "timm/resnet50_clip.openai",
    ),
    "ViT-B/32": Published(
        "ViT-B-32.pt",
        "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
        "timm/vit_base_patch32_clip_224.openai",
    ),
    "ViT-B/16": Published(
        "ViT-B-16.pt",
        "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
        "timm/vit_base_patch16_clip_224.openai",
    ),
    "ViT-L/14": Published(
        "ViT-L-14.pt",
        "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
        "timm/vit_large_patch14_clip_224.openai",
    ),
    "ViT-L/14@336px": Published(
        "ViT-L-14-336px.pt",
        "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
        "timm/vit_large_patch14_clip_336.openai",
    ),
}
_WEIGHTS_SUFFIXES = (".pt", ".safetensors")


class UnknownModel(Exception):
    """The model setting names no model; the message lists the possible values."""


def find_model(
    model: str, *, cache: Path, base_url: str, hub_url: str | None, progress: Progress
) -> ModelSource:
    """The files of a model. They are fetched the first time, if it is one of a hub or published.

    Raises UnknownModel, UnusableWeights, or fetch.FetchFailed.
    """
    published = PUBLISHED.get(model)
    if published is not None:
        return _published(published, cache, base_url, hub_url, progress)
    if model.startswith(HUB_PREFIX):
        return _of_hub(model.removeprefix(HUB_PREFIX), cache, hub_url, progress)
    path = Path(model)
    if path.is_dir():
        return read_folder(path)
    if path.is_file() and path.suffix in _WEIGHTS_SUFFIXES:
        return source_of_files((path,))
    raise UnknownModel(
        f"There is no model {model!r}. Name a folder, a file ({', '.join(_WEIGHTS_SUFFIXES)}), "
        f"{HUB_PREFIX}OWNER/NAME or one of {', '.join(PUBLISHED)}."
    )


def _of_hub(name: str, cache: Path, hub_url: str | None, progress: Progress) -> ModelSource:
    # Not at the top: `huggingface_hub` takes a quarter of a second, and most starts need no hub.
    from services.encoder.hub import fetch_snapshot

    snapshot = fetch_snapshot(name, cache, hub_url, progress)
    return read_folder(snapshot.folder, snapshot.sha256)


def _published(
    published: Published, cache: Path, base_url: str, hub_url: str | None, progress: Progress
) -> ModelSource:
    """OpenAI's own file, or else the same weights from the hub; the model id is then the same."""
    target = cache / published.file
    url = f"{base_url.rstrip('/')}/{published.sha256}/{published.file}"
    if not target.exists() and is_fetched(published.hub, cache):
        return _of_hub(published.hub, cache, hub_url, progress)
    try:
        path = fetch(url, target, published.sha256, progress)
    except FetchFailed as first:
        logger.warning("trying the second source", extra={"reason": str(first)})
        try:
            return _of_hub(published.hub, cache, hub_url, progress)
        except FetchFailed as second:
            raise FetchFailed(f"{first} The second source failed too: {second}") from first
    return source_of_files((path,), known={path.name: published.sha256})
