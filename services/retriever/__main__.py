"""`python -m services.retriever`: serve the retriever, with settings from the environment."""

from services.common.server import run_service
from services.common.settings import read_settings
from services.retriever.app import create_app
from services.retriever.settings import RetrieverSettings


def main() -> None:
    """Serve until stopped."""
    settings = read_settings(RetrieverSettings)
    run_service("retriever", create_app(settings), settings)


if __name__ == "__main__":
    main()
