"""Variables in configuration files that the environment fills in, written `${NAME}`."""

from __future__ import annotations

import os
import re

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def unset_variables(text: str) -> list[str]:
    """Names that the text uses and the environment lacks, in order."""
    names = dict.fromkeys(_VARIABLE.findall(text))
    return [name for name in names if name not in os.environ]
