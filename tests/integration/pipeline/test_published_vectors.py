from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.pipeline.catalogue.changes import delete
from services.pipeline.errors import NothingToLoad
from services.pipeline.feeds import open_feed
from services.pipeline.load import load
from services.pipeline.settings import PipelineSettings
from services.pipeline.training.published import published_products
from tests.support.encoder_double import EncoderDouble

FEED = "product_id,title\na,Alpha\nb,Beta\nc,Gamma\n"


def test_training_sees_the_vectors_that_are_served_live_changes_and_all(
    settings: PipelineSettings, encoder: EncoderDouble, tmp_path: Path
) -> None:
    feed = tmp_path / "products.csv"
    feed.write_text(FEED)
    load(open_feed(feed), settings)
    feed.write_text("product_id,title\nb,Better\nd,Delta\n")
    load(open_feed(feed), settings, live=True)
    delete(["c"], settings)

    products = published_products(settings.feature_store / "offline")

    assert products.ids == ["a", "b", "d"]
    assert products.model == encoder.model
    wanted = [encoder.vector(text.encode()) for text in ("Alpha", "Better", "Delta")]
    np.testing.assert_allclose(products.text, wanted, atol=1e-6)
    assert not products.image.any()


def test_where_nothing_is_published_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(NothingToLoad, match="load one first"):
        published_products(tmp_path)
