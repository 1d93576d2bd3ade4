"""The program as a person runs it: exit codes, one line for what is wrong, killed and run again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.pipeline.catalogue.lock import only_writer
from services.pipeline.cli import main
from services.pipeline.settings import PipelineSettings
from services.retriever.catalogue.catalogue import Catalogue
from tests.integration.pipeline.conftest import load
from tests.support.encoder_double import EncoderDouble
from tests.support.product_feed import product_rows, write_feed

PRODUCTS = 50
PATIENCE_S = 240.0
"""A busy machine is no failure."""

Serve = Callable[[], Catalogue]
RunHere = Callable[..., tuple[int, str, str]]


class Program:
    """`python -m services.pipeline …` with these settings."""

    def __init__(self, settings: PipelineSettings) -> None:
        values = settings.model_dump(mode="json", exclude_none=True)
        self.variables = {
            f"PIPELINE_{name.upper()}": ",".join(value) if isinstance(value, list) else str(value)
            for name, value in values.items()
        }

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "services.pipeline", *map(str, arguments)],
            env=os.environ | self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        with self.start(*arguments) as process:
            out, error = process.communicate(timeout=PATIENCE_S)
            return process.returncode, out, error


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunHere:
    """The program's `main` in this process, which has Feast imported already."""

    def run(settings: PipelineSettings, *arguments: str | Path) -> tuple[int, str, str]:
        for name, value in Program(settings).variables.items():
            monkeypatch.setenv(name, value)
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def program(settings: PipelineSettings) -> Program:
    return Program(settings)


def test_a_load_says_what_it_did_and_ends_with_0(
    run_here: RunHere, settings: PipelineSettings, tmp_path: Path
) -> None:
    rows = product_rows(12)
    rows[1]["title"] = ""
    feed = write_feed(tmp_path / "feed.csv", rows)
    code, out, error = run_here(settings, "load", feed, "--rejects", tmp_path / "bad.csv")
    assert (code, error) == (0, "")
    first, second, columns, third = out.splitlines()
    assert first == "loaded 11 of 12 products: 0 unchanged, 11 encoded"
    assert second == f"1 rejected, see {tmp_path / 'bad.csv'}: 1 no usable title"
    assert columns == "columns that are not fields are kept as attributes: color"
    assert third.startswith("version ")
    assert "of double@1 published, in " in third


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no such file"),
        ("", "the file is empty"),
        ("a,b\n1,2\n", "no column for product_id"),
        ("id,title\n", "no product below it"),
        ("id,title\n1,\n", "not one of 1 rows can be loaded; see "),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_2_and_one_line(
    run_here: RunHere,
    settings: PipelineSettings,
    tmp_path: Path,
    content: str | None,
    reason: str,
) -> None:
    feed = tmp_path / "feed.csv"
    if content is not None:
        feed.write_text(content)
    code, out, error = run_here(settings, "load", feed)
    assert (code, out) == (2, "")
    (line,) = error.splitlines()
    assert str(feed) in line
    assert reason in line


def test_an_encoder_that_is_away_ends_with_3_and_one_line(
    run_here: RunHere, settings: PipelineSettings, tmp_path: Path
) -> None:
    away = settings.model_copy(update={"encoder_url": "http://127.0.0.1:9", "encoder_wait_s": 0.2})
    feed = write_feed(tmp_path / "feed.csv", product_rows(1))
    code, _, error = run_here(away, "load", feed)
    assert code == 3
    assert len(error.splitlines()) == 1
    assert "encoder cannot be reached" in error


def test_a_setting_that_makes_no_sense_is_named(settings: PipelineSettings, tmp_path: Path) -> None:
    code, _, error = Program(settings.model_copy(update={"text_batch": 0})).run("load", "x.csv")
    assert code == 3
    assert error.startswith("error: the setting PIPELINE_TEXT_BATCH can't be used")


