"""UCP over REST against the real services: every answer keeps the rules of the protocol."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.contracts.ucp_requests import MAX_IDS, UCP_VERSION
from services.gateway.agents.profile import LOOKUP, SEARCH
from tests.support.agents_stack import (
    CHILDREN,
    GROUP,
    GTIN,
    HOSTILE,
    PARENT,
    PUBLIC_URL,
    WITH_GTIN,
    WITHOUT_PRICE,
)
from tests.support.ucp_rules import assert_follows_ucp
from tests.support.whole_stack import WholeStack

pytestmark = pytest.mark.e2e

AGENT = {"UCP-Agent": 'profile="https://agent.example/profile.json"'}
MUG = Path("data/sample/images/sample-0017.webp")


class Platform:
    """A platform that checks each answer."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def ask(self, operation: str, **body: Any) -> httpx.Response:  # noqa: ANN401
        return self.http.post(f"/ucp/v1/catalog/{operation}", json=body)

    def answer(self, operation: str, kind: str | None = None, **body: Any) -> dict[str, Any]:  # noqa: ANN401
        response = self.ask(operation, **body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        assert_follows_ucp(kind or operation, answer)
        assert answer["ucp"]["version"] == UCP_VERSION
        return answer


@pytest.fixture
def platform(stack: WholeStack) -> Iterator[Platform]:
    with httpx.Client(base_url=stack.url, headers=AGENT, timeout=30) as http:
        yield Platform(http)


def ids(answer: dict[str, Any]) -> list[str]:
    return [product["id"] for product in answer["products"]]


def codes(answer: dict[str, Any]) -> list[str]:
    return [message["code"] for message in answer.get("messages", [])]


def test_the_profile_names_both_transports_and_all_capabilities(platform: Platform) -> None:
    response = platform.http.get("/.well-known/ucp")

    assert_follows_ucp("profile", response.json())
    assert "public" in response.headers["cache-control"]
    held = {"If-None-Match": response.headers["etag"]}
    assert platform.http.get("/.well-known/ucp", headers=held).status_code == 304
    ucp = response.json()["ucp"]
    endpoints = {one["transport"]: one["endpoint"] for one in ucp["services"]["dev.ucp.shopping"]}
    assert endpoints == {"rest": f"{PUBLIC_URL}/ucp/v1", "mcp": f"{PUBLIC_URL}/mcp"}
    assert set(ucp["capabilities"]) == {SEARCH, LOOKUP, "example.shop.shopping.visual_search"}


def test_the_extension_is_named_for_the_host_of_its_schema(platform: Platform) -> None:
    capabilities = platform.http.get("/.well-known/ucp").json()["ucp"]["capabilities"]
    ((name, (entity,)),) = [one for one in capabilities.items() if "extends" in one[1][0]]
    host = httpx.URL(entity["schema"]).host
    assert name.startswith(".".join(reversed(host.split("."))) + ".")

    schema = platform.http.get(httpx.URL(entity["schema"]).path).json()

    assert schema["name"] == name
    assert set(schema["requires"]["capabilities"]) <= set(schema["$defs"])
    assert {"image", "references", "weights"} <= set(schema["$defs"][SEARCH]["properties"])


def test_words_find_products_with_prices_in_minor_units(platform: Platform) -> None:
    answer = platform.answer("search", query="red striped mug")

    best = answer["products"][0]["variants"][0]
    assert "red" in best["title"] + best["description"]["plain"]
    plain = platform.http.get(f"/products/{best['id']}").json()
    assert best["price"] == {"amount": round(plain["price"] * 100), "currency": plain["currency"]}
    assert best["media"][0]["url"] == PUBLIC_URL + plain["image_url"]
    assert set(answer["ucp"]["capabilities"]) == {SEARCH, "example.shop.shopping.visual_search"}


def test_pages_of_ten_follow_one_another_to_the_end(platform: Platform) -> None:
    seen: list[str] = []
    page: dict[str, Any] = {}
    while True:
        answer = platform.answer("search", filters={"categories": ["Kitchen"]}, pagination=page)
        assert len(answer["products"]) <= 10
        seen += ids(answer)
        if not answer["pagination"]["has_next_page"]:
            break
        page = {"cursor": answer["pagination"]["cursor"]}
    assert len(seen) == len(set(seen)) > 20
    # Counted and not shown: the product without a price, and the parent beside its variants.
    assert len(seen) == answer["pagination"]["total_count"] - 2


def test_a_larger_page_than_the_most_is_shortened(platform: Platform) -> None:
    asked = {"categories": ["Kitchen"]}
    answer = platform.answer("search", filters=asked, pagination={"limit": 5_000})
    assert 10 < len(answer["products"]) <= 50


def test_filters_hold_for_every_product(platform: Platform) -> None:
    answer = platform.answer(
        "search",
        query="mug",
        filters={"price": {"min": 800, "max": 1_200}, "available": True, "colors": ["red"]},
        context={"currency": "EUR"},
    )
    assert answer["products"]
    for product in answer["products"]:
        for variant in product["variants"]:
            assert 800 <= variant["price"]["amount"] <= 1_200
            assert variant["availability"]["available"]
            assert variant["metadata"]["attributes"]["color"] == "red"


def test_a_price_filter_in_a_currency_of_no_price_is_ignored_and_says_so(
    platform: Platform,
) -> None:
    answer = platform.answer(
        "search", query="mug", filters={"price": {"max": 1}}, context={"currency": "USD"}
    )
    assert "price_filter_ignored" in codes(answer)
    assert answer["products"]


def test_an_unknown_filter_is_named(platform: Platform) -> None:
    answer = platform.answer("search", query="mug", filters={"fabric": ["silk"]})
    assert codes(answer)[0] == "filter_ignored"
    assert "fabric" in answer["messages"][0]["content"]


def test_a_price_range_upside_down_finds_nothing(platform: Platform) -> None:
    answer = platform.answer("search", filters={"price": {"min": 2, "max": 1}})
    assert answer["products"] == []


def test_nonsense_finds_nothing_and_the_answer_says_so(platform: Platform) -> None:
    answer = platform.answer("search", query="qwxz vbnm lkjh")
    assert answer["products"] == []
    assert codes(answer) == ["no_good_match"]


@pytest.mark.parametrize("body", [{}, {"filters": {}}, {"context": {"currency": "EUR"}}])
def test_a_search_without_input_is_refused(platform: Platform, body: dict[str, Any]) -> None:
    response = platform.ask("search", **body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"query": 7}', b'{"query": "x", "pagination": {"limit": 0}}']
)
def test_a_malformed_body_is_a_400_with_a_code(platform: Platform, body: bytes) -> None:
    response = platform.http.post(
        "/ucp/v1/catalog/search", content=body, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    assert response.headers["content-type"] == "application/json"
    assert response.json()["instance"] == response.headers["x-request-id"]


def test_a_forged_cursor_is_refused(platform: Platform) -> None:
    response = platform.ask("search", pagination={"cursor": "QzEAAAA"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 400, "invalid_profile_url"),
        ("profile=agent", 400, "invalid_profile_url"),
        ('profile="http://agent.example/p"', 400, "invalid_profile_url"),
        ('profile="https://agent.example/p", version="2026-01-11"', 422, "version_unsupported"),
        ('version="2026-08-25"', 400, "invalid_profile_url"),
    ],
)
def test_a_platform_without_profile_or_with_another_version_is_refused(
    stack: WholeStack, header: str | None, status: int, code: str
) -> None:
    headers = {} if header is None else {"UCP-Agent": header}
    response = httpx.post(
        f"{stack.url}/ucp/v1/catalog/search", json={"query": "mug"}, headers=headers, timeout=60
    )
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_unknown_members_are_ignored_as_ucp_demands(platform: Platform) -> None:
    platform.answer(
        "search",
        query="mug",
        signals={"dev.ucp.buyer_ip": "192.0.2.1"},
        attribution={"com.example.campaign": "x"},
        context={"address_country": "DE", "intent": "a gift", "eligibility": ["com.example.gold"]},
        future={"a": 1},
    )


