"""Names of the catalogue's picture files: no path of this form leads out of their folder."""

from __future__ import annotations

import re

PICTURE_NAME = re.compile(r"[0-9a-f]{2}/(?P<digest>[0-9a-f]{64})\.(?P<kind>jpg|jpeg|png|webp|avif)")

# Stated here, since the system's own table of types may lack WebP and AVIF.
MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
}
