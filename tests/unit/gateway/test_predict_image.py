"""`POST /predict-image`: forms good and bad."""

from __future__ import annotations

import asyncio
import json
import tempfile
from typing import Any

import httpx
import pytest

from tests.support.gateway_stack import (
    AVIF,
    DAMAGED_JPEG,
    JPEG,
    PNG,
    WEBP,
    Stack,
    answering,
    assert_problem,
    dead,
)
from tests.unit.gateway.conftest import RunStack


async def _send(stack: Stack, image: bytes = JPEG, **request: Any) -> httpx.Response:  # noqa: ANN401
    files = {"image": ("picture.bin", image, "application/octet-stream")}
    return await stack.http.post("/predict-image", files=files, **request)


@pytest.mark.parametrize("image", [JPEG, PNG, WEBP, AVIF])
async def test_a_picture_is_encoded_and_searched_for(stack: Stack, image: bytes) -> None:
    response = await _send(stack, image)
    assert response.status_code == 200
    answer = response.json()
    assert answer["original_query"] is None
    assert answer["rewritten_query"] is None
    assert answer["rewrite_source"] is None
    assert answer["results"][0]["product_id"] == f"product-{len(image)}"
    (search,) = stack.searched
    assert (search.k, search.threshold) == (20, None)
    assert (search.terms[0].weights, search.terms[0].kind) == (None, "picture")
    assert stack.rewriter.requests == []
    assert response.headers["server-timing"].startswith("encode;dur=")


@pytest.mark.parametrize(
    ("form", "parameters", "k", "threshold"),
    [
        ({"k": "3", "threshold": "0.5"}, {}, 3, 0.5),
        ({"top_k": "3"}, {}, 3, None),
        ({}, {"k": "4", "threshold": "-0.25"}, 4, -0.25),
        ({}, {"top_k": "4"}, 4, None),
        ({"k": "3"}, {"k": "4", "threshold": "0.1"}, 3, 0.1),
        ({"k": "3"}, {"top_k": "4"}, 3, None),
    ],
)
async def test_options_come_from_the_form_or_the_query_and_the_form_wins(
    stack: Stack,
    form: dict[str, str],
    parameters: dict[str, str],
    k: int,
    threshold: float | None,
) -> None:
    assert (await _send(stack, data=form, params=parameters)).status_code == 200
    (search,) = stack.searched
    assert (search.k, search.threshold) == (k, threshold)


@pytest.mark.parametrize("place", ["query", "body"])
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"k": "0"}, "k"),
        ({"k": "101"}, "k"),
        ({"k": "many"}, "k"),
        ({"k": ""}, "k"),
        ({"k": "5", "top_k": "5"}, "top_k"),
        ({"k": ["5", "6"]}, "k"),
        ({"threshold": "nan"}, "threshold"),
        ({"threshold": "inf"}, "threshold"),
        ({"threshold": "2"}, "threshold"),
        ({"colour": "red"}, "colour"),
        ({"query": "red mug"}, "query"),
    ],
)
async def test_options_at_fault_are_named_wherever_they_came(
    stack: Stack, place: str, fields: dict[str, Any], field: str
) -> None:
    given: dict[str, Any] = {"params" if place == "query" else "data": fields}
    response = await _send(stack, JPEG, **given)
    problem = assert_problem(response, 422, "invalid-request")
    assert f"{place}.{field}" in [error["field"] for error in problem["errors"]]
    assert stack.encoder.requests == []


@pytest.mark.parametrize(
    "image",
    [
        b"GIF89a picture",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\xff\xd8",
        b"\x00",
    ],
)
async def test_what_is_no_picture_is_refused_with_what_would_do(stack: Stack, image: bytes) -> None:
    problem = assert_problem(await _send(stack, image), 415, "unsupported-media-type")
    for kind in ("JPEG", "PNG", "WebP"):
        assert kind in problem["detail"]
    assert stack.encoder.requests == []


async def test_a_damaged_picture_is_refused_and_the_next_one_is_served(stack: Stack) -> None:
    problem = assert_problem(await _send(stack, DAMAGED_JPEG), 422, "unreadable-image")
    assert problem["detail"] == "It ends too early."
    assert (await _send(stack)).status_code == 200


