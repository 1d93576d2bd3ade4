"""The stand-in for the Hugging Face Hub refuses what the Hub's published schemas do not have."""

from __future__ import annotations

import json

import pytest

from tests.support.hub_schema import LfsBatch, Preupload, commit_lines, front_matter

HEADER = {"key": "header", "value": {"summary": "Deploy", "description": ""}}
FILE = {"key": "file", "value": {"path": "a", "content": "YQ==", "encoding": "base64"}}
LARGE = {"key": "lfsFile", "value": {"path": "b", "oid": "0" * 64, "algo": "sha256", "size": 1}}
GONE = {"key": "deletedFile", "value": {"path": "c"}}


def commit(*lines: object) -> bytes:
    return "\n".join(json.dumps(line) for line in lines).encode()


def test_a_commit_is_a_header_and_changes() -> None:
    header, changes = commit_lines(commit(HEADER, FILE, LARGE, GONE))

    assert header.summary == "Deploy"
    assert [change.value.path for change in changes] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [HEADER],
        [FILE],
        [FILE, HEADER],
        [HEADER, HEADER, FILE],
        [HEADER, FILE, FILE],
        [{"key": "header", "value": {"summary": ""}}, FILE],
        [{"key": "header", "value": {"message": "Deploy"}}, FILE],
        [HEADER, {"key": "move", "value": {"path": "a"}}],
        [HEADER, {"key": "file", "value": {**FILE["value"], "mode": "755"}}],  # type: ignore[dict-item]
        [HEADER, {"key": "file", "value": {**FILE["value"], "content": "!"}}],  # type: ignore[dict-item]
        [HEADER, {"key": "lfsFile", "value": {**LARGE["value"], "oid": "ab"}}],  # type: ignore[dict-item]
        [HEADER, {"key": "lfsFile", "value": {**LARGE["value"], "algo": "md5"}}],  # type: ignore[dict-item]
        *([HEADER, {"key": "deletedFile", "value": {"path": p}}] for p in ("../a", "/a", "a//b")),
    ],
)
def test_any_other_commit_is_refused(lines: list[object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        commit_lines(commit(*lines))


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (Preupload, {"files": [{"path": "a", "size": 1}]}),
        (Preupload, {"files": [{"path": "a", "size": "1", "sample": ""}]}),
        (Preupload, {"files": [], "create_pr": True}),
        (LfsBatch, {"operation": "upload", "transfers": ["basic"], "objects": []}),
        (
            LfsBatch,
            {"operation": "download", "transfers": [], "objects": [], "hash_algo": "sha256"},
        ),
    ],
)
def test_any_other_announcement_is_refused(
    model: type[Preupload | LfsBatch], body: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        model.model_validate_json(json.dumps(body))


@pytest.mark.parametrize(
    "fields",
    [
        "sdk: dokcer",
        "app_port: 7860",
        "sdk: docker\napp_port: 0",
        "sdk: docker\ncolorTo: teal",
        "sdk: docker\nport: 7860",
        f"sdk: docker\nshort_description: {'long ' * 20}",
    ],
)
def test_front_matter_that_the_reference_does_not_have_is_refused(fields: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        front_matter(f"---\n{fields}\n---\n# A Space\n")
