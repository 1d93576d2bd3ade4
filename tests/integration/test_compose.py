"""compose.yaml and the services' settings agree, and what must be up waits for what it needs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml  # type: ignore[import-untyped]
from pydantic_settings import BaseSettings

from services.common.settings import ServiceSettings
from services.encoder.settings import EncoderSettings
from services.gateway.settings import GatewaySettings
from services.pipeline.feeds.settings import FeedSettings
from services.pipeline.settings import PipelineSettings
from services.pipeline.tfx.settings import TfxSettings
from services.retriever.settings import RetrieverSettings
from services.rewriter.settings import RewriterSettings
from services.writer.settings import WriterSettings

ROOT = Path(__file__).resolve().parents[2]
SERVING: dict[str, type[ServiceSettings]] = {
    "encoder": EncoderSettings,
    "gateway": GatewaySettings,
    "retriever": RetrieverSettings,
    "rewriter": RewriterSettings,
}
OURS: dict[str, tuple[type[BaseSettings], ...]] = {
    **{name: (settings,) for name, settings in SERVING.items()},
    "pipeline": (PipelineSettings, FeedSettings),
}
NOT_SETTINGS = {
    "HEALTH_URL",
    "FEAST_USAGE",
    "REDIS_ADDRESS",
    "FEAST_REGISTRY",
    "FEAST_REGISTRY_TYPE",
    "HF_TOKEN",  # read by `huggingface_hub`
}
"""Variables of the image itself and of Feast."""
WAITS_FOR = {
    "redis": {},
    "encoder": {},
    "rewriter": {},
    "pipeline": {"redis": "service_healthy", "encoder": "service_healthy"},
    "retriever": {
        "redis": "service_healthy",
        "pipeline": "service_completed_successfully",
        "milvus": "service_healthy",
    },
    "writer": {
        "redis": "service_healthy",
        "encoder": "service_healthy",
        "pipeline": "service_completed_successfully",
    },
    "gateway": dict.fromkeys(("encoder", "rewriter", "retriever"), "service_healthy"),
    "web": {"gateway": "service_healthy"},
    "prometheus": {},
    "grafana": {"prometheus": "service_healthy"},
    "mlflow": {},
    "tfx": dict.fromkeys(("redis", "encoder", "mlflow"), "service_healthy"),
    "milvus": {},
}
PROFILES = {
    "prometheus": ["observability"],
    "grafana": ["observability"],
    "mlflow": ["mlops"],
    "tfx": ["mlops"],
    "milvus": ["scale"],
}
ENDS_BY_ITSELF = {"pipeline", "tfx"}
AS_ITS_MAKERS_RUN_IT = {"milvus"}
"""Its image writes where it likes, and is not ours to change."""


def _compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return parsed


def _service(name: str) -> dict[str, Any]:
    service: dict[str, Any] = _compose()["services"][name]
    return service


def _image_environment(service: str) -> dict[str, str]:
    """Variables set in the service's own stage of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    stage = text.split(f"AS service-{service}\n", 1)[1].split("\nFROM ", 1)[0]
    lines = re.findall(r"^ENV (.+)$", stage, re.MULTILINE)
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


def _names(settings: type[BaseSettings]) -> set[str]:
    """The environment variables that a settings class reads."""
    prefix = settings.model_config.get("env_prefix", "")
    names = {f"{prefix}{field}".upper() for field in settings.model_fields}
    for field in settings.model_fields.values():
        choices = getattr(field.validation_alias, "choices", [])
        names.update(choice.upper() for choice in choices if isinstance(choice, str))
    return names


def test_each_service_waits_until_what_it_needs_can_answer() -> None:
    waits = {
        name: {other: wait["condition"] for other, wait in service.get("depends_on", {}).items()}
        for name, service in _compose()["services"].items()
    }
    assert waits == WAITS_FOR


@pytest.mark.parametrize("name", sorted(WAITS_FOR))
def test_everything_that_stays_up_has_a_health_check(name: str) -> None:
    check = _service(name)["healthcheck"]
    assert check.get("disable", False) if name in ENDS_BY_ITSELF else check["test"]


@pytest.mark.parametrize("name", sorted(set(WAITS_FOR) - AS_ITS_MAKERS_RUN_IT))
def test_nothing_writes_but_to_volumes_and_tmp_or_gains_rights(name: str) -> None:
    service = _service(name)
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]  # noqa: S108 - Feast and nginx write there
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_name_that_is_set_is_a_setting_of_that_service(name: str) -> None:
    given = {*_service(name).get("environment", {}), *_image_environment(name)}
    assert given - NOT_SETTINGS <= set().union(*map(_names, OURS[name]))


