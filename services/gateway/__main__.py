"""`python -m services.gateway` serves it."""

from services.common.server import run_service
from services.common.settings import read_settings
from services.gateway.app import NAME, create_app
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    settings = read_settings(GatewaySettings)
    run_service(NAME, create_app(settings), settings)
