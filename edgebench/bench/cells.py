"""A cell: one artifact on one backend with its settings, and the id that says when two are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import edgebench
from edgebench.backends import profiling
from edgebench.bench.artifacts import Artifact
from edgebench.bench.suite import Settings
from edgebench.devices.base import CODE
from edgebench.energy.choose import COMMAND
from edgebench.errors import BackendError, DeviceError, UsageError
from edgebench.files import sha256_of_sources
from edgebench.types import RunSpec, StackFiles

MEMORY_LIMIT = "memory limit"
SUSTAINED = "sustained"
ONE_PATCH = "one patch"  # the process whose calls all see the same patch: R9


@dataclass(frozen=True)
class Data:
    """The data set as a session needs it; root is its folder on the device."""

    root: str
    about: dict[str, Any]  # "data" of a record, for the splits that are measured
    stacks: Mapping[str, tuple[StackFiles, ...]]  # by split


@dataclass(frozen=True)
class Cell:
    artifact: Artifact
    backend: str
    package: str | None  # distribution that the device must have
    settings: Settings
    energy_command: str = ""  # no part of a record: it may name what is nobody's business

    @property
    def name(self) -> str:
        """With what tells it from other cells of the artifact: batch and threads, where they are not the usual."""
        settings, usual = self.settings, Settings()
        batch = f", batch {settings.batch_size}" if settings.batch_size != usual.batch_size else ""
        threads = f", {settings.threads} threads" if settings.threads != usual.threads else ""
        return f"{self.artifact.name} on {self.backend}{batch}{threads}"

    def processes(self, data: Data) -> list[tuple[str, RunSpec]]:
        """Every process of the cell with its name: accuracy by split, latency, latency on one patch, memory, time by
        operator, and what else is asked for. The memory limit is a search by many runners, and counts as one.

        Without repeats times mean nothing: of them there is none, and instructions are counted."""
        every = tuple(stack for stacks in data.stacks.values() for stack in stacks)
        found = [(f"accuracy {split}", self._spec("accuracy", data, stacks)) for split, stacks in data.stacks.items()]
        repeats = self.settings.repeats
        found += [(f"latency {i + 1}/{repeats}", self._spec("latency", data, every, i)) for i in range(repeats)]
        if repeats:
            found.append((ONE_PATCH, replace(self._spec("latency", data, every), rotation=1, energy="off")))
        else:
            found.append(("count", self._spec("count", data, every)))
        found.append(("memory", self._spec("memory", data, every)))
        if repeats and profiling.tells(self.backend):
            found.append(("profile", self._spec("profile", data, every)))
        if self.settings.sustained:
            found.append((SUSTAINED, self._spec("sustained", data, every)))
        if self.settings.memory_limit:
            found.append((MEMORY_LIMIT, self._spec("endure", data, every)))
        return found

    def _spec(self, mode: str, data: Data, stacks: tuple[StackFiles, ...], repeat: int = 0) -> RunSpec:
        return RunSpec(
            mode=mode,
            artifact=str(self.artifact.path),
            backend=self.backend,
            batch_size=self.settings.batch_size,
            threads=self.settings.threads,
            input_size=self.artifact.input_size,
            data_root=data.root,
            stacks=stacks,
            delta_nm=self.settings.delta_nm,
            images=self.settings.images,
            iterations=self.settings.iterations,
            seconds=self.settings.seconds / max(self.settings.repeats, 1),
            rotation=self.settings.rotation,
            seed=self.settings.seed + repeat,
            minutes=self.settings.sustained if mode == "sustained" else 0,
            energy=self.settings.energy if mode == "latency" else "off",
            energy_command=self.energy_command if mode == "latency" else "",
        )


def check_installed(cell: Cell, host: Mapping[str, Any], device: str) -> None:
    """BackendError where the device lacks the runtime; asked before anything is measured."""
    if cell.package is not None and cell.package not in host["versions"]:
        raise BackendError(
            f"backend {cell.backend!r} needs {cell.package}, which device {device!r} does not have. "
            f"Install it there: pip install {cell.package}; or name another Python with --python."
        )


def check_energy(cell: Cell, host: Mapping[str, Any], device: str) -> None:
    """DeviceError where the device lacks the source that is asked for; asked before anything is measured."""
    if cell.settings.energy == COMMAND and not cell.energy_command.strip():
        raise UsageError(f"{cell.name}: energy source {COMMAND!r} without a command. Give --energy-command.")
    reason = host.get("no_energy", {}).get(cell.settings.energy)
    if reason is not None:
        raise DeviceError(f"device {device!r}: energy source {cell.settings.energy!r}: {reason}.")


def identity(cell: Cell, data: Data, host: Mapping[str, Any]) -> str:
    """Readable, and with a fingerprint of all that defines the cell: a change of any part is another record."""
    defining = {
        "files": [file["sha256"] for file in cell.artifact.about["files"]],
        "input_size": cell.artifact.input_size,
        "backend": [cell.backend, host["versions"].get(cell.package)],
        "data": [data.about["sha256"], *data.stacks],
        "settings": asdict(cell.settings),
        "code": [edgebench.__version__, code_sha256()],
        "cpu": host["cpu"],
    }
    fingerprint = hashlib.sha256(json.dumps(defining, sort_keys=True).encode()).hexdigest()[:8]
    settings, artifact = cell.settings, cell.artifact
    images = f"_i{settings.images}" if settings.images else ""
    return (
        f"{artifact.model['name']}_{artifact.about['target']}_{cell.backend}"
        f"_b{settings.batch_size}_t{settings.threads}{images}_{fingerprint}"
    )


def code_sha256() -> str:
    """Of the code that runs on the device: a change elsewhere does not make a measurement stale."""
    package = Path(edgebench.__file__).parent
    return sha256_of_sources(package, sorted(path for pattern in CODE for path in package.glob(pattern)))
