"""Embedding through the encoder's contract, in process: batches, manners, and what is refused."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

from services.common.client import ServiceClient
from services.contracts.encoder import ModelInfo
from services.pipeline.catalogue.product import CatalogueProduct, ProductVectors
from services.pipeline.encoding import embedding
from services.pipeline.encoding.embedding import Embedder
from services.pipeline.encoding.encoder_client import EncoderClient
from services.pipeline.errors import DependencyAway, EncoderBroken
from services.pipeline.feeds.validation import FeedProduct
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture
from services.pipeline.settings import PipelineSettings
from tests.support.encoder_double import EncoderDouble


@pytest.fixture
def double() -> EncoderDouble:
    return EncoderDouble()


@pytest.fixture
async def client(double: EncoderDouble) -> AsyncIterator[EncoderClient]:
    transport = httpx.ASGITransport(double.app())
    async with ServiceClient("encoder", "http://encoder", timeout_s=60, transport=transport) as one:
        yield EncoderClient(one, wait_s=2)


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media", max_bytes=1_000_000, max_pixels=1_000_000)


@pytest.fixture
async def embedder(client: EncoderClient, media: MediaStore) -> Embedder:
    settings = PipelineSettings(text_batch=4, image_batch=3)
    return Embedder(client, await client.model(), media, settings)


def product(number: int, title: str, picture: StoredPicture | None = None) -> CatalogueProduct:
    fed = FeedProduct(number, f"p-{number}", title, "", "", "", None, "", "", None, "", {})
    return CatalogueProduct.of(fed, picture, "double@1")


def take(media: MediaStore, folder: Path, colour: int) -> StoredPicture:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (colour, 0, 0)).save(out, "PNG")
    (folder / "picture.png").write_bytes(out.getvalue())
    return media.take(folder / "picture.png")


async def test_each_product_gets_its_own_vectors_from_batches(
    embedder: Embedder, double: EncoderDouble, media: MediaStore, tmp_path: Path
) -> None:
    pictures = [take(media, tmp_path, number) for number in range(10)]
    products = [product(number, f"title {number}", pictures[number]) for number in range(10)]
    vectors = await embedder.embed(products)
    assert double.requests == 3 + 4
    for one, vector in zip(products, vectors, strict=True):
        assert isinstance(vector, ProductVectors)
        (alone,) = await Embedder.embed(embedder, [one])
        assert alone == vector  # remembered: the very same arrays
    texts = np.stack([one.text for one in vectors if isinstance(one, ProductVectors)])
    np.testing.assert_allclose(np.diag(texts @ texts.T), 1, atol=1e-6)
    assert len(np.unique(texts, axis=0)) == 10


async def test_equal_texts_and_pictures_are_encoded_once(
    embedder: Embedder, double: EncoderDouble, media: MediaStore, tmp_path: Path
) -> None:
    picture = take(media, tmp_path, 1)
    await embedder.embed([product(number, "the same", picture) for number in range(9)])
    await embedder.embed([product(number, "the same", picture) for number in range(9, 12)])
    assert (len(double.texts), len(double.pictures)) == (1, 1)


async def test_what_is_remembered_is_bounded(
    embedder: Embedder, double: EncoderDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "REMEMBERED_VECTORS", 2)
    for title in ("a", "b", "a", "c", "a", "b"):
        await embedder.embed([product(1, title)])
    assert double.texts == ["a", "b", "c", "b"]


async def test_a_product_without_a_picture_has_an_empty_image_vector(embedder: Embedder) -> None:
    (vectors,) = await embedder.embed([product(1, "words")])
    assert isinstance(vectors, ProductVectors)
    assert vectors.image.shape == (0,)


async def test_a_picture_that_the_encoder_refuses_costs_no_other(
    embedder: Embedder, double: EncoderDouble, media: MediaStore, tmp_path: Path
) -> None:
    pictures = [take(media, tmp_path, number) for number in range(4)]
    # The fourth is alone in its request, whose whole answer is then the error.
    double.refused_pictures = {pictures[1].sha256, pictures[3].sha256}
    outcomes = await embedder.embed(
        [product(number, "t", picture) for number, picture in enumerate(pictures)]
    )
    assert [isinstance(one, ProductVectors) for one in outcomes] == [True, False, True, False]
    assert str(outcomes[1]) == "This picture is not to the double's taste."


async def test_a_picture_that_is_no_longer_stored_costs_no_other(
    embedder: Embedder, media: MediaStore, tmp_path: Path
) -> None:
    gone, there = take(media, tmp_path, 1), take(media, tmp_path, 2)
    media.path(gone).unlink()
    several = replace(product(3, "c", there), more=(gone,))
    first, second, third = await embedder.embed(
        [product(1, "a", gone), product(2, "b", there), several]
    )
    assert isinstance(first, UnusablePicture)
    assert isinstance(second, ProductVectors)
    assert isinstance(third, ProductVectors)
    both = np.concatenate([second.image, np.zeros_like(second.image)])
    np.testing.assert_array_equal(third.image, both)


async def test_requests_stay_below_a_size(
    embedder: Embedder,
    double: EncoderDouble,
    media: MediaStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures = [take(media, tmp_path, number) for number in range(3)]
    size = media.path(pictures[0]).stat().st_size
    monkeypatch.setattr(embedding, "MAX_REQUEST_IMAGE_BYTES", 2 * size + size // 2)
    await embedder.embed([product(n, "t", picture) for n, picture in enumerate(pictures)])
    assert double.requests == 1 + 2


async def test_an_overloaded_encoder_is_asked_again(
    embedder: Embedder, double: EncoderDouble
) -> None:
    double.overloaded = 3
    await embedder.embed([product(number, f"title {number}") for number in range(8)])
    assert sorted(double.texts) == [f"title {number}" for number in range(8)]


async def test_patience_ends(embedder: Embedder, double: EncoderDouble) -> None:
    double.overloaded = 1_000_000
    where_and_setting = r"Given up on http://\S+ after 2 seconds.*PIPELINE_ENCODER_URL"
    with pytest.raises(DependencyAway, match=where_and_setting):
        await embedder.embed([product(1, "a")])


@pytest.mark.parametrize("scale", [0.0, 2.0, 1e-30, float("nan")])
async def test_vectors_that_are_not_of_unit_length_are_refused(
    embedder: Embedder, double: EncoderDouble, scale: float
) -> None:
    double.scale = scale
    with pytest.raises(EncoderBroken, match="a vector of length"):
        await embedder.embed([product(1, "a")])


@pytest.mark.parametrize("content", [b"", b"{}", save({"embeddings": np.zeros((1, 2), "f")})])
async def test_an_answer_that_is_no_vectors_is_refused_at_once(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    async with ServiceClient("encoder", "http://encoder", timeout_s=60, transport=transport) as one:
        with pytest.raises(EncoderBroken, match="breaks its contract"):
            await EncoderClient(one, wait_s=60).embed_texts(["a"])


async def test_a_catalogue_is_encoded_after_whoever_waits_for_an_answer(
    embedder: Embedder, double: EncoderDouble, media: MediaStore, tmp_path: Path
) -> None:
    await embedder.embed([product(1, "a", take(media, tmp_path, 1))])
    assert double.priorities == {"bulk"}


async def test_another_model_midway_ends_the_run(embedder: Embedder, double: EncoderDouble) -> None:
    double.model = "double@2"
    with pytest.raises(EncoderBroken, match="changed from model 'double@1' to 'double@2'"):
        await embedder.embed([product(1, "a")])


async def test_another_dimension_than_promised_ends_the_run(
    client: EncoderClient, media: MediaStore
) -> None:
    model = ModelInfo(
        model="double@1", dimension=8, image_size=1, context_length=77, precision="fp32"
    )
    embedder = Embedder(client, model, media, PipelineSettings())
    with pytest.raises(EncoderBroken):
        await embedder.embed([product(1, "a")])
