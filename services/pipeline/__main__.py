"""`python -m services.pipeline`."""

import sys

from services.pipeline.cli import main

if __name__ == "__main__":
    sys.exit(main())
