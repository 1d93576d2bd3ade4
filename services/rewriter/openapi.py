"""Prints the schema: `python -m services.rewriter.openapi > docs/openapi/rewriter.json`."""

import sys

from services.common.openapi import schema_text
from services.rewriter.app import create_app
from services.rewriter.settings import RewriterSettings

if __name__ == "__main__":
    sys.stdout.write(schema_text(create_app(RewriterSettings())))
