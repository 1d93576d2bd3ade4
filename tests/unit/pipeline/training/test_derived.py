from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.errors import FeedUnusable
from services.pipeline.feeds import open_feed
from services.pipeline.training.derived import derive_golden

FEED = """\
product_id,title,category
gala,Royal Gala,Fruit > Apple > Gala
gala-bag,"Gala, a bag",Fruit > Apple > Gala
smith,Granny Smith,Fruit > Apple > Granny-Smith
kiwi,Kiwi,Fruit > Kiwi > Green-Kiwi
milk,Milk,Dairy > Milk > Whole
"""


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "products.csv"
    path.write_text(FEED)
    (tmp_path / "image_queries.csv").write_text(
        "image_path,product_id\nphotos/a.jpg,smith\nphotos/b.jpg,not-here\n"
    )
    return path


def test_a_category_is_asked_for_by_name_and_its_neighbours_answer_worse(feed: Path) -> None:
    golden = derive_golden(open_feed(feed))

    by_text = {query.text: golden.judgements[query.query_id] for query in golden.of_kind("text")}
    assert by_text["granny smith"] == {"smith": "E", "gala": "S", "gala-bag": "S", "kiwi": "C"}
    assert by_text["apple"] == {"gala": "E", "gala-bag": "E", "smith": "E", "kiwi": "S"}
    assert "fruit" not in by_text


def test_a_known_picture_asks_for_its_product(feed: Path) -> None:
    golden = derive_golden(open_feed(feed))

    (query,) = golden.of_kind("picture")
    assert query.picture == "photos/a.jpg"
    assert golden.judgements[query.query_id] == {
        "smith": "E",
        "gala": "S",
        "gala-bag": "S",
        "kiwi": "C",
    }


def test_a_feed_without_categories_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("product_id,title\na,A\n")

    with pytest.raises(FeedUnusable, match="without categories"):
        derive_golden(open_feed(path))
