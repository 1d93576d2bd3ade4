"""Response headers that limit what our pages may do in a browser."""

from __future__ import annotations

from collections.abc import Sequence

from services.common.admission import RawHeaders


def security_headers(frame_ancestors: Sequence[str]) -> RawHeaders:
    """For every answer that does not bring its own.

    The policy suits a Vite page with the catalogue's pictures, which may lie with us or on the
    shop's server. `blob:` shows the picture that a shopper has chosen before it is sent.
    """
    policy = (
        "default-src 'self'",
        "img-src 'self' https: data: blob:",
        # The decoder of HEIC pictures works beside the page.
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        f"frame-ancestors {' '.join(frame_ancestors) or repr('none')}",
    )
    return (
        (b"content-security-policy", "; ".join(policy).encode()),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        (b"x-content-type-options", b"nosniff"),
    )
