"""Print those of the files named on standard input in which a detector may find a secret.

detect-secrets gives each line to each detector: 24 s for this repository. Here each pattern is
tried on a whole file, where it matches if it matches in a line. Names end in a NUL.

--disable-plugin NAME: a detector that is not used; its name is that of its class.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import cast

import secret_plugins
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.keyword import DENYLIST, KeywordDetector
from detect_secrets.settings import default_settings, get_plugins
from detect_secrets.transformers import get_transformed_file
from detect_secrets.types import NamedIO


def patterns(detector: BasePlugin) -> list[re.Pattern[str]]:
    """Patterns of which one matches wherever the detector finds something."""
    if isinstance(detector, KeywordDetector):
        return [re.compile("|".join(DENYLIST), re.IGNORECASE)]
    if isinstance(detector, RegexBasedDetector):
        return [re.compile(one.pattern, one.flags | re.MULTILINE) for one in detector.denylist]
    raise TypeError(f"unknown kind of detector: {detector.secret_type}")


def contents(name: str) -> Iterator[str]:
    """The text, and the lines that detect-secrets makes of it; nothing if it is no text."""
    try:
        with open(name) as file:
            yield file.read()
            for eager in (False, True):
                file.seek(0)
                yield "\n".join(get_transformed_file(cast("NamedIO", file), eager) or ())
    except (UnicodeDecodeError, OSError):
        return


def main(disabled: list[str]) -> None:
    with default_settings():
        detectors: list[BasePlugin] = list(get_plugins())
    detectors += [kind() for kind in secret_plugins.OURS]
    used = [one for one in detectors if type(one).__name__ not in disabled]
    every = [pattern for detector in used for pattern in patterns(detector)]
    for name in sys.stdin.read().split("\0")[:-1]:
        if any(pattern.search(text) for text in contents(name) for pattern in every):
            sys.stdout.write(f"{name}\0")


if __name__ == "__main__":
    main(sys.argv[1:])
