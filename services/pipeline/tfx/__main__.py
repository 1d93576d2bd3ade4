"""`python -m services.pipeline.tfx`: one run of the pipeline, in TFX's own environment.

Exit codes: 0 published, or nothing has changed since; 2 the feed is refused; 3 something that is
needed is away or broken; 4 the gate did not hold. Nothing is published but at 0.
"""

from __future__ import annotations

import logging
import os
import sys

# Set before the import of TensorFlow, which logs each GPU library that it does not find.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from services.pipeline.errors import PipelineError
from services.pipeline.settings import PipelineSettings
from services.pipeline.tfx.feed_check import FeedRefused
from services.pipeline.tfx.run import run
from services.pipeline.tfx.settings import TfxSettings


def main() -> int:
    logging.getLogger().setLevel(logging.ERROR)
    try:
        run(TfxSettings(), PipelineSettings())
    except FeedRefused as error:
        return _fail(f"the feed is not what the schema says\n{error}", error.exit_code)
    except PipelineError as error:
        return _fail(str(error), error.exit_code)
    return 0


def _fail(reason: str, code: int) -> int:
    print(f"error: {reason}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
