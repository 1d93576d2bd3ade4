"""The refusal of a state that a newer release wrote."""

from __future__ import annotations


def written_by_newer_release(what: str, found: int, known: int) -> str | None:
    """The reason why a state of format `found` cannot be read, or None if it can.

    known: latest format that this release reads.
    """
    if found <= known:
        return None
    return (
        f"{what} has format {found}, and this release reads formats up to {known}. "
        "Use the release that wrote it, or a newer one"
    )
