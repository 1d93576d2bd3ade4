"""Models of a Hugging Face Hub: which files are needed, and their download.

`huggingface_hub` resolves the revision and knows the token (`HF_TOKEN`), the offline mode
(`HF_HUB_OFFLINE=1`) and the checksums. The files come by `fetch.py`, which resumes a cut download
also after a new start.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from httpx2 import InvalidURL, TransportError
from huggingface_hub import HfApi, get_token, hf_hub_url
from huggingface_hub.constants import is_offline_mode
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.hf_api import ModelInfo, RepoSibling
from pydantic import BaseModel, ValidationError

from services.encoder import open_clip
from services.encoder.fetch import SHA256, Digest, FetchFailed, Progress, fetch, is_passing
from services.encoder.folders import INDEX, WEIGHTS, no_weights, shards
from services.encoder.source import sha256_of
from services.encoder.stored import HUB_PREFIX as PREFIX
from services.encoder.stored import reference_of, store_of
from services.encoder.weights import UnusableWeights

logger = logging.getLogger(__name__)

_NAME = re.compile(r"([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SMALL_FILES = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "spiece.model",
)
_TIMEOUT_S = 30.0


class _Reference(BaseModel):
    """The commit that a revision last stood for, and the checksums of its files."""

    commit: str
    sha256: dict[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One commit of a repository on disk, and the SHA-256 of its weights files by name."""

    folder: Path
    sha256: Mapping[str, str]


def fetch_snapshot(name: str, cache: Path, endpoint: str | None, progress: Progress) -> Snapshot:
    """The files of `OWNER/NAME` or `OWNER/NAME@REVISION`; a revision is a branch, tag or commit.

    Files on disk are checked and not fetched again. In offline mode, or if the hub does not answer,
    the commit that the revision last stood for is used. Raises FetchFailed or UnusableWeights.
    """
    repository, revision, store = _parts(name, cache)
    endpoint = endpoint and endpoint.rstrip("/")
    reference = reference_of(store, revision)
    if is_offline_mode():
        return _on_disk(store, reference, name)
    try:
        info = HfApi(endpoint=endpoint).model_info(
            repository, revision=revision, files_metadata=True, timeout=_TIMEOUT_S
        )
    except HFValidationError as error:
        raise UnusableWeights(f"{PREFIX}{name}: {error}") from error
    # ValueError: no JSON, as from a network that wants a sign-in first. The last two: a proxy of
    # the environment that cannot be used.
    except (HfHubHTTPError, TransportError, ValueError, ImportError, InvalidURL) as error:
        refused = isinstance(error, HfHubHTTPError) and not is_passing(error.response.status_code)
        if refused or not reference.is_file():
            raise FetchFailed(_failure(name, error)) from error
        logger.warning("the hub does not answer", extra={"reason": str(error).split("\n")[0]})
        return _on_disk(store, reference, name)
    if info.sha is None or not _COMMIT.fullmatch(info.sha):
        raise FetchFailed(f"The hub names no commit of {PREFIX}{name}.")
    folder = store / info.sha
    known = _Download(info, folder, endpoint, progress).run(f"{PREFIX}{name}")
    _note(reference, _Reference(commit=info.sha, sha256=known))
    return Snapshot(folder, known)


def _note(path: Path, reference: _Reference) -> None:
    """At once: a process that ends here, or starts meanwhile, finds the old one or the new one.

    The same is not written again: a cache that is complete may be read-only.
    """
    text = reference.model_dump_json()
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(path)


def _parts(name: str, cache: Path) -> tuple[str, str, Path]:
    """Repository, revision, and the folder of all its commits."""
    matched = _NAME.fullmatch(name)
    if matched is None:
        raise UnusableWeights(
            f"{PREFIX}{name} is no model: write {PREFIX}OWNER/NAME or {PREFIX}OWNER/NAME@REVISION"
        )
    return matched[1], matched[2] or "main", store_of(matched[1], cache)


