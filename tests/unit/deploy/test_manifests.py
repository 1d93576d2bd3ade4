"""The cluster's manifests are valid, agree with the services, and the example is complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml  # type: ignore[import-untyped]
from pydantic_settings import BaseSettings

from deploy.operations.manifests import BASE, EXAMPLE, faults, manifests, rendered
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
FEASTS = {"REDIS_ADDRESS", "FEAST_REGISTRY", "FEAST_REGISTRY_TYPE"}
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


def test_kubernetes_accepts_every_object() -> None:
    assert faults(manifests(EXAMPLE)) == []
    assert faults(rendered(EXAMPLE) or ()) == []


def references(node: object, key: str) -> Iterator[dict[str, Any]]:
    """Every value of that key, at any depth."""
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == key)
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from references(child, key)


def test_the_example_has_everything_that_its_pods_refer_to() -> None:
    objects = rendered(EXAMPLE)
    if objects is None:
        pytest.skip("there is no kubectl here")
    having = {(one["kind"], one["metadata"]["name"]): one for _, one in objects}
    assert all(
        one["metadata"].get("namespace") == "search" or one["kind"] == "Namespace"
        for one in having.values()
    )
    for reference in references(list(having.values()), "secretKeyRef"):
        secret = having["Secret", reference["name"]]
        assert reference.get("optional") or reference["key"] in secret["data"]
    for kind, key, field in (
        ("ConfigMap", "configMap", "name"),
        ("PersistentVolumeClaim", "persistentVolumeClaim", "claimName"),
        ("Deployment", "scaleTargetRef", "name"),
    ):
        for reference in references(list(having.values()), key):
            assert (kind, reference[field]) in having


def test_the_examples_addresses_are_those_of_its_services() -> None:
    services = {
        one["metadata"]["name"]: one["spec"]["ports"][0]["port"]
        for _, one in manifests(EXAMPLE)
        if one["kind"] == "Service"
    }
    text = (EXAMPLE / "search.env").read_text(encoding="utf-8")
    values = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))
    addresses = {
        values["REDIS_ADDRESS"],
        urlsplit(values["CACHE_REDIS_URL"]).netloc,
        urlsplit(values["FEAST_REGISTRY"]).netloc.partition("@")[2],
    }
    assert addresses == {f"{name}:{services[name]}" for name in ("store", "cache", "registry")}
    assert urlsplit(values["FEAST_REGISTRY"]).password == values["POSTGRES_PASSWORD"]


def test_an_object_that_kubernetes_refuses_is_named(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]")
    (tmp_path / "a.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: many}]}\n"
    )
    assert "a.yaml: Service spec.ports.0.port" in faults(manifests(tmp_path))[0]


def test_the_kustomization_names_every_manifest() -> None:
    named = set(yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"])
    assert named - {"../../../feature_repo"} == {path.name for path in BASE.glob("*.yaml")} - {
        "kustomization.yaml"
    }


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


@pytest.mark.parametrize("name", sorted(pods()))
def test_no_folder_in_a_volume_is_made_by_root_or_where_nobody_may_make_one(name: str) -> None:
    """The runtime makes what lies between two mounts, for root; Kubernetes makes a `subPath`."""
    pod = pods()[name]
    mounts = pod["containers"][0]["volumeMounts"]
    paths = {Path(one["mountPath"]) for one in mounts}
    for path in paths:
        assert paths.isdisjoint(path.parents) or path.parent in paths, path
    sub_paths = {one["name"] for one in mounts if "subPath" in one}
    for volume in pod["volumes"]:
        if volume["name"] in sub_paths:
            assert not volume.get("persistentVolumeClaim", {}).get("readOnly"), volume


def test_the_encoder_starts_with_the_model_that_its_image_has() -> None:
    """A new volume of Docker starts as a copy of the image's folder, one of Kubernetes is empty."""
    pod = pods()["encoder"]
    (container,), (copy,) = pod["containers"], pod["initContainers"]
    (models,) = (one for one in container["volumeMounts"] if one["name"] == "models")
    assert copy["image"] == container["image"]
    assert copy["securityContext"] == container["securityContext"]
    assert copy["command"] == ["cp", "-r", f"{models['mountPath']}/.", "/models"]
    assert copy["volumeMounts"] == [{"name": "models", "mountPath": "/models"}]
    dockerfile = Path("Dockerfile").read_text(encoding="utf-8")
    assert f"ENCODER_MODEL_CACHE_DIR={models['mountPath']} " in dockerfile


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


def test_the_cluster_reads_the_one_feature_store_and_sets_its_variables() -> None:
    shared = Path("feature_repo")
    generated = yaml.safe_load((shared / "kustomization.yaml").read_text())["configMapGenerator"]
    assert generated == [{"name": "feature-store", "files": ["feature_store.yaml"]}]
    wanted = set(re.findall(r"\$\{(\w+)\}", (shared / "feature_store.yaml").read_text()))
    assert wanted == FEASTS
    for pod in pods().values():
        if "feature-store" in str(pod["volumes"]):
            (container,) = pod["containers"]
            assert wanted <= {one["name"] for one in container["env"]}