@pytest.mark.parametrize("name", sorted(SERVING))
def test_a_service_is_asked_for_its_health_where_it_listens(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in _image_environment(name).items():
        monkeypatch.setenv(variable, value)
    settings = SERVING[name]()
    own = f"http://127.0.0.1:{settings.port}"
    assert settings.host == "0.0.0.0"  # noqa: S104 - the network is the containers' own
    assert _image_environment(name)["HEALTH_URL"] == f"{own}/health"
    assert _service(name)["environment"]["HEALTH_URL"] == f"{own}/ready"


def test_the_writer_is_the_pipelines_image_and_is_given_settings_that_it_has() -> None:
    writer = _service("writer")
    assert writer["image"] == _service("pipeline")["image"]
    given = set(writer["environment"]) - NOT_SETTINGS
    assert given <= _names(WriterSettings) | _names(PipelineSettings)
    port = WriterSettings.model_fields["port"].default
    assert writer["environment"]["HEALTH_URL"] == f"http://127.0.0.1:{port}/ready"


@pytest.mark.parametrize("name", ["gateway", "pipeline"])
def test_neighbours_are_called_by_their_name_at_their_port(name: str) -> None:
    urls = {
        variable: value
        for variable, value in _service(name)["environment"].items()
        if variable.endswith(("_ENCODER_URL", "_REWRITER_URL", "_RETRIEVER_URL", "_WRITER_URL"))
    }
    assert urls
    for variable, url in urls.items():
        neighbour = variable.removeprefix(f"{name.upper()}_").removesuffix("_URL").lower()
        listening: dict[str, type[ServiceSettings]] = {**SERVING, "writer": WriterSettings}
        port = listening[neighbour].model_fields["port"].default
        assert urlsplit(url).netloc == f"{neighbour}:{port}"


def test_only_the_way_in_has_ports_so_that_all_behind_it_scale() -> None:
    services = _compose()["services"].items()
    published = {name for name, service in services if "ports" in service}
    assert published - set(PROFILES) == {"web"}


def test_what_is_not_for_shoppers_comes_only_when_asked_for_and_on_loopback_alone() -> None:
    services = _compose()["services"]
    asked_for = {name: one["profiles"] for name, one in services.items() if "profiles" in one}
    assert asked_for == PROFILES
    ports = [port for name in PROFILES for port in services[name].get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_retriever_starts_without_a_milvus_that_was_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _service("retriever")["depends_on"]["milvus"]["required"] is False
    monkeypatch.setenv("RETRIEVER_MILVUS_URI", "")
    assert RetrieverSettings().milvus_uri is None


def test_the_tfx_pipeline_is_given_settings_that_it_has_and_runs_only_when_told_to() -> None:
    service = _service("tfx")
    known = _names(PipelineSettings) | _names(TfxSettings)
    assert set(service["environment"]) - NOT_SETTINGS <= known
    assert service["deploy"] == {"replicas": 0}


def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "")
    assert RewriterSettings().gemini_api_key is None


def test_the_example_names_every_variable_with_the_default_it_has() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    used = dict(re.findall(r"\$\{([A-Z0-9_]+):-([^}]*)\}", text))
    assert set(re.findall(r"\$\{([A-Z0-9_]+):\+", text)) <= set(used)
    example = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = dict(line.split("=", 1) for line in example if line and not line.startswith("#"))
    assert shown == used


@pytest.mark.parametrize("profiles", [(), ("observability",), ("mlops",), ("scale",)])
def test_docker_compose_accepts_it_without_any_env_file(
    tmp_path: Path, profiles: tuple[str, ...]
) -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("there is no docker client here to read compose.yaml")
    if subprocess.run([docker, "compose", "version"], capture_output=True).returncode != 0:
        pytest.skip("the docker client here has no compose plugin")
    no_env = tmp_path / "none.env"
    no_env.touch()
    done = subprocess.run(
        [
            *(docker, "compose", "--env-file", str(no_env)),
            *(word for name in profiles for word in ("--profile", name)),
            *("-f", str(ROOT / "compose.yaml"), "config", "--format", "json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    asked_for = {name for name, of in PROFILES.items() if set(of) & set(profiles)}
    assert set(json.loads(done.stdout)["services"]) == set(WAITS_FOR) - set(PROFILES) | asked_for
