"""A fleet of machines in network namespaces, measured and broken: `make fleet`.

Throughput by the number of machines; an upgrade of every part, the loss of any machine, a
partition between retrievers and Redis, and a slow disk, all under load. Everything is removed at
the end, whatever happens. It ends with 1 where an upgrade, the partition or the slow disk cost a
request.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tests.fleet.door import nginx
from tests.fleet.fleet import Fleet, running_fleet
from tests.fleet.losses import KINDS, lose_machines
from tests.fleet.network import NetworkRefused
from tests.fleet.partition import cut_retrievers_off, slow_disk
from tests.fleet.throughput import measure_throughput
from tests.fleet.upgrades import upgrade_every_part
from tests.support.printing import say

_TRIALS = ("throughput", "upgrades", "losses", "partition", "disk")


async def measure(fleet: Fleet, trials: Sequence[str], lost_kinds: Sequence[str]) -> int:
    """Returns how many requests were lost where none may be."""
    lost = 0
    if "throughput" in trials:
        await measure_throughput(fleet)
    if "upgrades" in trials:
        lost += await upgrade_every_part(fleet)
    if "losses" in trials:
        await lose_machines(fleet, lost_kinds)
    if "partition" in trials:
        lost += await cut_retrievers_off(fleet)
    if "disk" in trials:
        lost += await slow_disk(fleet)
    return lost


def main(trials: Sequence[str], lost_kinds: Sequence[str], *, keep: Path | None) -> int:
    if nginx() is None:
        say("No fleet: nginx is absent (Debian: apt-get install nginx-light).")
        return 2
    # As an interrupt: the blocks below end, and with them every machine.
    signal.signal(signal.SIGTERM, _interrupted)
    with tempfile.TemporaryDirectory(prefix="fleet-", ignore_cleanup_errors=True) as made:
        try:
            with running_fleet(keep or Path(made)) as fleet:
                machines = ", ".join(f"{len(v)} {k}" for k, v in fleet.machines.items())
                say(f"Serving at {fleet.url}, machines: {machines}.")
                return 1 if asyncio.run(measure(fleet, trials, lost_kinds)) else 0
        except NetworkRefused as error:
            say(f"No fleet: this process may not make network namespaces ({error}).")
            return 2


def _interrupted(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="make fleet", description=__doc__)
    arguments.add_argument("--only", nargs="+", choices=_TRIALS, default=_TRIALS)
    arguments.add_argument("--lose", nargs="+", choices=KINDS, default=KINDS)
    arguments.add_argument("--folder", type=Path, help="a new folder for logs and data, kept")
    given = arguments.parse_args()
    if given.folder is not None:
        given.folder.mkdir(parents=True)
    sys.exit(main(given.only, given.lose, keep=given.folder))
