"""`python -m deploy.operations.manifests`: check the manifests against the schemas of Kubernetes.

The base and the example are checked file by file. Where kubectl is installed, the example is also
checked as `kubectl apply -k` would send it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
BASE = FOLDER / "base"
EXAMPLE = FOLDER / "example"
KUBERNETES = "1.33"

Named = tuple[str, dict[str, Any]]


def manifests(folder: Path = BASE) -> Iterator[Named]:
    """Each object with its file's name, in the order of the kustomization."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    for name in kustomization.get("resources", []):
        path = folder / name
        if path.is_dir():
            yield from manifests(path.resolve())
            continue
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield name, document


def rendered(folder: Path) -> list[Named] | None:
    """Objects of an overlay as kubectl sends them; None without kubectl.

    Raises RuntimeError when kubectl refuses the overlay.
    """
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return None
    done = subprocess.run(
        [kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return [(f"kubectl kustomize {folder.name}", one) for one in yaml.safe_load_all(done.stdout)]


def faults(objects: Iterable[Named]) -> list[str]:
    """Faults that Kubernetes would refuse, a line each."""
    import kubernetes_validate  # type: ignore[import-untyped]  # takes two seconds

    found = []
    for name, document in objects:
        try:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(str(step) for step in error.path)
            found.append(f"{name}: {document.get('kind')} {where}: {error.message}")
    return found


def main() -> int:
    objects = list(manifests(EXAMPLE))
    try:
        example = rendered(EXAMPLE)
    except RuntimeError as refusal:
        sys.stderr.write(f"error: {refusal}\n")
        return 1
    found = faults([*objects, *(example or ())])
    for line in found:
        sys.stderr.write(f"error: {line}\n")
    as_sent = "without kubectl" if example is None else f"{len(example)} as kubectl sends them"
    print(
        f"{len(objects)} objects ({as_sent}) against Kubernetes {KUBERNETES}, {len(found)} faults"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
