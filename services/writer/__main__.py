"""`python -m services.writer`: serve the writer, with settings from the environment."""

import warnings

from services.common.server import run_service
from services.common.settings import read_settings
from services.pipeline.settings import PipelineSettings
from services.writer.app import NAME, create_app
from services.writer.settings import WriterSettings

if __name__ == "__main__":
    # Feast warns about its own code to everyone who imports it beside Milvus' client.
    warnings.filterwarnings("ignore", 'Field name "vector_enabled" in "MilvusOnlineStoreConfig"')
    settings = read_settings(WriterSettings)
    run_service(NAME, create_app(settings, read_settings(PipelineSettings)), settings)
