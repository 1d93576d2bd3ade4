"""`python -m services.pipeline COMMAND`."""

import sys
import warnings

from services.pipeline.cli import main

if __name__ == "__main__":
    # Feast says so of its own code wherever Milvus' client is installed, to whoever imports it.
    warnings.filterwarnings("ignore", 'Field name "vector_enabled" in "MilvusOnlineStoreConfig"')
    sys.exit(main())
