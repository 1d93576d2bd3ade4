"""Where a page ends, as text that the next request brings back."""

from __future__ import annotations

import json
import math

from services.common.problems import InvalidRequest
from services.contracts.problems import FieldProblem

Key = tuple[float, float, str]
"""What results stand in order of: a price or 0, the score below 0, the id."""


def after(key: Key) -> str:
    """The text of a key."""
    first, second, product_id = key
    return json.dumps([None if math.isinf(first) else first, second, product_id])


def key_of(after: str) -> Key:
    """Raises InvalidRequest for what `after` never wrote."""
    try:
        first, second, product_id = json.loads(after)
        key = (math.inf if first is None else float(first), float(second), str(product_id))
    except (ValueError, TypeError) as error:
        message = "`after` is not what an answer gave as `next`."
        raise InvalidRequest(
            message, errors=[FieldProblem(field="body.after", message=message)]
        ) from error
    return key