def test_every_kind_of_identifier_leads_to_its_variant(platform: Platform) -> None:
    asked = [GROUP, "sample-0002", "SKU-010", GTIN.lstrip("0"), "nothing", "sample-0002"]
    answer = platform.answer("lookup", ids=asked)

    variants = {it["id"]: it for one in answer["products"] for it in one["variants"]}
    assert set(variants) == {"sample-0002", "sample-0011", WITH_GTIN}
    inputs = sorted((one["id"], one["match"]) for one in variants["sample-0002"]["inputs"])
    assert inputs == [(GROUP, "featured"), ("sample-0002", "exact")]
    assert variants["sample-0011"]["inputs"] == [{"id": "SKU-010", "match": "exact"}]
    assert variants[WITH_GTIN]["inputs"] == [{"id": GTIN.lstrip("0"), "match": "exact"}]
    assert variants[WITH_GTIN]["barcodes"] == [{"type": "GTIN", "value": GTIN}]
    assert [(one["code"], one["content"]) for one in answer["messages"]] == [
        ("not_found", "nothing")
    ]


def test_a_lookup_leaves_out_what_its_filters_exclude(platform: Platform) -> None:
    answer = platform.answer("lookup", ids=["sample-0002"], filters={"price": {"max": 1}})
    assert answer["products"] == []
    assert codes(answer) == ["filtered_out"]


