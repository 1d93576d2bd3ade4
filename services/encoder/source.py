"""A model's files, and what is needed beside them to build its graphs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from services.encoder.architecture import OPENAI, Description
from services.encoder.hugging_face_names import renamed as renamed_from_hugging_face
from services.encoder.open_clip import renamed as renamed_from_open_clip
from services.encoder.weights import StateDict, UnusableWeights, Weights, load_state_dict

Layout = Literal["openai", "hugging_face", "open_clip"]

_RENAMED: Mapping[Layout, Callable[[StateDict], StateDict]] = {
    "openai": dict,
    "hugging_face": renamed_from_hugging_face,
    "open_clip": renamed_from_open_clip,
}


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Weights files of one model, in one of the known layouts."""

    files: tuple[Path, ...]
    sha256: str
    """Digest of the weights file, or of the digests of several files."""
    layout: Layout = "openai"
    description: Description = OPENAI
    name: str | None = None
    """First part of the model id; None: it follows from the sizes of the model."""
    tokenizer_json: str | None = None

    @property
    def key(self) -> str:
        """A folder name that differs if anything about the source differs."""
        facts = (self.sha256, self.layout, self.description.model_dump_json(), self.name)
        digest = hashlib.sha256(repr((*facts, self.tokenizer_json)).encode()).hexdigest()
        return f"{self.files[0].stem}-{digest[:12]}"

    @property
    def size(self) -> int:
        """Bytes of all weights files."""
        return sum(file.stat().st_size for file in self.files)

    def load(self) -> Weights:
        """All tensors by their names in OpenAI's layout. Raises UnusableWeights."""
        tensors: StateDict = {}
        for file in self.files:
            part = load_state_dict(file)
            if twice := sorted(tensors.keys() & part.keys()):
                raise UnusableWeights(f"{file}: {twice[0]} is in another file too")
            tensors |= part
        return Weights(_RENAMED[self.layout](tensors))


def source_of_files(
    files: tuple[Path, ...],
    layout: Layout = "openai",
    description: Description = OPENAI,
    *,
    name: str | None = None,
    tokenizer_json: str | None = None,
    known: Mapping[str, str] | None = None,
) -> ModelSource:
    """Weights files with their SHA-256, which is computed unless it is known by the file's name.

    Raises UnusableWeights for a file that cannot be read.
    """
    try:
        digests = [(known or {}).get(file.name) or sha256_of(file) for file in files]
    except OSError as error:
        raise UnusableWeights(f"the weights cannot be read: {error}") from error
    together = (
        digests[0] if len(digests) == 1 else hashlib.sha256(repr(digests).encode()).hexdigest()
    )
    return ModelSource(files, together, layout, description, name, tokenizer_json)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
