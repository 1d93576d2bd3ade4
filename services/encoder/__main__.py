"""`python -m services.encoder`: prepare the model, then serve.

`python -m services.encoder prepare` only prepares the model.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

from tqdm import tqdm

from services.common.server import run_service
from services.common.settings import EXIT_UNUSABLE, read_settings
from services.encoder.app import START_ERRORS, create_app, prepare_model
from services.encoder.engine import OpenVinoEngine
from services.encoder.file_tokenizer import load_tokenizer
from services.encoder.memory import give_back_at_once
from services.encoder.settings import EncoderSettings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.encoder", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["serve", "prepare"], default="serve")
    command = parser.parse_args().command
    give_back_at_once()
    settings = read_settings(EncoderSettings)
    try:
        with tqdm(unit="B", unit_scale=True, desc=f"fetching {settings.model}", delay=0.5) as bar:

            def progress(have: int, total: int | None) -> None:
                bar.total = total
                bar.update(have - bar.n)

            files = prepare_model(settings, progress)
    except START_ERRORS as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_UNUSABLE
    if command == "serve":

        def load() -> OpenVinoEngine:
            return OpenVinoEngine(files, threads=settings.threads)

        app = create_app(settings, load, partial(load_tokenizer, files))
        run_service("encoder", app, settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
