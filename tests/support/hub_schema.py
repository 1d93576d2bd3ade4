"""Requests that the Hugging Face Hub takes, as strict models; anything else is refused.

Sources: the Hub's OpenAPI description (`/.well-known/openapi.json`: preupload, commit, tree), the
JSON schema of Git LFS's batch API, and the Spaces configuration reference (the README's front
matter).
"""

from __future__ import annotations

import base64
import binascii
import json
import posixpath
from typing import Annotated, Literal

import yaml  # type: ignore[import-untyped]
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

Color = Literal["red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"]


def _path(value: str) -> str:
    """A path inside a repository, as git takes it."""
    inside = posixpath.normpath(value) == value and not value.startswith(("/", "../", ".git/"))
    if not inside or value in {"", ".", "..", ".git"} or len(value) > 1000:
        raise ValueError("not a path inside the repository")
    return value


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64") from error
    return value


RepoPath = Annotated[str, AfterValidator(_path)]
Base64 = Annotated[str, AfterValidator(_base64)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Camel(_Strict):
    model_config = ConfigDict(alias_generator=to_camel)


class PreuploadFile(_Strict):
    path: RepoPath
    size: Size
    sample: Base64


class Preupload(_Camel):
    files: list[PreuploadFile] = Field(max_length=1000)
    git_attributes: str | None = None
    git_ignore: str | None = None


class Header(_Camel):
    summary: str = Field(min_length=1)
    description: str = ""
    parent_commit: str | None = Field(default=None, pattern="^[0-9a-f]{40}$")


class File(_Strict):
    path: RepoPath
    content: Base64
    encoding: Literal["base64"]


class LfsFile(_Strict):
    path: RepoPath
    oid: Sha256
    algo: Literal["sha256"]
    size: Size


class Deleted(_Strict):
    path: RepoPath


class HeaderLine(_Strict):
    key: Literal["header"]
    value: Header


class FileLine(_Strict):
    key: Literal["file"]
    value: File


class LfsLine(_Strict):
    key: Literal["lfsFile"]
    value: LfsFile


class DeletedLine(_Strict):
    """The description says `deletedEntry`; the Hub's own client sends the two older names."""

    key: Literal["deletedEntry", "deletedFile", "deletedFolder"]
    value: Deleted


Change = FileLine | LfsLine | DeletedLine
_LINE: TypeAdapter[HeaderLine | Change] = TypeAdapter(
    Annotated[HeaderLine | FileLine | LfsLine | DeletedLine, Field(discriminator="key")]
)


class LfsObject(_Strict):
    oid: Sha256
    size: Size


class LfsRef(_Strict):
    name: str


class LfsBatch(_Strict):
    operation: Literal["upload"]
    transfers: list[str]
    objects: list[LfsObject] = Field(min_length=1)
    hash_algo: Literal["sha256"]
    ref: LfsRef | None = None


class ValidateYaml(_Camel):
    content: str
    repo_type: Literal["model", "dataset", "space"]


class FrontMatter(BaseModel):
    """The fields of a Space that we set, and their values that the reference allows."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = None
    emoji: str | None = Field(default=None, max_length=8)
    color_from: Color | None = Field(default=None, alias="colorFrom")
    color_to: Color | None = Field(default=None, alias="colorTo")
    sdk: Literal["docker"]
    app_port: int = Field(default=7860, ge=1, le=65535)
    pinned: bool = False
    license: str | None = None
    short_description: str | None = Field(default=None, max_length=60)


def commit_lines(body: bytes) -> tuple[Header, list[Change]]:
    """A commit's header and changes. Raises ValueError for any other content."""
    header: Header | None = None
    changes: list[Change] = []
    for line in body.splitlines():
        entry = _LINE.validate_python(json.loads(line))
        if isinstance(entry, HeaderLine):
            if header is not None or changes:
                raise ValueError("one header, before the changes")
            header = entry.value
        else:
            changes.append(entry)
    if header is None or not changes:
        raise ValueError("a header and at least one change")
    paths = [change.value.path for change in changes]
    if len(set(paths)) != len(paths):
        raise ValueError("a path is changed twice")
    return header, changes


def front_matter(readme: str) -> FrontMatter:
    """The configuration in a README. Raises ValueError when it is missing or wrong."""
    if not readme.startswith("---\n") or "\n---\n" not in readme:
        raise ValueError("the README has no front matter")
    return FrontMatter.model_validate(yaml.safe_load(readme.split("---\n")[1]))
