"""The pipeline's components and their order."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tfx import v1 as tfx
from tfx.components import FileBasedExampleGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec, ExecutorClassSpec

from services.pipeline.feeds import FeedSettings, open_feed
from services.pipeline.tfx.embedder import HALVES, Embedder
from services.pipeline.tfx.evaluator import Evaluator
from services.pipeline.tfx.feed_check import PRODUCTS, FeedCheck
from services.pipeline.tfx.feed_examples import FeedExampleGenExecutor
from services.pipeline.tfx.pusher import FEED, PYTHON, STORE, CataloguePusher
from services.pipeline.tfx.settings import TfxSettings
from services.pipeline.tfx.trainer import DATA_VERSION
from services.pipeline.tracking.data_version import data_version

NAME = "catalogue"
SCHEMA = Path(__file__).with_name("schema.pbtxt")


def catalogue_pipeline(
    settings: TfxSettings, golden: Path, model: str, store: Path
) -> tfx.dsl.Pipeline:
    """From the feed to a published catalogue and ranking.

    golden: folder of judged queries. model: what the encoder serves. store: to publish to.
    """
    state = settings.state_dir.resolve()
    feed = settings.feed.resolve()
    one_split = tfx.proto.Output(
        split_config=tfx.proto.SplitConfig(
            splits=[tfx.proto.SplitConfig.Split(name=PRODUCTS, hash_buckets=1)]
        )
    )
    example_gen = FileBasedExampleGen(
        input_base=str(feed.parent),
        input_config=tfx.proto.Input(
            splits=[tfx.proto.Input.Split(name=PRODUCTS, pattern=feed.name)]
        ),
        output_config=one_split,
        custom_executor_spec=BeamExecutorSpec(FeedExampleGenExecutor),
    )
    statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
    # A schema inferred from the data, to compare the curated schema with.
    schema_gen = tfx.components.SchemaGen(statistics=statistics_gen.outputs["statistics"])
    curated = tfx.components.ImportSchemaGen(schema_file=str(SCHEMA))
    validator = tfx.components.ExampleValidator(
        statistics=statistics_gen.outputs["statistics"], schema=curated.outputs["schema"]
    )
    check = FeedCheck(
        examples=example_gen.outputs["examples"],
        anomalies=validator.outputs["anomalies"],
        schema=curated.outputs["schema"],
    )
    transform = tfx.components.Transform(
        examples=example_gen.outputs["examples"],
        schema=curated.outputs["schema"],
        preprocessing_fn="services.pipeline.tfx.transform.preprocessing_fn",
        splits_config=tfx.proto.SplitsConfig(analyze=[PRODUCTS], transform=[PRODUCTS]),
        # `tft.apply_pyfunc`, which calls Python from the graph, works only in this mode.
        force_tf_compat_v1=True,
        disable_statistics=True,
    )
    transform.add_upstream_node(check)
    embedder = Embedder(
        products=transform.outputs["transformed_examples"],
        golden=str(golden.resolve()),
        model=model,
        pictures=_pictures_digest(feed),
    )
    trainer = tfx.components.Trainer(
        run_fn="services.pipeline.tfx.trainer.run_fn",
        examples=embedder.outputs["vectors"],
        train_args=tfx.proto.TrainArgs(splits=[PRODUCTS]),
        eval_args=tfx.proto.EvalArgs(splits=[HALVES["tune"]]),
        custom_config={DATA_VERSION: data_version(feed)},
    )
    evaluator = Evaluator(
        vectors=embedder.outputs["vectors"],
        model=trainer.outputs["model"],
        published=str(settings.pushed_dir),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=str(settings.pushed_dir))
        ),
        custom_config={
            FEED: str(feed),
            # Not resolved: a link is what makes a Python one of its environment.
            PYTHON: str(settings.serving_python.absolute()),
            STORE: str(store.resolve()),
        },
        custom_executor_spec=ExecutorClassSpec(CataloguePusher),
    )
    return tfx.dsl.Pipeline(
        pipeline_name=NAME,
        pipeline_root=str(state / "artifacts"),
        components=[
            example_gen,
            statistics_gen,
            schema_gen,
            curated,
            validator,
            check,
            transform,
            embedder,
            trainer,
            evaluator,
            pusher,
        ],
        enable_cache=True,
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(settings.metadata)
        ),
        beam_pipeline_args=settings.beam_pipeline_args,
    )


def _pictures_digest(feed: Path) -> str:
    """Digest of the pictures' names, sizes and times: TFX itself checks only the feed's file."""
    digest = hashlib.sha256()
    for row in open_feed(feed, FeedSettings().options()).rows():
        name = row.fields.get("image", "")
        picture = feed.parent / name
        if name and "://" not in name and picture.is_file():
            stat = picture.stat()
            digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()
