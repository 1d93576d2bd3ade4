"""The encoder's application, whole, with a small CLIP of random weights."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import pytest_asyncio
import safetensors.numpy
from PIL import Image

from services.contracts.encoder import (
    BINARY_MEDIA_TYPE,
    EMBEDDINGS_TENSOR,
    MAX_TEXTS_PER_REQUEST,
    PRIORITY_HEADER,
    REPORT_TENSOR,
    EmbeddingsResponse,
    ModelInfo,
    RegionsResponse,
)
from services.encoder.app import create_app
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import GraphFiles, prepare_graphs
from services.encoder.settings import EncoderSettings
from services.encoder.source import source_of_files
from services.encoder.tokenizer import Tokenizer
from tests.support.clip_reference import random_weights
from tests.support.lifespan import LifespanManager
from tests.support.torch_archive import write_archive


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> GraphFiles:
    folder = tmp_path_factory.mktemp("encoder")
    write_archive(folder / "clip.pt", random_weights())
    return prepare_graphs(source_of_files((folder / "clip.pt",)), folder / "cache", "fp32")


@pytest.fixture
def engine(files: GraphFiles) -> OpenVinoEngine:
    return OpenVinoEngine(files, threads=1)


@pytest_asyncio.fixture
async def client(engine: OpenVinoEngine) -> AsyncIterator[httpx.AsyncClient]:
    settings = EncoderSettings(max_image_bytes=200_000, max_image_pixels=1_000_000)
    app = create_app(settings, lambda: engine)
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://encoder") as opened,
    ):
        yield opened


def png(colour: str, size: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(buffer, "PNG")
    return buffer.getvalue()


async def texts(client: httpx.AsyncClient, *words: str) -> EmbeddingsResponse:
    answer = await client.post("/embed/texts", json={"texts": list(words)})
    assert answer.status_code == 200, answer.text
    return EmbeddingsResponse.model_validate_json(answer.content)


async def images(client: httpx.AsyncClient, *pictures: bytes) -> httpx.Response:
    return await client.post("/embed/images", files=[("images", data) for data in pictures])


async def test_it_says_which_model_it_speaks(client: httpx.AsyncClient, files: GraphFiles) -> None:
    info = ModelInfo.model_validate_json((await client.get("/model")).content)
    assert (info.model, info.dimension, info.image_size) == (files.info.model_id, 32, 32)


async def test_each_picture_has_a_crop_of_its_own(client: httpx.AsyncClient) -> None:
    halves = Image.new("RGB", (80, 40), "red")
    halves.paste("blue", (40, 0, 80, 40))
    buffer = io.BytesIO()
    halves.save(buffer, "PNG")
    left, right = ({"x": x, "y": 0, "width": 0.5, "height": 1} for x in (0, 0.5))
    answer = await client.post(
        "/embed/images",
        files=[("images", buffer.getvalue())] * 3,
        data={"crops": json.dumps([left, None, right])},
    )
    cropped = EmbeddingsResponse.model_validate_json(answer.content).embeddings
    plain = (await images(client, png("red"), buffer.getvalue(), png("blue"))).json()["embeddings"]
    for ours, expected in zip(cropped, plain, strict=True):
        assert ours == pytest.approx(expected, abs=1e-4)
    assert cropped[0] != pytest.approx(cropped[2], abs=1e-2)


@pytest.mark.parametrize(
    "crops", ["[", "{}", "[null, null]", '[{"x": 0.6, "y": 0, "width": 0.5, "height": 1}]']
)
async def test_crops_that_fit_no_picture_are_refused_by_name(
    client: httpx.AsyncClient, crops: str
) -> None:
    answer = await client.post(
        "/embed/images", files=[("images", png("red"))], data={"crops": crops}
    )
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["body.crops"]


async def test_concurrent_callers_each_get_their_own_vectors(client: httpx.AsyncClient) -> None:
    words = [f"product number {number} " * (number % 7 + 1) for number in range(60)]
    alone = [(await texts(client, word)).embeddings[0] for word in words]
    together = await asyncio.gather(*(texts(client, word) for word in words))
    for expected, answer in zip(alone, together, strict=True):
        np.testing.assert_allclose(answer.embeddings[0] or [], expected or [], atol=2e-5)
    assert len({tuple(one or []) for one in alone}) == len(words)


async def test_one_bad_picture_is_named_and_the_others_answered(client: httpx.AsyncClient) -> None:
    answer = EmbeddingsResponse.model_validate_json(
        (await images(client, png("red"), b"nonsense", png("blue"))).content
    )
    assert [one is None for one in answer.embeddings] == [False, True, False]
    assert [(error.index, error.type) for error in answer.errors] == [
        (1, "/problems/unreadable-image")
    ]
    assert answer.embeddings[0] != answer.embeddings[2]


@pytest.mark.parametrize(
    ("data", "status", "kind"),
    [
        (b"nonsense", 422, "unreadable-image"),
        (b"", 422, "unreadable-image"),
        (bytes(300_000), 413, "payload-too-large"),
        (png("red", 1_500), 422, "unreadable-image"),
    ],
    ids=["nonsense", "empty", "too many bytes", "too many pixels"],
)
async def test_a_picture_that_cannot_be_taken_is_a_problem_and_the_next_is_served(
    client: httpx.AsyncClient, data: bytes, status: int, kind: str
) -> None:
    answer = await images(client, data)
    assert answer.status_code == status
    assert answer.json()["type"] == f"/problems/{kind}"
    assert (await images(client, png("red"))).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"texts": []},
        {"texts": "red"},
        {"texts": ["x" * 10_001]},
        {"texts": ["a"] * (MAX_TEXTS_PER_REQUEST + 1)},
        {"texts": ["a"], "language": "en"},
    ],
    ids=["missing", "empty", "no list", "too long", "too many", "unknown field"],
)
async def test_a_body_out_of_bounds_is_refused_by_field(
    client: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await client.post("/embed/texts", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("body.")


async def test_without_pictures_the_field_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/embed/images", files=[("picture", png("red"))])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.images"


async def test_programs_may_have_a_batch_as_bytes(client: httpx.AsyncClient) -> None:
    files = [("images", data) for data in (png("red"), b"nonsense", png("blue"))]
    plain = EmbeddingsResponse.model_validate_json(
        (await client.post("/embed/images", files=files)).content
    )
    answer = await client.post("/embed/images", files=files, headers={"Accept": BINARY_MEDIA_TYPE})
    assert answer.headers["Content-Type"] == BINARY_MEDIA_TYPE
    tensors = safetensors.numpy.load(answer.content)
    rows = tensors[EMBEDDINGS_TENSOR]
    assert rows.dtype == np.float32
    for row, embedding in zip(rows, plain.embeddings, strict=True):
        np.testing.assert_array_equal(row, np.zeros(32) if embedding is None else embedding)
    report = json.loads(tensors[REPORT_TENSOR].tobytes())
    assert {**report, "embeddings": plain.embeddings} == plain.model_dump(mode="json")


async def test_json_may_hold_the_same_vectors_packed(client: httpx.AsyncClient) -> None:
    packed_json = {"encoding_format": "base64"}
    picture = [("images", png("red"))]
    asked = (
        await client.post("/embed/texts", json={"texts": ["red", "blue"]}),
        await client.post("/embed/texts", json={"texts": ["red", "blue"], **packed_json}),
        await client.post("/embed/images", files=picture),
        await client.post("/embed/images", files=picture, data=packed_json),
    )
    for plain, packed in (asked[:2], asked[2:]):
        assert len(packed.content) < len(plain.content)
        assert all(isinstance(one, str) for one in packed.json()["embeddings"])
        read = EmbeddingsResponse.model_validate_json(packed.content)
        for one, embedding in zip(read.embeddings, plain.json()["embeddings"], strict=True):
            np.testing.assert_array_equal(one, embedding)
    other = await client.post("/embed/texts", json={"texts": ["red"], "encoding_format": "hex"})
    assert other.status_code == 422


async def test_a_program_may_say_that_it_is_in_no_hurry(client: httpx.AsyncClient) -> None:
    body = {"texts": ["red"]}
    bulk = await client.post("/embed/texts", json=body, headers={PRIORITY_HEADER: "bulk"})
    assert bulk.json() == (await client.post("/embed/texts", json=body)).json()
    other = await client.post("/embed/texts", json=body, headers={PRIORITY_HEADER: "now"})
    assert other.status_code == 422


async def test_only_interactive_texts_leave_their_beginnings_for_others(
    client: httpx.AsyncClient, engine: OpenVinoEngine
) -> None:
    def known(text: str) -> int:
        assert engine._beginnings is not None
        return len(engine._beginnings.known(Tokenizer().tokenize([text])[0][1:]))

    headers = {PRIORITY_HEADER: "bulk"}
    await client.post("/embed/texts", json={"texts": ["red shoes"]}, headers=headers)
    assert known("red shoes") == 0
    await texts(client, "red shoes")
    assert known("red boots") == 1
    assert known("red shoes") == 2


async def test_it_lives_is_ready_and_counts(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json()["status"] == "alive"
    assert (await client.get("/ready")).json()["status"] == "ready"
    await texts(client, "a", "b")
    metrics = (await client.get("/metrics")).text
    assert 'encoder_batch_size_sum{modality="text"} 3.0' in metrics  # the warm-up and these two
    assert 'encoder_forward_seconds_count{modality="text"} 2.0' in metrics
    assert 'route="/embed/texts"' in metrics


async def test_an_unusable_model_ends_the_program_with_one_line(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.encoder"),
        env={**os.environ, "ENCODER_MODEL": str(tmp_path / "none.pt")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert len(said.decode().strip().splitlines()) == 1
    assert "none.pt" in said.decode()


async def test_the_things_on_a_picture_are_told(client: httpx.AsyncClient) -> None:
    picture = Image.new("RGB", (400, 300), "teal")
    picture.paste("orange", (40, 60, 160, 180))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    answer = await client.post("/regions", files={"image": buffer.getvalue()})
    (region,) = RegionsResponse.model_validate_json(answer.content).regions
    # With some room around it.
    assert (region.x, region.y) == pytest.approx((0.07, 0.16), abs=0.02)
    assert (region.width, region.height) == pytest.approx((0.36, 0.48), abs=0.03)


@pytest.mark.parametrize(
    ("data", "status"), [(b"no picture", 422), (b"x" * 200_001, 413)], ids=["damaged", "large"]
)
async def test_what_has_no_regions_is_a_problem(
    client: httpx.AsyncClient, data: bytes, status: int
) -> None:
    answer = await client.post("/regions", files={"image": data})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