def test_a_second_load_at_the_same_time_is_refused_in_one_line(
    program: Program,
    run_here: RunHere,
    settings: PipelineSettings,
    encoder: EncoderDouble,
    tmp_path: Path,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.pipeline.catalogue.stores.LOCK_WAIT_S", 0)
    feed = write_feed(tmp_path / "feed.csv", product_rows(PRODUCTS))
    is_loading, may_go_on = threading.Event(), threading.Event()

    def wait_for_second(_: int) -> None:
        is_loading.set()
        may_go_on.wait(PATIENCE_S)

    encoder.before_each = wait_for_second
    with program.start("load", feed) as first:
        assert is_loading.wait(PATIENCE_S)
        code, _, error = run_here(settings, "load", feed)
        may_go_on.set()
        _, said = first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 0, said
    assert code == 3
    assert len(error.splitlines()) == 1
    assert "another run (process " in error
    assert serve().info.products == PRODUCTS


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    with only_writer(tmp_path):
        pass
    with only_writer(tmp_path):
        pass


@contextmanager
def _interruptible() -> Iterator[None]:
    """Processes started inside take SIGINT.

    A shell starts a background job with SIGINT ignored, and children inherit that. A handler is not
    inherited: with one in place, a child starts with the default.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_with_130_and_the_next_run_goes_on(
    program: Program,
    settings: PipelineSettings,
    encoder: EncoderDouble,
    tmp_path: Path,
    serve: Serve,
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(PRODUCTS))
    running: list[subprocess.Popen[str]] = []

    def interrupt(number: int) -> None:
        if number == 12:
            running[0].send_signal(signal.SIGINT)
            # The answer is held until the program has ended, so the load cannot finish first.
            running[0].wait(PATIENCE_S / 2)

    encoder.before_each = interrupt
    with _interruptible(), program.start("load", feed) as process:
        running.append(process)
        _, error = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, error  # Python reports a swallowed interrupt here
    assert error.splitlines() == [
        "error: stopped; what is stored so far is kept, and nothing is published"
    ]
    encoder.before_each = lambda _: None
    assert load(feed, settings).counts.loaded == PRODUCTS
    assert serve().info.products == PRODUCTS


def test_killed_at_any_moment_and_run_again_nothing_is_lost_or_doubled(
    program: Program,
    settings: PipelineSettings,
    encoder: EncoderDouble,
    tmp_path: Path,
    serve: Serve,
) -> None:
    feed = write_feed(tmp_path / "feed.csv", product_rows(PRODUCTS))
    requests = PRODUCTS // settings.batch_products * 2 * 3  # 3 of words and 3 of pictures a batch
    most = (requests - 1, 5)  # after the first kill there may be but one batch left
    running: list[subprocess.Popen[str]] = []
    until_kill = 0

    def count_down(_: int) -> None:
        nonlocal until_kill
        until_kill -= 1
        if until_kill == 0:
            running[-1].kill()

    encoder.before_each = count_down
    for limit in most:
        moment = random.randint(1, limit)
        with program.start("load", feed) as process:
            running.append(process)
            until_kill = moment
            process.communicate(timeout=PATIENCE_S)
        assert process.returncode == -signal.SIGKILL, f"at request {moment}"
    encoder.before_each = lambda _: None
    last = load(feed, settings)
    assert (last.counts.loaded, last.rejected) == (PRODUCTS, 0)
    # At most the batch that each kill cut off was encoded again.
    assert len(encoder.texts) <= PRODUCTS + len(running) * settings.batch_products
    catalogue = serve()
    assert catalogue.info.products == PRODUCTS

    undisturbed = tmp_path / "undisturbed"
    project = (settings.feature_store / "feature_store.yaml").read_text()
    undisturbed.mkdir()
    (undisturbed / "feature_store.yaml").write_text(project.replace("project: ", "project: u"))
    other = load(feed, settings.model_copy(update={"feature_store": undisturbed}))
    assert other.publication.head == last.publication.head
    ids = [f"p-{number:03}" for number in range(PRODUCTS)]
    assert [one for one in ids if catalogue.get(one) is None] == []
    offline = settings.feature_store / "offline"
    assert not list(offline.glob(".drafts/*"))


def test_what_a_feed_does_not_say_is_said_on_the_command_line(
    run_here: RunHere, settings: PipelineSettings, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_bytes("Handle,Title,Variant Price\nmug,Müg,9\n".encode("cp1252"))
    options = ("--format", "shopify", "--encoding", "cp1252", "--currency", "chf")
    code, out, _ = run_here(settings, "load", feed, *options)
    assert (code, out.splitlines()[0]) == (0, "loaded 1 of 1 products: 0 unchanged, 1 encoded")
    with pytest.raises(SystemExit):
        run_here(settings, "load", feed, "--encoding", "klingon")


def test_what_a_feed_does_not_say_is_said_by_the_environment_or_by_an_option(
    run_here: RunHere,
    settings: PipelineSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    serve: Serve,
) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,price\n1,Mug,12\n")
    monkeypatch.setenv("FEED_CURRENCY", "EUR")
    for options, currency in (((), "EUR"), (("--currency", "CHF"), "CHF")):
        assert run_here(settings, "load", feed, *options)[0] == 0
        mug = serve().get("1")
        assert mug is not None
        assert mug.currency == currency