def test_a_lookup_names_each_identifier_that_it_shows_nothing_for(platform: Platform) -> None:
    asked = [GROUP, WITHOUT_PRICE, "sample-0002", "nothing", "SKU-010"]
    answer = platform.answer("lookup", ids=asked, filters={"colors": ["red"], "brands": ["none"]})
    told = {one["content"].split()[-1]: one["code"] for one in answer["messages"]}
    assert told == {
        GROUP: "filtered_out",
        WITHOUT_PRICE: "price_missing",
        "sample-0002": "filtered_out",
        "nothing": "not_found",
        "SKU-010": "filtered_out",
    }


@pytest.mark.parametrize("name", ["fabric", "price", "description"])
def test_an_unknown_attribute_filter_is_named_and_ignored(platform: Platform, name: str) -> None:
    filters = {"attributes": {name: ["silk"]}}
    found = platform.answer("search", query="mug", filters=filters)
    looked_up = platform.answer("lookup", ids=["sample-0002"], filters=filters)
    product = platform.answer("product", id=GROUP, filters=filters)
    for answer in (found, looked_up, product):
        assert "filter_ignored" in codes(answer)
        assert name in answer["messages"][0]["content"]
    assert found["products"]
    assert looked_up["products"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"item_group_id": [GROUP]}, True),
        ({"item_group_id": [GROUP], "material": ["Ceramic"]}, True),
        ({"material": ["no such material"]}, False),
        ({"color": ["red"], "brand": ["no such brand"]}, False),
    ],
)
def test_a_known_attribute_filter_holds(
    platform: Platform, attributes: dict[str, list[str]], expected: bool
) -> None:
    filters = {"attributes": attributes}
    found = platform.answer("search", filters=filters)
    looked_up = platform.answer("lookup", ids=["sample-0002"], filters=filters)
    assert ids(found) == ids(looked_up) == ([GROUP] if expected else [])
    assert "filter_ignored" not in codes(found) + codes(looked_up)


def variants_of(answer: dict[str, Any], product: str) -> set[str]:
    return {
        it["id"] for one in answer["products"] if one["id"] == product for it in one["variants"]
    }


def test_variants_pass_the_filters_of_the_cursor(platform: Platform) -> None:
    asked: dict[str, Any] = {"query": "group mug", "filters": {"colors": ["red"]}}
    page: dict[str, Any] = {"limit": 1}
    for _ in range(30):
        answer = platform.answer("search", **asked, pagination=page)
        for product in answer["products"]:
            for variant in product["variants"]:
                assert variant["metadata"]["attributes"]["color"] == "red"
        if not answer["pagination"]["has_next_page"]:
            break
        # Other inputs beside a cursor are ignored.
        asked = {"query": "x", "filters": {"colors": ["blue"], "price": {"min": 2, "max": 1}}}
        page = {"cursor": answer["pagination"]["cursor"], "limit": 1}


def test_variants_pass_the_limits_in_the_querys_words(platform: Platform) -> None:
    whole = variants_of(platform.answer("search", query="group mug"), GROUP)
    assert whole == {"sample-0001", "sample-0002", "sample-0003"}
    amounts = {
        name: platform.http.get(f"/products/{name}").json()["price"] for name in sorted(whole)
    }
    low = sorted(amounts.values())[0]
    cheap = variants_of(platform.answer("search", query=f"group mug under {low + 0.01} EUR"), GROUP)
    assert cheap == {name for name, price in amounts.items() if price <= low + 0.01} < whole
    in_stock = variants_of(platform.answer("search", query="group mug in stock"), GROUP)
    assert in_stock == {"sample-0002", "sample-0003"}
    for words in ("not blue", "not blues", "without blues"):
        not_blue = variants_of(platform.answer("search", query=f"group mug {words}"), GROUP)
        assert not_blue == {"sample-0001", "sample-0002"}, words


