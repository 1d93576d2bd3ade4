"""Benchmark `served`: one short text a request, to the encoder and to infinity, in turns.

Both serve the same random weights in ViT-B/32's shape; the one that is not asked idles. No text is
asked for twice. `--write` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import subprocess
import tempfile
from pathlib import Path

from tests.benchmarks.encoder import hugging_face
from tests.benchmarks.encoder.contenders import clip_b32, save_weights
from tests.benchmarks.machine import measured_by, precision_of
from tests.benchmarks.report import table, write_section
from tests.benchmarks.served.servers import Server, infinity, ours
from tests.load.client import Connections, Timed, by_clients, per_second, percentile_ms

CLIENTS = (1, 8, 32, 128)
_NUMBERS = itertools.count()

Answers = dict[tuple[str, int], list[Timed]]
"""By server and number of clients."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--infinity", type=Path, default=Path(".venv-infinity"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = _compare(Path(folder), options)
    print(text)
    if options.write:
        write_section("Encoder, served", text)


def _compare(folder: Path, options: argparse.Namespace) -> str:
    model = clip_b32()
    weights = folder / "b32.pt"
    save_weights(model, weights)
    hugging_face.write_folder(model.state_dict(), folder / "hugging-face")
    del model
    servers = [
        infinity(options.infinity, folder / "hugging-face"),
        ours(weights, folder / "cache"),
    ]
    try:
        for server in servers:
            server.start(folder / f"{server.name}.log")
        texts = ["red striped mug", "a wooden chair, très bon!", "mug"]
        theirs, own = (server.vectors(texts) for server in servers)
        cosine = float((theirs * own).sum(1).min())
        answers = asyncio.run(_in_turns(servers, options))
        precision = precision_of(f"http://127.0.0.1:{servers[1].port}")
        memory = {server.name: server.resident_mib() for server in servers}
    finally:
        for server in servers:
            server.stop()
    return _told(options, servers, precision, answers, memory, cosine)


async def _in_turns(servers: list[Server], options: argparse.Namespace) -> Answers:
    answers: Answers = {}
    for number in range(options.rounds + 1):
        for clients in CLIENTS:
            for server in servers:
                connections = Connections("127.0.0.1", server.port)
                found = await by_clients(
                    connections,
                    clients,
                    options.seconds if number else 1.0,
                    lambda server=server: server.request([f"red striped mug {next(_NUMBERS)}"]),  # type: ignore[misc]
                )
                connections.close()
                if any(answer.status != 200 for answer in found):
                    raise RuntimeError(f"{server.name} did not answer all: no comparison")
                if number:
                    answers.setdefault((server.name, clients), []).extend(found)
    return answers


def _told(
    options: argparse.Namespace,
    servers: list[Server],
    precision: str,
    answers: Answers,
    memory: dict[str, float],
    cosine: float,
) -> str:
    def figures(name: str, clients: int) -> list[float]:
        found = answers[name, clients]
        return [
            per_second(found, clients),
            percentile_ms(found, 0.5),
            percentile_ms(found, 0.99),
        ]

    peer, own = (server.name for server in servers)
    rows: list[list[object]] = []
    for clients in CLIENTS:
        before, now = figures(peer, clients), figures(own, clients)
        rows.append([clients, *now, *before, f"**{now[0] / before[0]:.1f}×**"])
    units = ("texts/s", "p50 ms", "p99 ms")
    head = [f"{name}: {unit}" for name in (own, peer) for unit in units]
    starts = {server.name: server.started_s for server in servers}
    return (
        f"{measured_by('served', ('openvino', 'torch'))} {_version(options.infinity)}. "
        "Random weights in ViT-B/32's shape, the same in both (least cosine between their answers "
        f"{cosine:.5f}). One new short text a request, as JSON; clients ask again at once and "
        f"share the machine. Turns: {options.rounds} of {options.seconds:g} s each.\n\n"
        + table(["clients", *head, "throughput ratio"], rows)
        + f"\n\nFrom its start to its first answer: {own} {starts[own]:.1f} s, {peer} "
        f"{starts[peer]:.1f} s. Memory afterwards: {own} {memory[own]:.0f} MiB, {peer} "
        f"{memory[peer]:.0f} MiB. {own} computes in {precision}, {peer} in fp32, as it does on "
        "processors."
    )


def _version(environment: Path) -> str:
    """Versions of infinity and of its libraries, in its own environment."""
    names = ("infinity-emb", "torch", "transformers")
    say = (
        "import sys, importlib.metadata as m; "
        "print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    )
    done = subprocess.run(
        [environment / "bin" / "python", "-c", say, *names],
        check=True,
        capture_output=True,
        text=True,
    )
    return f"Beside it {done.stdout.strip()}"


if __name__ == "__main__":
    main()
