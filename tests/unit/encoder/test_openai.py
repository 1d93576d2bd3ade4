"""Embeddings in OpenAI's format: the same vectors, and errors that name the field."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image
from starlette.types import Message

from services.contracts.openai import OpenAIEmbeddings, OpenAIModels
from services.encoder.app import create_app
from services.encoder.engine import OpenVinoEngine
from services.encoder.graph_files import GraphFiles, prepare_graphs
from services.encoder.settings import EncoderSettings
from services.encoder.source import source_of_files
from tests.support.clip_reference import random_weights
from tests.support.lifespan import LifespanManager
from tests.support.torch_archive import write_archive

NAME = "ViT-64/16@32px"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> GraphFiles:
    folder: Path = tmp_path_factory.mktemp("encoder")
    write_archive(folder / "clip.pt", random_weights())
    return prepare_graphs(source_of_files((folder / "clip.pt",)), folder / "cache", "fp32")


@pytest_asyncio.fixture
async def client(files: GraphFiles) -> AsyncIterator[httpx.AsyncClient]:
    settings = EncoderSettings(max_image_bytes=200_000)
    app = create_app(settings, lambda: OpenVinoEngine(files, threads=1))
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://encoder") as opened,
    ):
        yield opened


def data_uri(colour: str) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


async def ask(client: httpx.AsyncClient, **body: Any) -> httpx.Response:  # noqa: ANN401
    return await client.post("/v1/embeddings", json={"model": NAME, **body})


async def vectors(client: httpx.AsyncClient, **body: Any) -> np.ndarray:  # noqa: ANN401
    answer = await ask(client, **body)
    assert answer.status_code == 200, answer.text
    parsed = OpenAIEmbeddings.model_validate_json(answer.content)
    assert [one.index for one in parsed.data] == list(range(len(parsed.data)))
    return np.array([one.embedding for one in parsed.data], np.float32)


async def test_the_model_is_listed(client: httpx.AsyncClient, files: GraphFiles) -> None:
    listed = OpenAIModels.model_validate_json((await client.get("/v1/models")).content)
    assert [one.id for one in listed.data] == [files.info.model_id]


async def test_texts_have_the_vectors_of_the_encoders_own_route(client: httpx.AsyncClient) -> None:
    texts = ["red shoes", "a chair", ""]
    own = (await client.post("/embed/texts", json={"texts": texts})).json()["embeddings"]
    np.testing.assert_allclose(await vectors(client, input=texts), own, atol=2e-5)
    np.testing.assert_allclose(await vectors(client, input="a chair"), [own[1]], atol=2e-5)
    packed = await vectors(client, input=texts, encoding_format="base64")
    np.testing.assert_allclose(packed, own, atol=2e-5)


async def test_more_texts_than_fit_one_request_of_ours_keep_their_order(
    client: httpx.AsyncClient,
) -> None:
    texts = [f"number {number}" for number in range(600)]
    many = await vectors(client, input=texts)
    few = await vectors(client, input=[texts[0], texts[300], texts[599]])
    np.testing.assert_allclose(many[[0, 300, 599]], few, atol=2e-5)


async def test_tokens_are_counted(client: httpx.AsyncClient) -> None:
    usage = (await ask(client, input=["red shoes", "a"])).json()["usage"]
    assert usage == {"prompt_tokens": 7, "total_tokens": 7}  # start and end of each, and 3 words


async def test_pictures_have_the_vectors_of_the_encoders_own_route(
    client: httpx.AsyncClient,
) -> None:
    uris = [data_uri("red"), data_uri("blue")]
    pictures = [("images", base64.b64decode(uri.partition(",")[2])) for uri in uris]
    own = (await client.post("/embed/images", files=pictures)).json()["embeddings"]
    made = await vectors(client, input=uris, modality="image")
    np.testing.assert_allclose(made, own, atol=2e-5)


async def test_the_full_id_and_the_right_dimension_are_accepted(
    client: httpx.AsyncClient, files: GraphFiles
) -> None:
    await vectors(client, model=files.info.model_id, input="a", dimensions=files.info.dimension)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"input": "a", "model": "text-embedding-3-small"}, "body.model"),
        ({"input": "a", "dimensions": 16}, "body.dimensions"),
        ({"input": []}, "body.input"),
        ({"input": ["a"] * 2_049}, "body.input"),
        ({"input": "a" * 10_001}, "body.input"),
        ({"input": "https://shop.example/a.jpg", "modality": "image"}, "body.input"),
        ({"input": "data:image/png;base64,%%%", "modality": "image"}, "body.input"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_its_field(
    client: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await ask(client, **body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_token_ids_are_refused(client: httpx.AsyncClient) -> None:
    """Some clients send another tokenizer's ids by default."""
    answer = await ask(client, input=[[101, 7592, 102]])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "body.input"
    assert "token ids are not accepted" in error["message"]


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        ({"input": "a", "model": "other"}, f"This encoder has the model '{NAME}@", "model"),
        ({"input": [1, 2]}, "body.input: token ids are not accepted", "input"),
        ({"input": "a", "dimensions": 0}, "body.dimensions: Input should be greater", "dimensions"),
        ({"input": "data:image/png;base64,eHg=", "modality": "image"}, "This is not a JPEG", None),
    ],
)
async def test_openais_clients_show_the_reason_of_an_error(
    client: httpx.AsyncClient, body: dict[str, Any], message: str, param: str | None
) -> None:
    """Their exceptions have only `error.message` of the body in their text."""
    answer = (await ask(client, **body)).json()
    assert message in answer["error"]["message"]
    assert answer["error"].get("param") == param
    assert answer["error"]["type"] == answer["type"]


async def test_a_path_that_is_not_there_is_an_error_that_openais_clients_read(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/chat/completions", json={})
    assert answer.status_code == 404
    assert "/v1/chat/completions" in answer.json()["error"]["message"]


async def test_an_unreadable_picture_fails_the_request(client: httpx.AsyncClient) -> None:
    """OpenAI's format has no place for the error of one item."""
    broken = "data:image/png;base64," + base64.b64encode(b"nonsense").decode()
    answer = await ask(client, input=[data_uri("red"), broken], modality="image")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/unreadable-image"


async def test_a_client_who_leaves_takes_its_batch_along(files: GraphFiles) -> None:
    """Without cancelling, 2,048 texts of nobody are computed, and shoppers are refused."""
    app = create_app(EncoderSettings(), lambda: OpenVinoEngine(files, threads=1))
    long = {"model": NAME, "input": [f"{'a long text ' * 20}{n}" for n in range(2_048)]}
    body = json.dumps(long).encode()
    messages: Iterator[Message] = iter(
        [{"type": "http.request", "body": body}, {"type": "http.disconnect"}]
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/embeddings",
        "raw_path": b"/v1/embeddings",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    async with LifespanManager(app):
        await app(scope, receive, send)
        assert sent == []
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://encoder")
        async with http:
            await vectors(http, input="of somebody who is there")
            metrics = (await http.get("/metrics")).text
    (done,) = re.findall(r'encoder_batch_size_sum\{modality="text"\} (\S+)', metrics)
    assert float(done) < 300
