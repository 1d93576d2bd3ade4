"""Strict reading of the JSON files beside a model's weights."""

from __future__ import annotations

import json
from collections.abc import Set
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from services.encoder.weights import UnusableWeights


class Section(BaseModel):
    """A part of a configuration. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


AnySection = TypeVar("AnySection", bound=Section)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises UnusableWeights."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableWeights(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise UnusableWeights(f"{path} is not a JSON object")
    return value


def checked(
    kind: type[AnySection], values: dict[str, Any], where: str, ignored: Set[str] = frozenset()
) -> AnySection:
    """`values` as a section; the keys of `ignored` may hold anything.

    Raises UnusableWeights, which names the first unknown key or unsupported value.
    """
    known = {key: value for key, value in values.items() if key not in ignored}
    try:
        return kind.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        given = "" if first["type"] in ("missing", "extra_forbidden") else f" is {first['input']!r}"
        raise UnusableWeights(
            f"{where}: {name}{given}: {_advice(first['type'], first['msg'])}"
        ) from error


def _advice(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "this encoder does not know the setting, and the model's vectors may depend on it"
    return f"not supported ({message})"