def test_more_identifiers_than_the_most_are_refused(platform: Platform) -> None:
    platform.answer("lookup", ids=[f"x{number}" for number in range(MAX_IDS)])
    response = platform.ask("lookup", ids=[f"x{number}" for number in range(MAX_IDS + 1)])
    assert (response.status_code, response.json()["code"]) == (400, "request_too_large")


def test_a_product_offers_its_options_and_relaxes_an_impossible_choice(
    platform: Platform,
) -> None:
    product = platform.answer(
        "product",
        id=GROUP,
        selected=[{"name": "Color", "label": "Red"}, {"name": "Size", "label": "L"}],
        preferences=["Color", "Size"],
    )["product"]

    assert product["selected"] == [{"name": "color", "label": "red"}]
    # The variant in stock comes first.
    assert [one["id"] for one in product["variants"]] == ["sample-0002", "sample-0001"]
    by_name = {one["name"]: one["values"] for one in product["options"]}
    sizes = {one["label"]: (one["exists"], one["available"]) for one in by_name["size"]}
    assert sizes == {"S": (True, False), "M": (True, True), "L": (False, False)}


def test_the_id_of_a_variant_decides_the_choice(platform: Platform) -> None:
    chosen = [{"name": "color", "label": "red"}]
    product = platform.answer("product", id="sample-0003", selected=chosen)["product"]
    assert product["id"] == GROUP
    assert product["variants"][0]["id"] == "sample-0003"
    assert {"name": "color", "label": "blue"} in product["selected"]


def test_a_parent_among_the_products_stands_for_its_variants(platform: Platform) -> None:
    product = platform.answer("product", id=PARENT)["product"]
    assert product["id"] == PARENT
    assert {one["id"] for one in product["variants"]} <= set(CHILDREN)
    sizes = next(one["values"] for one in product["options"] if one["name"] == "size")
    assert {one["label"] for one in sizes} == {"09", "10"}

    found = platform.answer("search", query="child mug", pagination={"limit": 50})
    assert ids(found).count(PARENT) == 1


@pytest.mark.parametrize("identifier", ["nothing", "../health", "x" * 500, WITHOUT_PRICE])
def test_an_unknown_product_is_an_outcome_and_no_failure(
    platform: Platform, identifier: str
) -> None:
    answer = platform.answer("product", "error", id=identifier)
    (message,) = answer["messages"]
    assert (message["code"], message["severity"]) == ("not_found", "unrecoverable")


def test_a_picture_finds_its_product_and_gets_an_id_for_later(platform: Platform) -> None:
    image = base64.b64encode(MUG.read_bytes()).decode()
    answer = platform.answer("search", image=image, pagination={"limit": 3})
    assert ids(answer)[0] == "sample-0017"

    again = platform.answer(
        "search", references=[{"picture_id": answer["picture_id"]}], pagination={"limit": 3}
    )
    assert ids(again) == ids(answer)


def test_references_and_weights_change_what_is_found(platform: Platform) -> None:
    liked = platform.answer("search", references=[{"id": "sample-0017"}])
    other = platform.answer(
        "search",
        references=[{"id": "sample-0017"}, {"text": "striped", "weight": -1.0}],
        weights={"text": 1.0, "image": 0.0},
    )
    assert liked["products"]
    assert ids(liked) != ids(other)
    assert "sample-0017" not in ids(liked)


@pytest.mark.parametrize("image", ["%%%", base64.b64encode(b"GIF89a...").decode(), "aGk="])
def test_what_is_no_picture_is_an_outcome_that_can_be_corrected(
    platform: Platform, image: str
) -> None:
    answer = platform.answer("search", "error", image=image)
    (message,) = answer["messages"]
    assert (message["code"], message["severity"]) == ("unreadable_image", "recoverable")


def test_text_of_the_catalogue_is_plain_and_visible(platform: Platform) -> None:
    response = platform.ask("product", id=HOSTILE)
    variant = response.json()["product"]["variants"][0]
    assert variant["title"] == "Evil mug"
    assert "url" not in variant
    for hidden in ("<", "steal", "evil.example", "\u200b", "\u202e", "javascript"):
        assert hidden not in response.text
