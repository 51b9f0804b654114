"""A board by emulation: real answers, instructions and memory of its kernels; its times are none, and are not taken."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import edgebench
from edgebench.devices.base import Event
from edgebench.devices.local import Local
from edgebench.emulation import userland
from edgebench.emulation.boards import CORES, Board
from edgebench.runner import guest
from edgebench.runner.count import CALL, FIELD
from edgebench.runner.host import processor
from edgebench.types import RunSpec


class Emulated(Local):
    """Runners are children of this machine, as those of the local device are, but under qemu."""

    emulated = True

    def __init__(self, board: Board, there: userland.Userland) -> None:
        super().__init__(board.name)
        self._board, self._there = board, there
        self._folder = tempfile.TemporaryDirectory(prefix="edgebench-")
        here = Path(self._folder.name)
        (here / "root").mkdir()
        self._root = userland.overlay(there, board, here / "root")
        (here / "code").mkdir()
        (here / "code" / "edgebench").symlink_to(Path(edgebench.__file__).parent)
        self._counts = here / "counts"
        self._counting = False

    def no_limits(self) -> Optional[str]:
        return "an emulated board's memory is the emulator's"

    def run(self, spec: RunSpec) -> Iterator[Event]:
        """As any device; the count event gets what the plugin wrote of each call, where there is a plugin."""
        self._counting = spec.mode == "count" and self._there.plugin is not None
        for event in super().run(spec):
            if event["event"] == "count" and self._counting:
                event["board"] = self._board.name  # the device may have a name of the user's own
                event["instructions"] = _counted(self._counts, CALL)
                event["preprocessing"] = _counted(self._counts, FIELD)
                event["caches"] = [list(cache) for cache in self._board.caches]
            yield self._as_board(event)

    def host(self) -> Event:
        self._counting = False
        return self._as_board(super().host())

    def state(self) -> dict[str, object]:
        return {"load": os.getloadavg()[0]}

    def _as_board(self, event: Event) -> Event:
        """What the emulator lets through of this machine is put right, and named."""
        if event["event"] != "host":
            return event
        on = {"emulator": _version(self._there), "emulated_on": processor()[0], "mhz": self._board.mhz}
        return {**event, "cores": CORES, "memory_bytes": self._board.memory_bytes, **on}

    def _python(self) -> list[str]:
        geometry = ":".join(f"{kib}x{ways}" for kib, ways in self._board.caches)
        plugin = ["-plugin", f"{self._there.plugin},out={self._counts},cache={geometry}"] if self._counting else []
        emulator = [*self._there.emulator, "-cpu", self._board.cpu, "-L", str(self._root), *plugin]
        return [*emulator, str(self._there.python)]

    def _environment(self) -> Optional[dict[str, str]]:
        return {
            "PATH": "/usr/bin",
            "HOME": "/tmp",
            "PYTHONPATH": f"{Path(self._folder.name) / 'code'}:{self._there.site}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
            guest.VARIABLE: self._board.name,
        }


def _counted(file: Path, phase: int) -> list[dict[str, Any]]:
    """What ran between marks, of each time that this ended."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "phase"} for line in lines if line["phase"] == phase]


def _version(there: userland.Userland) -> str:
    done = subprocess.run([*there.emulator, "--version"], capture_output=True, text=True)
    return done.stdout.splitlines()[0].strip() if done.stdout else "qemu of an unknown version"
