"""One process of another program: what it is asked, and what it says."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from edgebench.errors import DeviceError
from edgebench.types import RunSpec

LIMIT_S = 1800  # a peer that takes longer hangs


@dataclass(frozen=True)
class Task:
    """One process of a peer; `run` is the RunSpec of the edgebench process that it is compared with."""

    run: RunSpec
    calls: int
    expected_ns: int  # of one call, roughly


@dataclass(frozen=True)
class Reading:
    """What a peer says of its calls, ns; None for what it does not tell."""

    median_ns: float | None
    mean_ns: float
    executed: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    name: str
    package: str
    backends: tuple[str, ...]  # of edgebench: what it is compared with
    batches: tuple[int, ...] | None  # that it can be asked for; None: any
    command: Callable[[Task, Path], list[str]]  # the folder is for its files
    output: str | None  # the file in it that is read; None: standard output
    read: Callable[[str], Reading]
    times: str
    inputs: str
    changed: str = ""  # by launch.py
    times_calls: int = 1  # how many times the calls of others
    control: str | None = None  # a program of ours that differs from the peer, or from us, in one thing

    def version(self) -> str | None:
        """Of its package; None where it is not installed."""
        try:
            return metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return None

    def takes(self, backend: str, batch_size: int) -> bool:
        return backend in self.backends and (self.batches is None or batch_size in self.batches)


def run(peer: Peer, task: Task) -> Reading:
    """One fresh process of a peer, from start to end; DeviceError with its last words where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, *peer.command(task, Path(folder))]
        try:
            done = subprocess.run(
                command,
                input=json.dumps(dataclasses.asdict(task.run)),
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=LIMIT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise DeviceError(f"{peer.name}: no end after {LIMIT_S} s. Ask for fewer --calls.") from error
        path = Path(folder) / peer.output if peer.output else None
        text = path.read_text() if path is not None and path.is_file() else done.stdout
        if done.returncode:
            words = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
            raise DeviceError(f"{peer.name}: {_ended(done.returncode)} on {task.run.artifact}. Its last words: {words}")
    try:
        return peer.read(text)
    except (ValueError, KeyError) as error:
        raise DeviceError(f"{peer.name}: its answer is not as expected ({error}). Is it another version?") from error


def _ended(status: int) -> str:
    return f"ended with status {status}" if status > 0 else f"was ended by {signal.Signals(-status).name}"
