"""`python -m deploy.operations.manifests`: are the cluster's manifests what Kubernetes takes?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import yaml  # type: ignore[import-untyped]

BASE = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes" / "base"
KUBERNETES = "1.33"


def manifests(folder: Path = BASE) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object with the name of its file, in the order of the kustomization."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    for name in kustomization["resources"]:
        for document in yaml.safe_load_all((folder / name).read_text(encoding="utf-8")):
            yield name, document


def faults(folder: Path = BASE) -> list[str]:
    """What Kubernetes would refuse, a line each."""
    found = []
    for name, document in manifests(folder):
        try:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(str(step) for step in error.path)
            found.append(f"{name}: {document.get('kind')} {where}: {error.message}")
    return found


def main() -> int:
    found = faults()
    for line in found:
        sys.stderr.write(f"error: {line}\n")
    print(f"{len(list(manifests()))} objects against Kubernetes {KUBERNETES}, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
