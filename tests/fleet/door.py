"""The nginx before the gateways, with the files of the page's image."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml  # type: ignore[import-untyped]

_FILES = Path("services/web")
_NAMES = ("nginx.conf", "proxy.conf", "searches.conf", "headers.conf")
DOOR_PORT = 8000
RETRY_S = 2
"""Time until a gateway that did not answer is asked again."""
_GATEWAY_PORT = 7860
_HERE = "@/"
_WRITTEN = "/tmp/"  # noqa: S108 - where the image's nginx writes


def nginx() -> str | None:
    """Its program; None where it is not installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def kernel_settings() -> dict[str, str]:
    """Those of the page's container."""
    services = yaml.safe_load(Path("compose.yaml").read_text(encoding="utf-8"))["services"]
    return {name: str(value) for name, value in services["web"]["sysctls"].items()}


def write_configuration(folder: Path, gateways: Sequence[str]) -> list[str]:
    """Write its files into a new folder. Returns the words that start it.

    The files are those of the image, but for the name server: the gateways' addresses are written
    down. Raises RuntimeError where nginx is not installed.
    """
    program = nginx()
    if program is None:
        raise RuntimeError("nginx is absent (Debian: apt-get install nginx-light)")
    folder.mkdir()
    servers = " ".join(
        f"server {address}:{_GATEWAY_PORT} fail_timeout={RETRY_S}s;" for address in gateways
    )
    written = {
        "resolver.conf": f"upstream gateways {{ {servers} }}\n"
        "map $host $gateway { default http://gateways; }\n",
        **{name: (_FILES / name).read_text() for name in _NAMES},
    }
    for name, text in written.items():
        for place in (_WRITTEN, "/etc/nginx/", "/usr/share/nginx/html"):
            text = text.replace(place, _HERE)
        text = text.replace(f"{_HERE}mime.types", "/etc/nginx/mime.types")
        text = text.replace(_HERE, f"{folder}/")
        (folder / name).write_text(text)
    # As the user who made the folder, who alone may read it.
    return [program, "-c", f"{folder}/nginx.conf", "-g", "daemon off; user root;"]
