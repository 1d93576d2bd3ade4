"""The reader: a whole catalogue comes out, or an error that says what is wrong with it."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from services.contracts.base import ModalityWeights
from services.contracts.catalogue import HEAD_VIEW, METADATA_VIEW, SHARD_VIEW, VECTOR_VIEW
from services.contracts.products import ScoredProduct
from services.contracts.ranking import BUILT_IN, Ranking
from services.contracts.retriever import QueryTerm, RetrievalRequest
from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.errors import BrokenPublication, LoadStopped, NotPublished, WrongModel
from services.retriever.index import IndexChoice
from services.retriever.loading.reader import CatalogueReader
from tests.unit.retriever.doubles import MODEL, DictionaryFeatures
from tests.unit.retriever.searches import search as search_catalogue

IDS = [f"p-{number:02}" for number in range(25)]


@pytest.fixture
def features() -> DictionaryFeatures:
    features = DictionaryFeatures()
    features.publish("v1", IDS)
    return features


def load(features: DictionaryFeatures) -> Catalogue:
    reader = CatalogueReader(features, batch=10)
    return reader.load(reader.head())


def search(
    catalogue: Catalogue, weights: ModalityWeights, threshold: float | None
) -> list[ScoredProduct]:
    """Products found for the first direction."""
    terms = [QueryTerm(vector=[1.0, 0.0], weights=weights)]
    request = RetrievalRequest(model=MODEL, terms=terms, k=25, threshold=threshold, cutoff="off")
    return search_catalogue(catalogue, request).results


def test_every_product_is_read_in_batches(features: DictionaryFeatures) -> None:
    catalogue = load(features)
    assert [size for view, size in features.reads if view == VECTOR_VIEW] == [9, 8, 8]
    assert (catalogue.info.version, catalogue.info.model) == ("v1", MODEL)
    assert (catalogue.info.products, catalogue.info.dimension) == (25, 2)
    found = search(catalogue, ModalityWeights(text=1, image=1), 0.5)
    assert [product.product_id for product in found] == IDS[::2]
    assert found[0].attributes == {"color": "red"}
    assert found[0].price == 1.5


def test_a_long_load_says_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    features = DictionaryFeatures()
    features.publish("v1", [f"p-{number:05}" for number in range(20_010)])
    reader = CatalogueReader(features, batch=500, choice=IndexChoice("exact"))
    with caplog.at_level("INFO"):
        reader.load(reader.head())
    assert "reading the catalogue: 20000 of 20010 products" in caplog.messages


def test_a_product_without_a_picture_is_read(features: DictionaryFeatures) -> None:
    row = features.rows[VECTOR_VIEW][f"p-00|{MODEL}"]
    row["image_vector"] = np.zeros(0, np.float32)
    found = search(load(features), ModalityWeights(text=0.5, image=0.5), 0.1)
    assert [(product.product_id, product.score) for product in found][-1] == ("p-00", 0.5)


def test_an_empty_catalogue_is_a_catalogue(features: DictionaryFeatures) -> None:
    features.publish("v2", [])
    features.rows[HEAD_VIEW]["default"]["shards"] = 0
    catalogue = load(features)
    assert catalogue.info.products == 0
    assert search(catalogue, ModalityWeights(text=1, image=1), None) == []


def test_no_head_is_nothing_published() -> None:
    with pytest.raises(NotPublished, match="no catalogue head"):
        CatalogueReader(DictionaryFeatures(), batch=10).head()


def test_the_ranking_comes_with_the_head(features: DictionaryFeatures) -> None:
    assert load(features).ranking == BUILT_IN
    learned = Ranking(name="learned", words=ModalityWeights(text=0.2, image=0.8))
    row = features.rows[HEAD_VIEW]["default"]
    row["ranking"] = learned.model_dump_json()
    assert load(features).ranking == learned
    row["ranking"] = '{"words": "loud"}'
    with pytest.raises(BrokenPublication, match="head makes no sense"):
        load(features)


def test_a_store_of_before_there_were_rankings_has_the_built_in_one(
    features: DictionaryFeatures,
) -> None:
    features.unregistered.add((HEAD_VIEW, "ranking"))
    features.rows[HEAD_VIEW]["default"]["ranking"] = "never asked for"
    assert load(features).ranking == BUILT_IN


def test_another_model_is_refused_with_both_named(features: DictionaryFeatures) -> None:
    with pytest.raises(WrongModel, match=rf"'{MODEL}'.*'mini@2'"):
        CatalogueReader(features, batch=10, expected_model="mini@2").head()
    assert CatalogueReader(features, batch=10, expected_model=MODEL).head().version == "v1"


def test_missing_rows_are_counted_with_an_example(features: DictionaryFeatures) -> None:
    del features.rows[VECTOR_VIEW][f"p-11|{MODEL}"]
    del features.rows[VECTOR_VIEW][f"p-24|{MODEL}"]
    del features.rows[METADATA_VIEW]["p-03"]
    with pytest.raises(BrokenPublication) as error:
        load(features)
    assert "2 of 25 products have no vectors, for example 'p-11'" in str(error.value)
    assert "1 of 25 products have no metadata, for example 'p-03'" in str(error.value)
    assert "make no product" not in str(error.value)


def test_rows_of_another_version_are_refused(features: DictionaryFeatures) -> None:
    features.rows[VECTOR_VIEW][f"p-07|{MODEL}"]["fingerprint"] = "newer"
    features.rows[METADATA_VIEW]["p-08"]["fingerprint"] = "newer"
    with pytest.raises(BrokenPublication, match=r"'p-08'; .*vectors of another version.*'p-07'"):
        load(features)


@pytest.mark.parametrize("feature", ["text_vector", "image_vector"])
@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ([1.0, 0.0, 0.0], "of 3, not 2, floats"),
        ([2.0, 0.0], "not of unit length"),
        ([float("nan"), 0.0], "not of unit length"),
    ],
)
def test_vectors_that_cannot_be_compared_are_refused(
    features: DictionaryFeatures, feature: str, vector: list[float], message: str
) -> None:
    features.rows[VECTOR_VIEW][f"p-20|{MODEL}"][feature] = np.array(vector, np.float32)
    with pytest.raises(BrokenPublication, match=rf"1 of 25 .*{message}.*'p-20'"):
        load(features)


def test_a_product_has_words_always(features: DictionaryFeatures) -> None:
    features.rows[VECTOR_VIEW][f"p-20|{MODEL}"]["text_vector"] = np.zeros(0, np.float32)
    with pytest.raises(BrokenPublication, match="text vectors of 0, not 2, floats"):
        load(features)


def test_metadata_that_make_no_product_are_refused(features: DictionaryFeatures) -> None:
    features.rows[METADATA_VIEW]["p-09"]["title"] = ""
    with pytest.raises(BrokenPublication, match=r"title.*'p-09'"):
        load(features)


def test_a_missing_shard_is_told(features: DictionaryFeatures) -> None:
    del features.rows[SHARD_VIEW]["v1/0"]
    with pytest.raises(BrokenPublication, match=r"25 products in 1 shards.* list 0"):
        load(features)


def test_ids_must_ascend(features: DictionaryFeatures) -> None:
    features.publish("v2", ["b", "a"])
    with pytest.raises(BrokenPublication, match="'a' follows 'b'"):
        load(features)


def test_stop_ends_a_load_and_the_collector_runs_again(features: DictionaryFeatures) -> None:
    reader = CatalogueReader(features, batch=10)
    head = reader.head()
    reader.stop()
    with pytest.raises(LoadStopped):
        reader.load(head)
    assert gc.isenabled()
