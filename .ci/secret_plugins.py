"""The secrets that this project is given, which detect-secrets does not know by their looks."""

from __future__ import annotations

import re

from detect_secrets.plugins.base import RegexBasedDetector


class GoogleApiKeyDetector(RegexBasedDetector):
    """A key for Gemini, or for anything else of Google's."""

    # pragma: allowlist nextline secret
    secret_type = "Google API Key"  # noqa: S105
    denylist = (re.compile(r"AIza[0-9A-Za-z_-]{35}"),)


class HuggingFaceTokenDetector(RegexBasedDetector):
    """Token that deploys the Space."""

    # pragma: allowlist nextline secret
    secret_type = "Hugging Face Token"  # noqa: S105
    denylist = (re.compile(r"\bhf_[A-Za-z0-9]{30,}"),)


OURS = (GoogleApiKeyDetector, HuggingFaceTokenDetector)
