"""Command line: `python -m services.rewriter` serves the rewriter."""

from services.common.server import run_service
from services.common.settings import read_settings
from services.rewriter.app import NAME, create_app
from services.rewriter.settings import RewriterSettings

if __name__ == "__main__":
    settings = read_settings(RewriterSettings)
    run_service(NAME, create_app(settings), settings)
