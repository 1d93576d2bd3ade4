"""Prints the schema: `python -m services.gateway.openapi > docs/openapi/gateway.json`."""

import sys

from services.common.openapi import schema_text
from services.gateway.app import create_app
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    sys.stdout.write(schema_text(create_app(GatewaySettings())))
