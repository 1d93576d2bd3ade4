from __future__ import annotations

from pathlib import Path

from services.pipeline.tfx.settings import TfxSettings


def test_two_catalogues_are_never_compared_with_each_other(tmp_path: Path) -> None:
    one, other = (
        TfxSettings(feed=tmp_path / shop / "products.csv", state_dir=tmp_path / "state")
        for shop in ("mugs", "fruit")
    )

    assert one.pushed_dir != other.pushed_dir
    assert one.pushed_dir.is_relative_to(tmp_path / "state")
