"""Models of a Hugging Face Hub: fetched from a server that speaks its protocol, and checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session
from safetensors.numpy import save

from services.encoder import hub as hub_module
from services.encoder import models
from services.encoder.app import prepare_model
from services.encoder.fetch import FetchFailed
from services.encoder.models import Published, find_model
from services.encoder.settings import EncoderSettings
from services.encoder.source import ModelSource, sha256_of
from services.encoder.weights import UnusableWeights
from tests.models.recipe import filled
from tests.support.clip_reference import random_weights
from tests.support.hub_models import MODEL, ModelHub, Tree, model_hub
from tests.support.hub_server import TOKEN
from tests.support.torch_archive import write_archive

GOLDENS = Path("tests/models/goldens")
CLIP = GOLDENS / "hugging-face-clip"


def tree_of(golden: Path) -> Tree:
    """A repository of a tiny model, with files that no model needs."""
    shapes = json.loads((golden / "shapes.json").read_text())
    files = {
        path.name: path.read_bytes()
        for path in golden.iterdir()
        if path.name not in ("shapes.json", "expected.json")
    }
    return files | {
        "model.safetensors": save(filled(shapes)),
        "README.md": b"# A model",
        "pytorch_model.bin": b"never fetched",
    }


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)


@pytest.fixture
def served() -> Iterator[tuple[ModelHub, str]]:
    with model_hub(tree_of(CLIP)) as hub:
        yield hub


def find(name: str, cache: Path, url: str) -> ModelSource:
    return find_model(
        f"hf:{name}",
        cache=cache,
        base_url="http://127.0.0.1:9",
        hub_url=url,
        progress=lambda _have, _total: None,
    )


def test_a_model_goes_from_the_hub_to_graphs(served: tuple[ModelHub, str], tmp_path: Path) -> None:
    hub, url = served
    settings = EncoderSettings(model=f"hf:{MODEL}", hub_url=url, model_cache_dir=tmp_path)
    files = prepare_model(settings, lambda _have, _total: None)
    assert files.info.image_size == 32
    assert files.info.model_id.startswith("ViT-64/8@32px@")
    fetched = {path.split("/")[-1] for path in hub.asked if "/resolve/" in path}
    assert fetched == {
        "config.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.safetensors",
    }


def test_a_second_start_fetches_nothing_again(served: tuple[ModelHub, str], tmp_path: Path) -> None:
    hub, url = served
    first = find(MODEL, tmp_path, url)
    hub.asked.clear()
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    assert find(MODEL, tmp_path, url) == first
    assert hub.asked == [f"/api/models/{MODEL}/revision/main"]
    # Nor is anything written: a cache that is complete may be read-only.
    after = {path: path.stat() for path in tmp_path.rglob("*")}
    assert {path: (of.st_ino, of.st_mtime_ns) for path, of in after.items()} == {
        path: (of.st_ino, of.st_mtime_ns) for path, of in before.items()
    }


def test_a_pinned_revision_stays_when_the_branch_moves(
    served: tuple[ModelHub, str], tmp_path: Path
) -> None:
    hub, url = served
    pinned = hub.revisions["main"]
    before = find(f"{MODEL}@{pinned}", tmp_path, url)
    other = random_weights(dimension=8, vocabulary=100)
    hub.commit({**tree_of(CLIP), "model.safetensors": save(other)})
    assert find(f"{MODEL}@{pinned}", tmp_path, url) == before
    assert find(MODEL, tmp_path, url).sha256 != before.sha256


def test_a_download_cut_short_is_resumed_at_the_same_byte(
    served: tuple[ModelHub, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, url = served
    monkeypatch.setattr("services.encoder.fetch.WAITS_S", (0.01, 0.01))
    hub.cut_after = 70_000
    source = find(MODEL, tmp_path, url)
    assert sha256_of(source.files[0]) == source.sha256
    ranges = [asked.split()[1] for asked in hub.asked if " bytes=" in asked]
    assert ranges
    assert 0 < int(ranges[-1][len("bytes=") : -1]) <= 70_000


def test_a_damaged_download_is_refused_and_leaves_nothing(
    served: tuple[ModelHub, str], tmp_path: Path
) -> None:
    hub, url = served
    hub.damaged = True
    with pytest.raises(FetchFailed, match="SHA-256"):
        find(MODEL, tmp_path, url)
    assert not list(tmp_path.rglob("*.safetensors*"))


@pytest.mark.parametrize("status", [429, 503])
def test_without_the_hub_the_last_commit_is_served(
    served: tuple[ModelHub, str], tmp_path: Path, status: int
) -> None:
    hub, url = served
    before = find(MODEL, tmp_path, url)
    hub.outage = status
    assert find(MODEL, tmp_path, url) == before
    assert find(MODEL, tmp_path, "http://127.0.0.1:9") == before


def test_a_page_in_place_of_an_answer_is_an_outage(
    served: tuple[ModelHub, str], tmp_path: Path
) -> None:
    hub, url = served
    hub.sign_in = True
    with pytest.raises(FetchFailed, match=f"hf:{MODEL}"):
        find(MODEL, tmp_path, url)
    hub.sign_in = False
    before = find(MODEL, tmp_path, url)
    hub.sign_in = True
    assert find(MODEL, tmp_path, url) == before


def test_a_commit_that_is_a_path_is_refused(served: tuple[ModelHub, str], tmp_path: Path) -> None:
    hub, url = served
    hub.commits["../../../elsewhere"] = hub.commits.pop(hub.revisions["main"])
    hub.revisions["main"] = "../../../elsewhere"
    with pytest.raises(FetchFailed, match="names no commit"):
        find(MODEL, tmp_path, url)
    assert not list(tmp_path.rglob("config.json"))


def test_offline_nothing_is_asked(
    served: tuple[ModelHub, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, url = served
    monkeypatch.setattr(hub_module, "is_offline_mode", lambda: True)
    with pytest.raises(FetchFailed, match="HF_HUB_OFFLINE"):
        find(MODEL, tmp_path, url)
    assert hub.asked == []
    monkeypatch.setattr(hub_module, "is_offline_mode", lambda: False)
    before = find(MODEL, tmp_path, url)
    monkeypatch.setattr(hub_module, "is_offline_mode", lambda: True)
    hub.asked.clear()
    assert find(MODEL, tmp_path, url) == before
    assert hub.asked == []
    before.files[0].write_bytes(b"damaged")
    with pytest.raises(FetchFailed, match="damaged"):
        find(MODEL, tmp_path, url)


def test_a_damaged_note_of_the_last_commit_is_refused_with_advice(
    served: tuple[ModelHub, str], tmp_path: Path
) -> None:
    hub, url = served
    before = find(MODEL, tmp_path, url)
    (note,) = tmp_path.rglob("main.json")
    note.write_bytes(b"")
    hub.outage = 503
    with pytest.raises(FetchFailed, match=r"main\.json is damaged"):
        find(MODEL, tmp_path, url)
    hub.outage = None
    assert find(MODEL, tmp_path, url) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("shop/unknown", "hf:shop/unknown"),
        (f"{MODEL}@no-such-branch", "no-such-branch"),
    ],
)
def test_what_the_hub_does_not_have_is_refused_by_name(
    served: tuple[ModelHub, str], tmp_path: Path, name: str, reason: str
) -> None:
    with pytest.raises(FetchFailed, match=reason):
        find(name, tmp_path, served[1])


def test_a_wrong_token_is_refused_with_advice(
    served: tuple[ModelHub, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    with pytest.raises(FetchFailed, match="HF_TOKEN"):
        find(MODEL, tmp_path, served[1])


def test_a_gated_model_is_refused_with_advice(served: tuple[ModelHub, str], tmp_path: Path) -> None:
    hub, url = served
    hub.gated = True
    with pytest.raises(FetchFailed, match=r"hf:shop/clip is gated\. Accept its terms.*HF_TOKEN"):
        find(MODEL, tmp_path, url)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://127.0.0.1:port"])
def test_a_proxy_that_cannot_be_used_is_refused_by_name(
    served: tuple[ModelHub, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    close_session()  # the client of another test has its proxies already
    with pytest.raises(FetchFailed, match=r"hf:shop/clip.*(SOCKS|port)"):
        find(MODEL, tmp_path, served[1])


@pytest.mark.parametrize("name", ["", "clip", "a/b/c", "a/b@", "../x/y"])
def test_a_name_of_another_form_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableWeights, match="OWNER/NAME"):
        find(name, tmp_path, "http://127.0.0.1:9")


def test_pickles_alone_are_refused_before_they_are_fetched(tmp_path: Path) -> None:
    tree = tree_of(CLIP)
    del tree["model.safetensors"]
    with model_hub(tree) as (hub, url), pytest.raises(UnusableWeights, match="pickle"):
        find(MODEL, tmp_path, url)
    assert not [path for path in hub.asked if "/resolve/" in path]


def test_the_second_source_gives_the_same_model_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenAI's archive in half precision, and open_clip's file of the same values."""
    weights = random_weights()
    archive = tmp_path / "archive.pt"
    write_archive(archive, weights)
    config = {
        "model_cfg": {
            "embed_dim": 32,
            "quick_gelu": True,
            "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16},
            "text_cfg": {"width": 64, "heads": 1, "layers": 2},
        }
    }
    tree = {
        "open_clip_config.json": json.dumps(config).encode(),
        "open_clip_model.safetensors": save(
            {name: value.astype("float32") for name, value in weights.items()}
        ),
    }
    monkeypatch.setattr("services.encoder.fetch.WAITS_S", ())
    published = Published("archive.pt", sha256_of(archive), MODEL)
    monkeypatch.setitem(models.PUBLISHED, "ViT-B/32", published)
    with model_hub(tree) as (hub, url):
        settings = EncoderSettings(
            model="ViT-B/32",
            weights_url="http://127.0.0.1:9",
            hub_url=url,
            model_cache_dir=tmp_path / "cache",
        )
        second = prepare_model(settings, lambda _have, _total: None)
        hub.asked.clear()
        assert prepare_model(settings, lambda _have, _total: None) == second
        assert hub.asked == [f"/api/models/{MODEL}/revision/main"]
    own = settings.model_copy(update={"model": str(archive)})
    first = prepare_model(own, lambda _have, _total: None)
    assert first.info.model_id == second.info.model_id
    assert first.info.weights_sha256 != second.info.weights_sha256
