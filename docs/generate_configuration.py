"""`python -m docs.generate_configuration` writes `configuration.md` from the settings classes.

Here and not in a service, since no service may import another.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from services.encoder.settings import EncoderSettings
from services.gateway.settings import GatewaySettings
from services.launcher.settings import LauncherSettings
from services.pipeline.feeds import FeedSettings
from services.pipeline.settings import PipelineSettings
from services.pipeline.tfx.settings import TfxSettings
from services.pipeline.tracking.data_sharing import DataSettings
from services.retriever.settings import RetrieverSettings
from services.rewriter.settings import RewriterSettings
from services.writer.settings import WriterSettings

PAGE = Path(__file__).with_name("configuration.md")

SETTINGS: dict[str, type[BaseSettings]] = {
    "launcher (`make run`)": LauncherSettings,
    "gateway": GatewaySettings,
    "encoder": EncoderSettings,
    "rewriter": RewriterSettings,
    "retriever": RetrieverSettings,
    "pipeline": PipelineSettings,
    "product feeds": FeedSettings,
    "writer": WriterSettings,
    "data versions (`make data-pull`, `make data-push`)": DataSettings,
    "TFX (`make tfx`)": TfxSettings,
}

_HEAD = """\
# Configuration

Made by `make configuration` from the settings classes; do not edit. Everything is
read from the environment, once, at start. An empty variable counts as unset; a value out of bounds
stops the start and is named.
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(name, kind) for name, kind in SETTINGS.items())


def _section(name: str, kind: type[BaseSettings]) -> str:
    prefix = kind.model_config.get("env_prefix", "")
    rows = "".join(
        f"| `{_variable(prefix, field, info)}` | {_default(info)} | {info.description} |\n"
        for field, info in kind.model_fields.items()
    )
    return f"\n## {name}\n\n| variable | default | what it is |\n| --- | --- | --- |\n{rows}"


def _variable(prefix: str, field: str, info: FieldInfo) -> str:
    """The variable's name: the prefix and the field, unless it has one for all services."""
    if isinstance(info.validation_alias, str):
        return info.validation_alias
    return f"{prefix}{field}".upper()


def _default(info: FieldInfo) -> str:
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    if value in (None, (), "") or isinstance(value, SecretStr):
        return "none"
    shown = value.model_dump_json() if hasattr(value, "model_dump_json") else str(value)
    return f"`{shown}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
