"""Rules of UCP for answers about a catalogue, rebuilt from its published schemas of 2026-08-25.

They are JSON Schemas of our own, and the rules of the prose. `wrong` lists the faults of an answer;
the models of `ucp-sdk` check the same answers again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ucp_sdk.models.schemas.common.types.error_response import ErrorResponse
from ucp_sdk.models.schemas.profile import BusinessSchema
from ucp_sdk.models.schemas.shopping.catalog_lookup import GetProductResponse, LookupResponse
from ucp_sdk.models.schemas.shopping.catalog_search import SearchResponse

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FILLED: Schema = {"type": "string", "minLength": 1}
WEB: Schema = {"type": "string", "format": "uri", "pattern": "^https?://"}
DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
DOMAIN_NAME = r"^[a-z](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9_])?)+$"


def listed(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


def having(required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def registry(entity: Schema) -> Schema:
    return {
        "type": "object",
        "propertyNames": {"pattern": DOMAIN_NAME},
        "additionalProperties": listed(entity, 1),
    }


def envelope(status: Schema | None = None) -> Schema:
    capabilities = registry(having("version", version=DATE))
    required = "version" if status is None else "version status"
    states = status or {"enum": ["success", "error"]}
    return having(required, version=DATE, status=states, capabilities=capabilities)


PRICE = having(
    "amount currency",
    amount={"type": "integer", "minimum": 0, "maximum": 2**53 - 1},
    currency={"type": "string", "pattern": "^[A-Z]{3}$"},
)
RANGE = having("min max", min=PRICE, max=PRICE)
DESCRIPTION: Schema = {
    "type": "object",
    "minProperties": 1,
    "properties": {"plain": TEXT, "html": TEXT, "markdown": TEXT},
}
CATEGORIES = listed(having("value", value=FILLED, taxonomy=TEXT))
MEDIA = listed(having("type url", type=FILLED, url=WEB, alt_text=TEXT))
SELECTED = having("name label", name=FILLED, label=FILLED)
OPTIONS = listed(
    having(
        "name values",
        name=FILLED,
        values=listed(
            having(
                "label", label=FILLED, available={"type": "boolean"}, exists={"type": "boolean"}
            ),
            1,
        ),
    )
)
INPUTS = listed(having("id", id=FILLED, match={"enum": ["exact", "featured"]}), 1)


def variant(*, inputs: bool) -> Schema:
    return having(
        "id title description price" + (" inputs" if inputs else ""),
        id=FILLED,
        sku=TEXT,
        barcodes=listed(having("type value", type=FILLED, value=FILLED)),
        title=FILLED,
        description=DESCRIPTION,
        url=WEB,
        categories=CATEGORIES,
        price=PRICE,
        list_price=PRICE,
        availability=having("", available={"type": "boolean"}, status=TEXT),
        options=listed(SELECTED),
        media=MEDIA,
        metadata={"type": "object"},
        inputs=INPUTS,
    )


def product(*, inputs: bool = False) -> Schema:
    return having(
        "id title description price_range variants",
        id=FILLED,
        title=FILLED,
        description=DESCRIPTION,
        url=WEB,
        categories=CATEGORIES,
        price_range=RANGE,
        list_price_range=RANGE,
        media=MEDIA,
        options=OPTIONS,
        selected=listed(SELECTED),
        variants=listed(variant(inputs=inputs), 1),
        metadata={"type": "object"},
    )


def message(kind: str, required: str, **more: Schema) -> Schema:
    return having(f"type {required}", type={"const": kind}, code=FILLED, content=FILLED, **more)


SEVERITY: Schema = {
    "enum": ["recoverable", "requires_buyer_input", "requires_buyer_review", "unrecoverable"]
}
MESSAGES = listed(
    {
        "oneOf": [
            message("error", "code content severity", severity=SEVERITY),
            message("warning", "code content"),
            message("info", "content"),
        ]
    }
)
PAGINATION: Schema = {
    **having(
        "has_next_page",
        cursor=FILLED,
        has_next_page={"type": "boolean"},
        total_count={"type": "integer", "minimum": 0},
    ),
    "if": {"properties": {"has_next_page": {"const": True}}},
    "then": {"required": ["cursor"]},
}
SERVICE = having(
    "version transport endpoint",
    version=DATE,
    spec=WEB,
    schema=WEB,
    transport={"enum": ["rest", "mcp", "a2a", "embedded"]},
    endpoint={**WEB, "not": {"pattern": "/$"}},
)
CAPABILITY = having("version schema", version=DATE, spec=WEB, schema=WEB, extends=TEXT)

SCHEMAS: dict[str, Schema] = {
    "profile": having(
        "ucp",
        ucp=having(
            "version services payment_handlers",
            version=DATE,
            services=registry(SERVICE),
            capabilities=registry(CAPABILITY),
            payment_handlers={"type": "object"},
        ),
    ),
    "search": having(
        "ucp products",
        ucp=envelope(),
        products=listed(product()),
        pagination=PAGINATION,
        messages=MESSAGES,
    ),
    "lookup": having(
        "ucp products", ucp=envelope(), products=listed(product(inputs=True)), messages=MESSAGES
    ),
    "product": having("ucp product", ucp=envelope(), product=product(), messages=MESSAGES),
    "error": {
        **having("ucp messages", ucp=envelope({"const": "error"}), messages=MESSAGES),
        "additionalProperties": False,
    },
}
_MODELS: dict[str, Callable[[Any], object]] = {
    "profile": BusinessSchema.model_validate,
    "search": SearchResponse.model_validate,
    "lookup": LookupResponse.model_validate,
    "product": GetProductResponse.model_validate,
    "error": ErrorResponse.model_validate,
}


def wrong(kind: str, answer: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """Faults of an answer, by the schemas and by the prose."""
    # Its import takes two seconds, in each process that collects the tests.
    from jsonschema import Draft202012Validator, FormatChecker

    validator = Draft202012Validator(SCHEMAS[kind], format_checker=FormatChecker())
    found = [f"{one.json_path}: {one.message}" for one in validator.iter_errors(answer)]
    products = answer.get("products") or [one for one in [answer.get("product")] if one]
    ids = [one["id"] for one in products]
    if len(ids) != len(set(ids)):
        found.append("a product is there twice")
    for one in products:
        found += _wrong_of_product(one)
    if kind == "lookup" and any(len(one["variants"]) < 1 for one in products):
        found.append("a lookup returns a featured variant of each product")
    return found


def _wrong_of_product(one: dict[str, Any]) -> list[str]:
    found = []
    low, high = one["price_range"]["min"], one["price_range"]["max"]
    for it in one["variants"]:
        price = it["price"]
        inside = low["amount"] <= price["amount"] <= high["amount"]
        if price["currency"] == low["currency"] and not inside:
            found.append(f"{it['id']}: its price is outside of the range")
        names = [option["name"] for option in it.get("options", [])]
        if len(names) != len(set(names)):
            found.append(f"{it['id']}: an option is there twice")
    offered = {
        (option["name"], value["label"])
        for option in one.get("options", [])
        for value in option["values"]
    }
    of_variants = [option for it in one["variants"] for option in it.get("options", [])]
    chosen = [*one.get("selected", []), *of_variants]
    found += [
        f"{one['id']}: {option} is no option"
        for option in chosen
        if (option["name"], option["label"]) not in offered
    ]
    return found


def assert_follows_ucp(kind: str, answer: Any) -> None:  # noqa: ANN401 - any JSON
    """The answer keeps all the rules, and `ucp-sdk` reads it."""
    assert wrong(kind, answer) == []
    _MODELS[kind](answer)
