"""Digests that detect a change of vectors, of metadata or of a catalogue.

Length-prefixed, so that no two different inputs run together into the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import chain

from services.pipeline.catalogue.caption import CAPTION_VERSION

_FINGERPRINT_DIGITS = 32
_VERSION_DIGITS = 16


def vector_fingerprint(model_id: str, caption: str, picture_sha256: str) -> str:
    """Digest of all inputs of a product's two vectors; no picture is an empty digest."""
    return _digest([model_id, CAPTION_VERSION, caption, picture_sha256], _FINGERPRINT_DIGITS)


def metadata_fingerprint(metadata: Mapping[str, object]) -> str:
    """Digest of metadata as stored; the order of its columns does not matter."""
    text = json.dumps(metadata, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return _digest([text], _FINGERPRINT_DIGITS)


def catalogue_version(model_id: str, products: Iterable[tuple[str, str, str]]) -> str:
    """Digest of a catalogue: (id, vector fingerprint, metadata fingerprint) in order of id."""
    return _digest(chain([model_id], chain.from_iterable(products)), _VERSION_DIGITS)


def _digest(parts: Iterable[str], digits: int) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:digits]
