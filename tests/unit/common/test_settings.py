"""Settings that cannot be used are named, one a line, when a service starts."""

from __future__ import annotations

import pytest
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.settings import EXIT_UNUSABLE, ServiceSettings, read_settings
from services.encoder.settings import EncoderSettings
from services.gateway.settings import GatewaySettings
from services.launcher.settings import LauncherSettings
from services.pipeline.feeds.settings import FeedSettings
from services.pipeline.settings import PipelineSettings
from services.pipeline.tfx.settings import TfxSettings
from services.retriever.settings import RetrieverSettings
from services.rewriter.settings import RewriterSettings
from services.writer.settings import WriterSettings


class ShopSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")

    size: int = Field(default=1, ge=1)
    key: SecretStr = Field(default=SecretStr(""), max_length=3)
    colors: list[str] = Field(default_factory=list)


def test_settings_that_can_be_used_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SIZE", "7")
    assert read_settings(ShopSettings).size == 7


@pytest.mark.parametrize(
    "kind",
    [
        EncoderSettings,
        FeedSettings,
        GatewaySettings,
        PipelineSettings,
        RetrieverSettings,
        RewriterSettings,
        LauncherSettings,
        TfxSettings,
        WriterSettings,
    ],
)
def test_an_empty_variable_is_an_unset_one(
    kind: type[BaseSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = {}
    for name, field in kind.model_fields.items():
        defaults[name] = field.get_default(call_default_factory=True)
        alias = field.validation_alias or f"{kind.model_config['env_prefix']}{name}".upper()
        for variable in alias.choices if isinstance(alias, AliasChoices) else [alias]:
            monkeypatch.setenv(str(variable), "")
    assert dict(read_settings(kind)) == defaults


def test_each_setting_that_cannot_be_used_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_SIZE", "many")
    monkeypatch.setenv("SHOP_KEY", "swordfish")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere")
    with pytest.raises(SystemExit) as ended:
        read_settings(ShopSettings)
    assert ended.value.code == EXIT_UNUSABLE
    lines = capsys.readouterr().err.splitlines()
    for name in ("SHOP_SIZE", "SHOP_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        assert sum(f"the setting {name} can't be used" in line for line in lines) == 1
    assert len(lines) == 3
    assert not any("many" in line or "swordfish" in line for line in lines)


def test_a_list_that_is_no_json_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_COLORS", "swordfish")
    with pytest.raises(SystemExit) as ended:
        read_settings(ShopSettings)
    assert ended.value.code == EXIT_UNUSABLE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: the settings can't be used: ")
    assert '"colors"' in line
    assert "swordfish" not in line
