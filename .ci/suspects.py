"""Names, of the files named on standard input, those in which a detector may find a secret.

detect-secrets gives each line to each detector, which takes 20 s for this repository. Here each
pattern is tried on a whole file, which finds all that it would find in a line. Names end in a NUL.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import secret_plugins
from detect_secrets.core.plugins.util import Plugin
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.high_entropy_strings import HighEntropyStringsPlugin
from detect_secrets.plugins.keyword import DENYLIST, KeywordDetector
from detect_secrets.settings import default_settings, get_plugins
from detect_secrets.transformers import get_transformed_file


def patterns(detector: Plugin) -> list[re.Pattern[str]]:
    """Patterns of which one matches wherever the detector finds something."""
    if isinstance(detector, KeywordDetector):
        return [re.compile("|".join(DENYLIST), re.IGNORECASE)]
    if isinstance(detector, HighEntropyStringsPlugin):
        return []  # disabled in `.ci/secrets`
    if isinstance(detector, RegexBasedDetector):
        return [re.compile(one.pattern, one.flags | re.MULTILINE) for one in detector.denylist]
    raise TypeError(f"a detector of an unknown kind: {detector.secret_type}")


def contents(name: str) -> Iterator[str]:
    """The text, and the lines that detect-secrets makes of it; nothing of a file without text."""
    try:
        with open(name, encoding="utf-8") as file:
            yield file.read()
            for eager in (False, True):
                file.seek(0)
                lines = get_transformed_file(file, use_eager_transformers=eager)
                yield "\n".join(lines or ())
    except (UnicodeDecodeError, OSError):
        return


def main() -> None:
    names = sys.stdin.read().split("\0")[:-1]
    with default_settings():
        detectors = list(get_plugins())
    detectors += [
        kind() for kind in vars(secret_plugins).values()
        if isinstance(kind, type) and issubclass(kind, RegexBasedDetector) and kind is not RegexBasedDetector
    ]
    every = [pattern for detector in detectors for pattern in patterns(detector)]
    for name in names:
        if any(pattern.search(text) for text in contents(name) for pattern in every):
            sys.stdout.write(f"{name}\0")


if __name__ == "__main__":
    main()
