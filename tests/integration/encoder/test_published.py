"""OpenAI's models by name: fetched from a server, checked, made into graphs, served.

The weights are random in the same layout, since no test reaches the real ones.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest

from services.contracts.encoder import EmbeddingsResponse, ModelInfo
from services.encoder import models
from services.encoder.app import create_app, prepare_model
from services.encoder.engine import OpenVinoEngine
from services.encoder.fetch import FetchFailed
from services.encoder.models import PUBLISHED, Published
from services.encoder.settings import EncoderSettings
from services.encoder.source import sha256_of
from services.encoder.weights import StateDict
from tests.support.clip_reference import random_b32_weights, random_resnet_weights, random_weights
from tests.support.lifespan import LifespanManager
from tests.support.pictures import drawing, encoded
from tests.support.torch_archive import write_archive


def two_layers(dimension: int, patch: int, width: int, image_width: int) -> StateDict:
    """The sizes of a published model but for its layers: two take all steps, and less time."""
    return random_weights(
        dimension=dimension,
        image_size=224,
        patch=patch,
        width=width,
        image_width=image_width,
    )


LONG = pytest.mark.long
CASES = [
    pytest.param("ViT-B/32", 512, lambda: two_layers(512, 32, 512, 768), id="ViT-B/32-two-layers"),
    pytest.param("ViT-B/32", 512, random_b32_weights, id="ViT-B/32", marks=LONG),
    pytest.param("ViT-B/16", 512, lambda: two_layers(512, 16, 512, 768), id="ViT-B/16", marks=LONG),
    pytest.param(
        "ViT-L/14", 768, lambda: two_layers(768, 14, 768, 1024), id="ViT-L/14", marks=LONG
    ),
    pytest.param(
        "RN50",
        1024,
        lambda: random_resnet_weights(
            dimension=1024, width=64, image_size=224, blocks=(3, 4, 6, 3)
        ),
        id="RN50",
        marks=LONG,
    ),
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that a server gives its files under."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def publish(name: str, weights: StateDict, folder: Path) -> Published:
    """Put an archive where OpenAI's address scheme has it: under its own checksum."""
    aside = folder / "archive.pt"
    write_archive(aside, weights)
    published = Published(PUBLISHED[name].file, sha256_of(aside), PUBLISHED[name].hub)
    (folder / published.sha256).mkdir()
    aside.rename(folder / published.sha256 / published.file)
    return published


@pytest.mark.parametrize(("name", "dimension", "weights"), CASES)
async def test_a_published_model_goes_from_its_address_to_an_answer(
    name: str,
    dimension: int,
    weights: Callable[[], StateDict],
    mirror: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, url = mirror
    published = publish(name, weights(), folder)
    monkeypatch.setitem(models.PUBLISHED, name, published)
    settings = EncoderSettings(model=name, weights_url=url, model_cache_dir=tmp_path / "cache")
    received = []
    files = prepare_model(settings, lambda have, _total: received.append(have))
    assert received[-1] == (folder / published.sha256 / published.file).stat().st_size
    app = create_app(settings, lambda: OpenVinoEngine(files, threads=0))
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://encoder") as client,
    ):
        told = ModelInfo.model_validate_json((await client.get("/model")).content)
        assert told.model.rpartition("@")[0] == name
        assert told.weights_sha256 == published.sha256
        assert (told.dimension, told.image_size) == (dimension, 224)
        picture = encoded(drawing(300, 200), "JPEG")
        answers = [
            await client.post("/embed/texts", json={"texts": ["red shoes", "a chair"]}),
            await client.post("/embed/images", files=[("images", picture)]),
        ]
        for answer in answers:
            embeddings = EmbeddingsResponse.model_validate_json(answer.content).embeddings
            lengths = np.linalg.norm(np.array(embeddings, np.float32), axis=1)
            assert np.array(embeddings).shape[1] == dimension
            np.testing.assert_allclose(lengths, 1, atol=1e-2)


def test_an_archive_that_is_not_the_published_one_is_never_used(
    mirror: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, url = mirror
    published = publish("ViT-B/32", random_weights(), folder)
    served = folder / published.sha256 / published.file
    with served.open("r+b") as archive:
        archive.seek(1_000)
        archive.write(b"changed")
    monkeypatch.setitem(models.PUBLISHED, "ViT-B/32", published)
    settings = EncoderSettings(
        model="ViT-B/32", weights_url=url, model_cache_dir=tmp_path / "cache"
    )
    with pytest.raises(FetchFailed, match="SHA-256"):
        prepare_model(settings, lambda _have, _total: None)
    assert list((tmp_path / "cache").iterdir()) == []
