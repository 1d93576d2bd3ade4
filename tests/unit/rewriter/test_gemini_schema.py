"""The stand-in for Gemini refuses what Google's published schema refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.gemini_schema import misfit
from tests.support.gemini_server import gemini_server, written

CONTENTS: list[dict[str, Any]] = [{"parts": [{"text": '{"query": "mug"}'}], "role": "user"}]
OBJECT = {"type": "OBJECT", "properties": {"description": {"type": "STRING"}}}
AS_JSON = {"responseMimeType": "application/json", "responseSchema": OBJECT}


async def _post(path: str, body: object, key: str = "a-key") -> httpx.Response:
    async with gemini_server(lambda _: written("mug")) as gemini, httpx.AsyncClient() as http:
        return await http.post(f"{gemini.url}{path}", json=body, headers={"x-goog-api-key": key})


async def _generate(version: str, **body: object) -> httpx.Response:
    path = f"/{version}/models/gemini-x:generateContent"
    return await _post(path, {"contents": CONTENTS, **body})


@pytest.mark.parametrize(
    ("version", "body"),
    [
        ("v1", {}),
        ("v1", {"generationConfig": {"temperature": 0, "maxOutputTokens": 5}}),
        ("v1beta", {"systemInstruction": {"parts": [{"text": "Describe."}]}}),
        ("v1beta", {"system_instruction": {"parts": [{"text": "Describe."}]}}),
        ("v1beta", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}),
        ("v1beta", {"generationConfig": AS_JSON}),
    ],
)
async def test_fields_of_the_version_are_taken(version: str, body: dict[str, object]) -> None:
    response = await _generate(version, **body)
    assert response.status_code == 200, response.text
    assert response.json()["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize(
    ("version", "body", "unknown"),
    [
        ("v1", {"systemInstruction": {}}, '"systemInstruction"'),
        ("v1", {"tools": []}, '"tools"'),
        (
            "v1",
            {"generationConfig": {"responseMimeType": "application/json"}},
            "\"responseMimeType\" at 'generation_config'",
        ),
        ("v1", {"generationConfig": {"thinkingConfig": {}}}, '"thinkingConfig"'),
        (
            "v1beta",
            {"generationConfig": {"thinkingConfig": {"thinkingLevel": "MINIMAL"}}},
            "\"thinkingLevel\" at 'generation_config.thinking_config'",
        ),
        (
            "v1beta",
            {"contents": [{"parts": [{"text": "a"}, {"txt": "b"}]}]},
            "\"txt\" at 'contents[0].parts[1]'",
        ),
        ("v1beta", {"made_up": 1}, '"made_up"'),
    ],
)
async def test_an_unknown_field_is_refused_in_googles_words(
    version: str, body: dict[str, object], unknown: str
) -> None:
    response = await _generate(version, **body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    said = error["message"]
    assert said.startswith(f"Invalid JSON payload received. Unknown name {unknown}")
    assert said.endswith(": Cannot find field.")
    assert error["details"][0]["fieldViolations"][0]["description"] == said


@pytest.mark.parametrize(
    "body",
    [
        {"generationConfig": {"temperature": "warm"}},
        {"generationConfig": {"responseSchema": {"type": "OBJEKT"}}},
        {"generationConfig": {"responseSchema": OBJECT}},
        {"contents": "mug"},
        {"contents": []},
    ],
)
async def test_a_wrong_value_is_refused(body: dict[str, object]) -> None:
    assert (await _generate("v1beta", **body)).status_code == 400


async def test_a_request_without_a_key_or_to_another_address_is_refused() -> None:
    path = "/v1beta/models/gemini-x:generateContent"
    assert (await _post(path, {"contents": CONTENTS}, key="")).status_code == 403
    assert (await _post("/v9/models/gemini-x:generateContent", {})).status_code == 404
    assert (await _post("/v1beta/models/gemini-x:explain", {})).status_code == 404


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        ({"type": "OBJECT"}, "response_schema.properties"),
        ({"properties": {"a": {"type": "STRING"}}}, "response_schema.type"),
        ({"type": "OBJECT", "properties": {"a": {"type": "ARRAY"}}}, "properties[a].items"),
        ({**OBJECT, "required": ["title"]}, "response_schema.required"),
        ({**OBJECT, "propertyOrdering": ["title"]}, "response_schema.required"),
        (
            {"type": "OBJECT", "properties": {"a": {"type": "NUMBER", "enum": ["1"]}}},
            "properties[a].enum",
        ),
        ({**OBJECT, "additionalProperties": False}, '"additionalProperties"'),
        ({**OBJECT, "$ref": "#/$defs/A"}, '"$ref"'),
    ],
)
async def test_a_schema_that_gemini_does_not_take_is_refused(
    schema: dict[str, object], where: str
) -> None:
    config = {"responseMimeType": "application/json", "responseSchema": schema}
    response = await _generate("v1beta", generationConfig=config)
    assert response.status_code == 400
    assert where in response.json()["error"]["message"]


LIMIT = {
    "type": "OBJECT",
    "properties": {"kind": {"type": "STRING", "enum": ["a"]}, "max": {"type": "NUMBER"}},
    "required": ["kind"],
}
ANSWER = {
    "type": "OBJECT",
    "properties": {
        "limits": {"type": "ARRAY", "items": LIMIT, "maxItems": 1},
        "text": {"type": "STRING", "nullable": True},
    },
}


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"limits": [{"kind": "a", "max": 1}], "text": None}, None),
        ({}, None),
        ({"limits": None}, "answer.limits is null"),
        ({"limits": [{"kind": "b"}]}, "answer.limits[0].kind is none of the enum"),
        ({"limits": [{"kind": "a", "max": "1"}]}, "answer.limits[0].max is no NUMBER"),
        ({"limits": [{"kind": "a", "max": True}]}, "answer.limits[0].max is no NUMBER"),
        ({"limits": [{"max": 1}]}, "answer.limits[0] lacks kind"),
        ({"limits": [{"kind": "a"}, {"kind": "a"}]}, "answer.limits is too long"),
        ({"title": "x"}, "answer has an unknown title"),
        ([], "answer is no OBJECT"),
    ],
)
def test_the_decoder_is_bound_to_the_schema(answer: object, wrong: str | None) -> None:
    assert misfit(ANSWER, answer) == wrong
