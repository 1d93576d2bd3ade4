"""The page's rules do on a real Apache what they are there for."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.operations.page import RULES
from tests.support.ports import free_port

MODULES = Path("/usr/lib/apache2/modules")
APACHE = shutil.which("apache2")
START_S = 20.0

pytestmark = pytest.mark.skipif(APACHE is None, reason="there is no apache2 here")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where another user than ours may read, as in pytest's own folders it may not."""
    with tempfile.TemporaryDirectory(prefix="apache-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def page(folder: Path) -> Iterator[httpx.Client]:
    root = folder / "public_html"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<h1>the page</h1>")
    (root / "assets" / "index-1.js").write_text("say('hello')" * 200)
    (root / ".deployed.json").write_text("{}")
    shutil.copy(RULES, root / RULES.name)
    for path in (folder, root, root / "assets"):
        path.chmod(0o755)
    port = free_port()
    names = "mpm_event authz_core rewrite headers deflate filter mime"
    loads = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names.split())
    user = "User www-data\nGroup www-data" if Path("/root").stat().st_uid == 0 else ""
    configuration = folder / "httpd.conf"
    configuration.write_text(
        f"ServerRoot {folder}\nServerName localhost\nListen 127.0.0.1:{port}\n{user}\n{loads}\n"
        f"PidFile {folder}/pid\nErrorLog {folder}/error.log\nTypesConfig /etc/mime.types\n"
        f"Mutex file:{folder}\nDocumentRoot {root}\n"
        f"<Directory {root}>\nAllowOverride All\nRequire all granted\n</Directory>\n"
    )
    process = subprocess.Popen([str(APACHE), "-X", "-f", str(configuration)])
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        try:
            _until_it_answers(client, process, folder / "error.log")
            yield client
        finally:
            process.terminate()
            process.wait()


def _until_it_answers(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_S
    while True:
        try:
            client.get("/")
            return
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.05)


@pytest.mark.parametrize("path", ["/", "/search?q=mug", "/product/a%20b", "/nowhere"])
def test_every_address_of_the_page_is_the_page_and_asked_for_each_time(
    page: httpx.Client, path: str
) -> None:
    answer = page.get(path)
    assert answer.text == "<h1>the page</h1>"
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_an_asset_is_kept_for_a_year_and_sent_compressed(page: httpx.Client) -> None:
    answer = page.get("/assets/index-1.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"


def test_an_asset_that_is_gone_is_missing_rather_than_the_page(page: httpx.Client) -> None:
    assert page.get("/assets/index-0.js").status_code == 404


@pytest.mark.parametrize("path", ["/.htaccess", "/.deployed.json"])
def test_what_the_deployment_keeps_for_itself_is_shown_to_nobody(
    page: httpx.Client, path: str
) -> None:
    assert page.get(path).status_code == 403
