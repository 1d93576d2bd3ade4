"""`python -m deploy.operations.page_sbom`: what the page is made of, as CycloneDX, on the output.

Read from npm's lock, what only builds and tests it left out. (`npm sbom --omit dev` leaves out
React too: whatever a tool for development needs as well.)
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from deploy.operations.licences import PAGE_LOCK


def components(lock: dict[str, Any]) -> Iterator[Component]:
    """Each package of a lock file that is part of what is served."""
    make = LicenseFactory().make_from_string
    for path, package in lock["packages"].items():
        if not path or package.get("dev") or package.get("link"):
            continue
        name, version = path.rpartition("node_modules/")[2], package["version"]
        algorithm, _, digest = package["integrity"].partition("-")
        kind = HashAlgorithm(f"SHA-{algorithm.removeprefix('sha')}")
        yield Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=version,
            purl=PackageURL("npm", *_scoped(name), version),
            licenses=[make(package["license"])] if "license" in package else None,
            hashes=[HashType(alg=kind, content=base64.b64decode(digest).hex())],
        )


def _scoped(name: str) -> tuple[str | None, str]:
    scope, _, bare = name.rpartition("/")
    return scope or None, bare


def page_sbom(lock: dict[str, Any]) -> str:
    """The list, as CycloneDX 1.6 in JSON."""
    page = Component(type=ComponentType.APPLICATION, name=lock["name"], version=lock["version"])
    bom = Bom(components=components(lock))
    bom.metadata.component = page
    bom.register_dependency(page, list(bom.components))
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)


def main() -> int:
    print(page_sbom(json.loads(PAGE_LOCK.read_text(encoding="utf-8"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
