"""`POST /pictures`, crops, and what a picture id holds."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.contracts.encoder import Crop
from services.contracts.gateway import PictureResponse
from services.gateway.searching.picture_ids import EncodedPicture, picture_id, read_picture_id
from services.gateway.searching.tokens import BadToken
from tests.support.gateway_stack import DAMAGED_JPEG, JPEG, MODEL, Stack, assert_problem, dead

CROP = {"x": 0.25, "y": 0.1, "width": 0.5, "height": 0.6}


async def _send(stack: Stack, path: str, image: bytes = JPEG, **form: str) -> httpx.Response:
    return await stack.http.post(path, files={"image": ("picture", image)}, data=form)


@pytest.mark.parametrize("seed", range(5))
def test_an_id_keeps_the_vector_to_a_cosine_above_999(seed: int) -> None:
    source = random.Random(seed)
    vector = [source.gauss(0, 1) for _ in range(512)]
    vector[7] = 20.0  # real ones have outliers
    norm = math.hypot(*vector)
    vector = [value / norm for value in vector]
    text = picture_id(EncodedPicture(vector, "ViT-B/32@abc", 1_700_000_000))
    assert len(text) < 1_000
    kept = read_picture_id(text)
    assert (kept.model, kept.expires_at) == ("ViT-B/32@abc", 1_700_000_000)
    assert sum(a * b for a, b in zip(vector, kept.vector, strict=True)) > 0.999
    assert math.hypot(*kept.vector) == pytest.approx(1, abs=1e-6)


def test_an_id_that_was_changed_anywhere_is_known_to_be_bad() -> None:
    text = picture_id(EncodedPicture([0.6, 0.8], MODEL, 1_700_000_000))
    # The last character may hold bits that stand for nothing.
    for place in range(len(text) - 1):
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(BadToken):
            read_picture_id(text[:place] + other + text[place + 1 :])


async def test_a_picture_sent_once_can_be_searched_by(stack: Stack) -> None:
    response = await _send(stack, "/pictures")
    answer = PictureResponse.model_validate_json(response.content)
    assert answer.model == MODEL
    assert timedelta(days=6) < answer.expires_at - datetime.now(UTC) < timedelta(days=8)
    assert "encode;dur=" in response.headers["server-timing"]
    stack.encoder.fault = dead
    body: dict[str, Any] = {"terms": [{"picture_id": answer.picture_id}]}
    assert (await stack.http.post("/search", json=body)).status_code == 200
    (search,) = stack.searched
    norm = math.hypot(len(JPEG), 1)
    assert search.terms[0].vector == pytest.approx([len(JPEG) / norm, 1 / norm], abs=0.01)


async def test_parts_of_a_picture_are_proposed_on_request(stack: Stack) -> None:
    stack.regions = [Crop(**CROP), Crop(x=0, y=0, width=0.2, height=0.3)]
    assert (await _send(stack, "/pictures")).json()["proposals"] is None
    assert (await _send(stack, "/pictures", proposals="false")).json()["proposals"] is None
    asked = await _send(stack, "/pictures", proposals="true")
    assert asked.json()["proposals"][0] == CROP
    assert len(asked.json()["proposals"]) == 2
    in_query = await _send(stack, "/pictures?proposals=true")
    assert in_query.json()["proposals"] == asked.json()["proposals"]
    assert_problem(await _send(stack, "/pictures", proposals="some"), 422, "invalid-request")


async def test_without_its_proposals_a_picture_is_searched_with_all_the_same(stack: Stack) -> None:
    stack.encoder.fault_of["/regions"] = dead
    answer = PictureResponse.model_validate_json(
        (await _send(stack, "/pictures", proposals="true")).content
    )
    assert answer.proposals is None
    assert answer.picture_id


@pytest.mark.parametrize("path", ["/pictures", "/predict-image"])
async def test_a_crop_is_handed_to_the_encoder(stack: Stack, path: str) -> None:
    assert (await _send(stack, path, crop=json.dumps(CROP))).status_code == 200
    assert (await _send(stack, path)).status_code == 200
    given, none = stack.crops
    assert json.loads(given or "") == [CROP]
    assert none is None


@pytest.mark.parametrize("path", ["/pictures", "/predict-image"])
@pytest.mark.parametrize("crop", ["", "[]", "{}", '{"x":0.6,"y":0,"width":0.5,"height":1}'])
async def test_a_bad_crop_is_refused_by_name(stack: Stack, path: str, crop: str) -> None:
    problem = assert_problem(await _send(stack, path, crop=crop), 422, "invalid-request")
    assert all(error["field"].startswith("body.crop") for error in problem["errors"])
    assert stack.encoder.requests == []


async def test_what_is_no_picture_gets_no_id(stack: Stack) -> None:
    assert_problem(await _send(stack, "/pictures", DAMAGED_JPEG), 422, "unreadable-image")
    assert_problem(await _send(stack, "/pictures", b"GIF89a"), 415, "unsupported-media-type")
    assert_problem(await _send(stack, "/pictures", k="3"), 422, "invalid-request")
    stack.encoder.fault = dead
    assert_problem(await _send(stack, "/pictures"), 503, "dependency-unavailable")
