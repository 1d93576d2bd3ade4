"""When Redis' report about itself says that keys may be lost."""

from __future__ import annotations

import pytest

from services.pipeline.catalogue.redis_keys import Pulse

BEFORE = Pulse(run="a", evicted=0, keys=100)


@pytest.mark.parametrize(
    ("now", "lost"),
    [
        (BEFORE, False),
        (Pulse(run="a", evicted=0, keys=120), False),
        (Pulse(run="b", evicted=0, keys=100), True),
        (Pulse(run="a", evicted=1, keys=100), True),
        (Pulse(run="a", evicted=0, keys=99), True),
    ],
    ids=["the same", "more", "started again", "evicted", "fewer"],
)
def test_keys_may_be_lost_with_each_start_and_eviction(now: Pulse, lost: bool) -> None:
    assert now.may_have_lost_keys(BEFORE) is lost
