"""Our times against those of the runtimes' own tools and of MLPerf's LoadGen, on the same files and cores.

python benchmarks/peers.py --data data/simulated       measure: half an hour a model, on a quiet machine
python benchmarks/peers.py --report                    write docs/validation.md again, from the record alone

Every round runs each program once for each cell (artifact, batch, threads) in a fresh process; the cells of a round,
and the programs of a cell, are in seeded random order. Before the first round every program is started once, with few
calls that do not count: what cannot run stops the script there. LoadGen needs `pip install .[peers]`; without it that
peer is left out, and the record says so. Nothing is written before the last process has ended.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import common
from validation import page, session
from validation.process import Peer
from validation.record import SCHEMA, load
from validation.session import Pace
from validation.tools import CONTROLS, PEERS

from edgebench.bench import artifacts
from edgebench.devices import base as devices
from edgebench.errors import UsageError
from edgebench.records.statistics import PROCESSES
from edgebench.records.store import write

MODELS = ("reduced", "original")  # those that are there
TARGETS = ("tflite-float32", "tflite-int8", "onnx-float32", "openvino-float32")
SPLITS = ("test-1", "test-2")
ROUNDS, QUICK_ROUNDS = 10, 4
CALLS, QUICK_CALLS = 1000, 200
SECONDS = 5.0
RECORD, PAGE = "validation/peers.json", Path("docs/validation.md")


def main() -> None:
    given = _options()
    path = common.measured(given, RECORD, SCHEMA, _measured)
    write(given.page, page.document(load(path)))
    print(given.page)


def _options() -> argparse.Namespace:
    parser = common.parser(__doc__ or "", PAGE)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--artifact", action="append", help="a file, or MODEL/TARGET; more than once for more")
    parser.add_argument("--batch", type=common.counts, default=(1, 8), help="batch sizes (default 1,8)")
    parser.add_argument("--threads", type=common.counts, default=(1, 2), help="threads (default 1,2)")
    parser.add_argument("--rounds", type=common.count, help=f"processes of each program (default {ROUNDS})")
    parser.add_argument("--calls", type=common.count, help=f"timed calls of a process, at most (default {CALLS})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds, {QUICK_CALLS} calls")
    return parser.parse_args()


def _measured(given: argparse.Namespace) -> common.Record:
    rounds = given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS)
    if rounds < PROCESSES:
        raise UsageError(f"--rounds {rounds}: fewer than {PROCESSES} processes give no interval. Ask for more.")
    pace = Pace(rounds, given.calls or (QUICK_CALLS if given.quick else CALLS), SECONDS, given.seed)
    about, stacks = common.data(given.data, SPLITS)
    there, skipped = installed()
    for name, reason in skipped.items():
        print(f"{name}: left out, {reason}", file=sys.stderr)
    found = [artifacts.find(name, given.models) for name in given.artifact or default_artifacts(given.models)]
    cells = session.plan(found, given.batch, given.threads, there, str(given.data.resolve()), stacks)
    device = devices.connect("local")
    host = common.host(device)
    before = device.state()
    measured = session.measure(cells, pace, device)
    return {
        **common.head("validation"),
        "quick": given.quick,
        "settings": asdict(pace),
        "host": host,
        "before": before,
        "after": device.state(),
        "data": about,
        "peers": {peer.name: peer.version() for peer in there},
        "skipped": skipped,
        "cells": measured,
    }


def default_artifacts(models: Path) -> list[str]:
    """Of our models, those that are converted."""
    names = [f"{model}/{target}" for model in MODELS for target in TARGETS]
    found = [name for name in names if (models / name).with_suffix(".json").is_file()]
    if not found:
        raise UsageError(f"{models}: no artifact of {' or '.join(MODELS)}. Convert one, or name it with --artifact.")
    return found


def installed(peers: Sequence[Peer] = (*PEERS, *CONTROLS)) -> tuple[tuple[Peer, ...], dict[str, str]]:
    """The peers that are there, and why the others are not."""
    missing = {peer.name: f"{peer.package} is not installed" for peer in peers if peer.version() is None}
    return tuple(peer for peer in peers if peer.name not in missing), missing


if __name__ == "__main__":
    common.end(main)
