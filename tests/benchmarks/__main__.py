"""`make bench`: every benchmark, one after another; each writes its section of docs/benchmarks.md.

`python3 -m tests.benchmarks [--only encoder,retriever] [-- arguments for each part]`

Standard library only: each part runs in an environment of its own, which is made first. A part
whose peers can't be installed here is left out, with a line that says why. Without `--`, parts
that have a section write it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.parts import PARTS, Part

BOOTSTRAP = (sys.executable, "-m", "services.launcher.bootstrap")


def main(arguments: Sequence[str]) -> int:
    """0, or 1 when a part failed or none could be run."""
    ours, given, theirs = _parted(arguments)
    parser = argparse.ArgumentParser(description=__doc__)
    names = ", ".join(part.name for part in PARTS)
    parser.add_argument("--only", default="", help=f"of {names}; commas between")
    wanted = [name for name in parser.parse_args(ours).only.split(",") if name]
    unknown = set(wanted) - {part.name for part in PARTS}
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {names}")
    parts = [part for part in PARTS if not wanted or part.name in wanted]
    return run_parts(parts, theirs if given else None)


def run_parts(
    parts: Sequence[Part], arguments: Sequence[str] | None, bootstrap: Sequence[str] = BOOTSTRAP
) -> int:
    """Run them in order. None as arguments: `--write`, to those that have a section.

    Returns 0, or 1 when one failed or none could be run.
    """
    failed, ran = [], 0
    for part in parts:
        reason = _install(part, bootstrap)
        if reason is not None:
            print(f"{part.name}: left out, cannot be installed here: {reason}", flush=True)
            continue
        ran += 1
        own = (["--write"] if part.has_section else []) if arguments is None else arguments
        command = [f"{part.environments[-1][0]}/bin/python", "-m", part.module, *own]
        print(f"\n{part.name}: {' '.join(command)}", flush=True)
        started = time.monotonic()
        if subprocess.run(command, check=False).returncode != 0:
            failed.append(part.name)
        print(f"{part.name}: {time.monotonic() - started:.0f} s", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed or not ran else 0


def _install(part: Part, bootstrap: Sequence[str]) -> str | None:
    """Make the part's environments. Returns why it can't be done, in a line, or None."""
    for folder, group in part.environments:
        done = subprocess.run(
            [*bootstrap, "--venv", folder, "--group", group],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            return said[-1].removeprefix("error: ")
    return None


def _parted(arguments: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    """The arguments before `--`, True if there is a `--`, and the arguments after it."""
    if "--" not in arguments:
        return list(arguments), False, []
    at = arguments.index("--")
    return list(arguments[:at]), True, list(arguments[at + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
