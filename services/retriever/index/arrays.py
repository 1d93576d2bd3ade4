"""Types of the arrays that an index takes and gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Rows = NDArray[np.float32]
AnyRows = NDArray[np.float32] | NDArray[np.float16]
Passing = NDArray[np.bool_]
Scores = NDArray[np.float64]
