"""Requests and answers as they look on the sample catalogue, for the API's documentation."""

from __future__ import annotations

from typing import Any

from fastapi.openapi.models import Example

from services.contracts.gateway import PictureOptions
from services.gateway.routes.image_form import IMAGE_FIELD

PRODUCT: dict[str, Any] = {
    "product_id": "sample-0001",
    "title": "Red striped mug",
    "description": "A stoneware mug with red stripes, for coffee or tea.",
    "brand": "Lumo",
    "category": "Kitchen > Mugs",
    "price": 12.9,
    "currency": "EUR",
    "image_url": f"/images/3f/3f{'a9c1' * 15}e2.webp",
    "product_url": "https://example.com/p/sample-0001",
    "attributes": {"color": "red", "pattern": "striped"},
}

_ANSWER: dict[str, Any] = {
    "corrected_query": None,
    "understood": [],
    "results": [{**PRODUCT, "score": 0.8231, "strength": "strong"}],
    "confidence": 0.93,
    "degraded": [],
    "model": "mini-clip@1f2e3d4c5b6a",
    "catalogue_version": "9c4f2b7a10de",
    "took_ms": 6.41,
    "request_id": "5f0c1e7a9b3d4c2e8a6f7b1d2c3e4f50",
}

TEXT_ANSWER: dict[str, Any] = {
    "original_query": "red striped mug",
    "rewritten_query": "red striped mug",
    "rewrite_source": "passthrough",
    **_ANSWER,
}

IMAGE_ANSWER: dict[str, Any] = {
    "original_query": None,
    "rewritten_query": None,
    "rewrite_source": None,
    **_ANSWER,
}

TEXT_QUERIES: dict[str, Example] = {
    "keywords": Example(
        summary="Plain keywords, with a threshold",
        value={"query": "red striped mug", "k": 20, "threshold": 0.35},
    ),
    "sentence": Example(
        summary="A sentence, for the rewriter to shorten",
        value={"query": "something warm to put my coffee in, red with stripes", "k": 5},
    ),
    "look": Example(
        summary="The query as it is, judged by the products' pictures alone",
        value={
            "query": "a warm hat for winter",
            "k": 5,
            "rewrite": False,
            "weights": {"text": 0, "image": 1},
        },
    ),
}


SEARCH_ANSWER: dict[str, Any] = {
    **TEXT_ANSWER,
    "kept_category": None,
    "found": 1,
    "facets": {"fields": {"color": [{"value": "red", "count": 1}]}, "price": None},
    "cursor": None,
    "explanation": None,
}

CHANGE: dict[str, Any] = {
    "product_id": "sample-0001",
    "catalogue_version": "5f0c1e7a9b3d",
    "sequence": 7,
    "change": "63d8a2f1b5c40-5f0c1e7a9b3d-7",
    "status": "stored",
    "detail": None,
}

PICTURE_ANSWER: dict[str, Any] = {
    "picture_id": "UDHbqnPCeNpjYGBgYAACAA",
    "expires_at": "2026-12-01T12:00:00Z",
    "model": "mini-clip@1f2e3d4c5b6a",
    "request_id": "5f0c1e7a9b3d4c2e8a6f7b1d2c3e4f50",
}

SUGGESTIONS: dict[str, Any] = {
    "suggestions": [
        {"text": "Red striped mug", "kind": "title", "products": 12},
        {"text": "Red striped scarf", "kind": "title", "products": 7},
    ],
    "products": [
        {key: PRODUCT[key] for key in ("product_id", "title", "image_url")},
    ],
}

SEARCHES: dict[str, Example] = {
    "facets": Example(
        summary="Words, with the facets of what is found",
        value={"query": "red striped mug", "facets": ["category", "color", "price"]},
    ),
    "composed": Example(
        summary="Like this product, but blue and not striped; cheapest first",
        value={
            "terms": [
                {"product_id": "sample-0001"},
                {"text": "blue"},
                {"text": "striped", "weight": -0.5},
            ],
            "filters": {"price": {"max": 40}},
            "sort": "price_asc",
            "k": 5,
        },
    ),
}


def answered(description: str, example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for the good answer."""
    return {
        200: {"description": description, "content": {"application/json": {"example": example}}}
    }


def found(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """`answered` for a search: with the way on from its best product to all that is known of it."""
    responses = answered("The best products.", example)
    responses[200]["links"] = {
        "BestProduct": {
            "operationId": "get_product",
            "parameters": {"product_id": "$response.body#/results/0/product_id"},
        }
    }
    return responses


def changed(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """`answered` for a change: with the way on to the product as the change left it."""
    responses = answered("The change, written.", example)
    responses[200]["links"] = {
        "ChangedProduct": {
            "operationId": "get_product",
            "parameters": {
                "path.product_id": "$request.path.product_id",
                "query.change": "$response.body#/change",
            },
        }
    }
    return responses


def image_form_schema(kind: type[PictureOptions]) -> dict[str, Any]:
    """OpenAPI of the form and of the query parameters, which FastAPI cannot see by itself."""
    options = kind.model_json_schema(by_alias=False)["properties"]
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": [IMAGE_FIELD],
                        "additionalProperties": False,
                        "properties": {
                            IMAGE_FIELD: {
                                "type": "string",
                                "format": "binary",
                                "description": "The picture: JPEG, PNG, WebP or AVIF.",
                            },
                            **{name: _given(schema) for name, schema in options.items()},
                        },
                    },
                    "encoding": {
                        IMAGE_FIELD: {
                            "contentType": "image/jpeg, image/png, image/webp, image/avif"
                        }
                    },
                }
            },
        },
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": "The form field of this name wins.",
                "schema": _given(schema),
            }
            for name, schema in options.items()
        ],
    }


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value where it is given: a form cannot hold null."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind["type"] != "null"]
    given = {"description": schema.get("description", ""), **kinds[0]}
    # It points at where Pydantic keeps its models; the description shows one.
    given.pop("contentSchema", None)
    return given