def _on_disk(store: Path, reference: Path, name: str) -> Snapshot:
    """The commit of the last fetch, checked. Raises FetchFailed."""
    if not reference.is_file():
        raise FetchFailed(
            f"{PREFIX}{name} was never fetched, and HF_HUB_OFFLINE forbids it now. Unset it for "
            "one start, or name a local folder."
        )
    try:
        found = _Reference.model_validate_json(reference.read_bytes())
    except ValidationError as error:
        raise FetchFailed(
            f"{reference} is damaged. Start once with the hub to fetch it."
        ) from error
    for file, expected in found.sha256.items():
        path = store / found.commit / file
        if not path.is_file() or sha256_of(path) != expected:
            raise FetchFailed(f"{path} is missing or damaged. Start once with the hub to fetch it.")
    return Snapshot(store / found.commit, found.sha256)


def _failure(name: str, error: Exception) -> str:
    reason = str(error).split("\n")[0].rstrip(".") or type(error).__name__
    return (
        f"Could not read {PREFIX}{name} from the hub: {reason}. Check the name and the network; "
        "a private or gated model needs HF_TOKEN. Without a network, name a local folder."
    )


@dataclass(frozen=True, slots=True)
class _Download:
    """The download of one commit."""

    info: ModelInfo
    folder: Path
    endpoint: str | None
    progress: Progress

    def run(self, name: str) -> dict[str, str]:
        """Fetch what is needed. Returns the SHA-256 of the weights files."""
        files = {file.rfilename: file for file in self.info.siblings or ()}
        small, large = _needed(name, files.keys())
        for file in small:
            self._get(files[file])
        if large == [INDEX]:
            self._get(files[INDEX])
            large = shards(self.folder / INDEX)
            if missing := [file for file in large if file not in files]:
                raise UnusableWeights(f"{name} has no {missing[0]}, which its index lists")
        for file in large:
            self._get(files[file])
        known = {file: files[file].lfs for file in large}
        return {
            file: lfs.sha256 if lfs is not None else sha256_of(self.folder / file)
            for file, lfs in known.items()
        }

    def _get(self, file: RepoSibling) -> None:
        if file.lfs is None and file.blob_id is None:
            raise FetchFailed(f"The hub gives no checksum of {file.rfilename}.")
        url = hf_hub_url(
            self.info.id, file.rfilename, revision=self.info.sha, endpoint=self.endpoint
        )
        token = get_token()
        try:
            fetch(
                url,
                self.folder / file.rfilename,
                str(file.blob_id) if file.lfs is None else file.lfs.sha256,
                self.progress,
                digest=_GIT if file.lfs is None else SHA256,
                headers={"Authorization": f"Bearer {token}"} if token else {},
            )
        except FetchFailed as failure:
            if not _is_gated(failure.__cause__):
                raise
            # Its description is public, so the hub refuses only here.
            raise FetchFailed(
                f"{PREFIX}{self.info.id} is gated. Accept its terms on its page in the hub, and "
                "set HF_TOKEN to a token of that account."
            ) from failure


def _is_gated(error: BaseException | None) -> bool:
    return (
        isinstance(error, httpx.HTTPStatusError)
        and error.response.headers.get("X-Error-Code") == "GatedRepo"
    )


def _needed(name: str, files: Collection[str]) -> tuple[list[str], list[str]]:
    """Configuration files, and weights files or the index of them. Raises UnusableWeights."""
    if open_clip.CONFIGURATION in files and open_clip.WEIGHTS in files:
        return [open_clip.CONFIGURATION], [open_clip.WEIGHTS]
    if "config.json" not in files or not {WEIGHTS, INDEX} & set(files):
        raise no_weights(name, files)
    return [file for file in _SMALL_FILES if file in files], [
        WEIGHTS if WEIGHTS in files else INDEX
    ]


def _git_id(path: Path) -> str:
    """The id under which git stores a file."""
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


_GIT = Digest("git object id", _git_id)