@pytest.mark.parametrize(
    ("status", "slug"),
    [(422, "unreadable-image"), (415, "unsupported-media-type"), (413, "payload-too-large")],
)
async def test_what_the_encoder_says_of_the_picture_is_passed_on(
    stack: Stack, status: int, slug: str
) -> None:
    problem = {"type": f"/problems/{slug}", "title": "t", "status": status, "detail": "Too odd."}
    content = json.dumps({**problem, "instance": "i"}).encode()
    stack.encoder.fault = answering(status, content, "application/problem+json")
    assert assert_problem(await _send(stack), status, slug)["detail"] == "Too odd."


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"files": {"picture": ("a", JPEG)}}, id="another name"),
        pytest.param({"files": {"other": ("a", b"x")}, "data": {"image": "text"}}, id="text"),
        pytest.param({"files": {"image": ("a", b"")}}, id="empty"),
        pytest.param({"files": [("image", ("a", JPEG)), ("image", ("b", PNG))]}, id="two"),
    ],
)
async def test_the_image_field_is_named_when_it_is_missing_or_wrong(
    stack: Stack, request_: dict[str, Any]
) -> None:
    response = await stack.http.post("/predict-image", **request_)
    problem = assert_problem(response, 422, "invalid-request")
    assert "body.image" in [error["field"] for error in problem["errors"]]


async def test_a_second_file_under_an_unknown_name_is_refused_by_name(stack: Stack) -> None:
    files = {"image": ("a", JPEG), "mask": ("b", PNG)}
    problem = assert_problem(
        await stack.http.post("/predict-image", files=files), 422, "invalid-request"
    )
    assert [error["field"] for error in problem["errors"]] == ["body.mask"]


def _form(*, end: str = "\r\n--b--\r\n") -> bytes:
    head = '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    return head.encode() + JPEG + end.encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_form(end=""), id="cut off inside the picture"),
        pytest.param(_form()[:30], id="cut off inside the header"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00" * 100, id="no form"),
        pytest.param(b"--b\r\n\r\n\r\n--b--\r\n", id="a part without a name"),
    ],
)
async def test_a_broken_form_is_refused(stack: Stack, content: bytes) -> None:
    response = await stack.http.post(
        "/predict-image",
        content=content,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert_problem(response, 422, "invalid-request")
    assert stack.encoder.requests == []


@pytest.mark.parametrize(
    ("media_type", "status", "slug"),
    [
        ("application/json", 415, "unsupported-media-type"),
        ("image/jpeg", 415, "unsupported-media-type"),
        ("", 415, "unsupported-media-type"),
        ("multipart/form-data", 422, "invalid-request"),
        ("multipart/form-data; boundary=", 422, "invalid-request"),
        ("multipart/form-data; boundary=" + "b" * 300, 422, "invalid-request"),
    ],
)
async def test_a_body_that_is_no_such_form_is_refused(
    stack: Stack, media_type: str, status: int, slug: str
) -> None:
    response = await stack.http.post(
        "/predict-image", content=_form(), headers={"Content-Type": media_type}
    )
    assert_problem(response, status, slug)


async def test_the_form_as_written_by_hand_is_served(stack: Stack) -> None:
    response = await stack.http.post(
        "/predict-image",
        content=_form(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert response.status_code == 200


async def test_a_picture_may_be_as_large_as_the_limit_and_no_larger(run_stack: RunStack) -> None:
    async with run_stack(max_image_bytes=100_000) as stack:
        assert (await _send(stack, JPEG.ljust(100_000))).status_code == 200
        assert_problem(await _send(stack, JPEG.ljust(100_001)), 413, "payload-too-large")
        # Beyond what a form around such a picture needs, it is not even read.
        assert_problem(await _send(stack, JPEG.ljust(200_000)), 413, "payload-too-large")


async def test_a_large_picture_never_touches_the_disk(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", f"{tmp_path}/there-is-no-such-folder")
    # The app in the encoder's place would write one, so a fault answers for it.
    stack.encoder.fault = answering(
        200, b'{"model":"m","dimension":1,"embeddings":[[1.0]],"errors":[]}'
    )
    assert (await _send(stack, JPEG.ljust(5_000_000))).status_code == 200


async def test_without_the_encoder_the_answer_is_503(stack: Stack) -> None:
    stack.encoder.fault = dead
    assert_problem(await _send(stack), 503, "dependency-unavailable")


async def test_each_caller_gets_the_answer_to_its_own_picture(stack: Stack) -> None:
    sizes = range(50, 90)
    responses = await asyncio.gather(*(_send(stack, JPEG.ljust(size)) for size in sizes))
    assert [response.json()["results"][0]["product_id"] for response in responses] == [
        f"product-{size}" for size in sizes
    ]
