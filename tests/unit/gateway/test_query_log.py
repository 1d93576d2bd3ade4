"""Contents of the query log, and the settings that it needs."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from services.contracts.query_log import keyed_hash, packed, unpacked
from services.gateway.settings import GatewaySettings

KEY = "0123456789abcdef0123456789abcdef"
REDIS = "redis://127.0.0.1:1/0"


def test_queries_that_differ_in_case_spacing_or_form_of_a_letter_count_as_one() -> None:
    key = KEY.encode()
    same = ["Café Mug", "  café   mug ", "CAFE\u0301 MUG", "ｃａｆé mug"]
    assert len({keyed_hash(words, key) for words in same}) == 1
    assert keyed_hash("cafe mug", key) != keyed_hash("café mug", key)


def test_a_hash_says_nothing_to_whoever_has_another_key() -> None:
    assert keyed_hash("mug", KEY.encode()) != keyed_hash("mug", KEY[::-1].encode())


def test_a_vector_comes_back_as_it_was_packed() -> None:
    assert unpacked(packed([0.5, -1.0, 0.0])) == [0.5, -1.0, 0.0]
    with pytest.raises(ValueError, match="half a number"):
        unpacked("AAAA")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"query_log": "hashed", "query_log_key": KEY}, "needs GATEWAY_REDIS_URL"),
        ({"query_log": "hashed", "redis_url": REDIS}, "needs GATEWAY_QUERY_LOG_KEY"),
        ({"query_log": "hashed", "redis_url": REDIS, "query_log_key": "tiny-key"}, "at least 32"),
        ({"query_log": "plain"}, "needs GATEWAY_REDIS_URL"),
    ],
)
def test_a_log_that_cannot_be_written_stops_the_start(values: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        GatewaySettings.model_validate(values)
    assert "tiny-key" not in str(refused.value)


def test_it_is_off_unless_it_is_turned_on_and_its_key_is_never_shown() -> None:
    assert GatewaySettings().query_log == "off"
    settings = GatewaySettings(query_log_key=SecretStr(KEY))
    assert KEY not in repr(settings)
