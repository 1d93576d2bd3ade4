"""The cluster's manifests are valid, and agree with the services that they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from pydantic_settings import BaseSettings

from deploy.operations.manifests import BASE, faults, manifests
from services.encoder.settings import EncoderSettings
from services.gateway.settings import GatewaySettings
from services.pipeline.settings import PipelineSettings
from services.retriever.settings import RetrieverSettings
from services.rewriter.settings import RewriterSettings
from services.writer.settings import WriterSettings

OBJECTS = [document for _, document in manifests()]
SETTINGS: dict[str, tuple[type[BaseSettings], ...]] = {
    "encoder": (EncoderSettings,),
    "rewriter": (RewriterSettings,),
    "retriever": (RetrieverSettings,),
    "writer": (WriterSettings, PipelineSettings),
    "gateway": (GatewaySettings,),
    "load": (PipelineSettings,),
}
FEASTS = {"REDIS_ADDRESS", "FEAST_REGISTRY"}
SCALED = {"encoder", "retriever", "gateway"}


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """Each workload's pod, by its name."""
    deployments = {name: one["spec"]["template"]["spec"] for name, one in of("Deployment").items()}
    jobs = {
        name: one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for name, one in of("CronJob").items()
    }
    return {**deployments, **jobs}


def names(settings: type[BaseSettings]) -> set[str]:
    found = {
        f"{settings.model_config.get('env_prefix', '')}{field}".upper()
        for field in settings.model_fields
    }
    for field in settings.model_fields.values():
        choices = getattr(field.validation_alias, "choices", [])
        found.update(choice.upper() for choice in choices if isinstance(choice, str))
    return found


def test_kubernetes_would_take_all_of_it() -> None:
    assert faults() == []


def test_what_kubernetes_would_not_take_is_named(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]")
    (tmp_path / "a.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: many}]}\n"
    )
    assert "a.yaml: Service spec.ports.0.port" in faults(tmp_path)[0]


def test_the_kustomization_names_every_manifest() -> None:
    named = set(yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"])
    others = {"kustomization.yaml", "feature_store.yaml"}
    assert named == {path.name for path in BASE.glob("*.yaml")} - others


@pytest.mark.parametrize("name", sorted(pods()))
def test_a_pod_writes_nothing_but_its_volumes_and_gains_no_rights(name: str) -> None:
    pod = pods()[name]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_name_that_is_set_is_a_setting_of_that_service(name: str) -> None:
    given = {one["name"] for one in pods()[name]["containers"][0].get("env", [])}
    known = set().union(*(names(settings) for settings in SETTINGS[name]))
    assert given - known <= FEASTS


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"load"}))
def test_a_service_is_reached_where_it_listens(name: str) -> None:
    port = SETTINGS[name][0].model_fields["port"].default
    assert pods()[name]["containers"][0]["ports"][0]["containerPort"] == port
    assert of("Service")[name]["spec"]["ports"][0]["port"] == port


def test_what_scales_has_bounds_a_budget_and_no_fixed_number() -> None:
    assert set(of("HorizontalPodAutoscaler")) == SCALED
    assert set(of("PodDisruptionBudget")) >= SCALED
    for name in SCALED:
        assert "replicas" not in of("Deployment")[name]["spec"]
        assert of("HorizontalPodAutoscaler")[name]["spec"]["minReplicas"] >= 2


def test_there_is_one_writer_and_never_two_for_a_moment() -> None:
    writer = of("Deployment")["writer"]["spec"]
    assert (writer["replicas"], writer["strategy"]["type"]) == (1, "Recreate")


def test_the_feature_store_is_the_same_project_as_on_one_machine() -> None:
    cluster = yaml.safe_load((BASE / "feature_store.yaml").read_text())
    developer = yaml.safe_load(Path("feature_repo/feature_store.yaml").read_text())
    for key in ("project", "provider", "offline_store", "entity_key_serialization_version"):
        assert cluster[key] == developer[key]
    assert cluster["registry"]["registry_type"] == "sql"
