"""Programmes run by real runners, through the same sessions and devices as models are."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgebench.backends.programmable import Programme
from edgebench.bench import session
from edgebench.bench.artifacts import Artifact
from edgebench.bench.cells import ONE_PATCH, Cell, Data
from edgebench.bench.order import interleaved
from edgebench.bench.suite import Settings
from edgebench.devices.base import Device
from edgebench.files import sha256
from edgebench.records import store
from edgebench.selftest import pattern

BACKEND = "programmable"
PRECISION = "float32"
Tell = Callable[[str, float], None]  # what is done now, share of its part that is behind


@dataclass(frozen=True)
class Bench:
    """What every part gets; folder is a temporary one. quick: fewer and shorter runs, a first look."""

    folder: Path
    device: Device
    data: Data
    seed: int
    quick: bool
    tell: Tell = lambda what, share: None


@contextmanager
def opened(device: Device, *, seed: int, quick: bool) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="edgebench-") as folder:
        root = Path(folder)
        (root / "data").mkdir()
        yield Bench(root, device, pattern.write(root / "data"), seed, quick)


def cell(bench: Bench, name: str, programme: Programme, *, backend: str = BACKEND, **settings: Any) -> Cell:
    """Settings: one patch a call and no least time, if not told otherwise."""
    path = write(bench, name, programme)
    file = {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}
    target = {"target": f"programme-{PRECISION}", "format": "programme", "precision": PRECISION}
    about = {**target, "bytes": file["bytes"], "sha256": file["sha256"], "files": [file]}
    model = {"name": name, "alpha": None, "input_size": pattern.INPUT_SIZE}
    model |= {"parameters": None, "macs": None, "sha256": None}
    chosen = Settings(**{"batch_size": 1, "seconds": 0, "seed": bench.seed, **settings})
    return Cell(Artifact(path, model, about), backend, None, chosen)


def write(bench: Bench, name: str, programme: Programme) -> Path:
    path = bench.folder / f"{name}.programme"
    path.write_text(json.dumps(asdict(programme)), encoding="utf-8")
    return path


def record(bench: Bench, measured: Cell, device: Device | None = None) -> dict[str, Any]:
    """The whole cell: its record, as `edgebench run` would have written it. Raises what a run raises."""
    return records(bench, {measured.artifact.model["name"]: measured}, device)[measured.artifact.model["name"]]


def records(bench: Bench, cells: Mapping[str, Cell], device: Device | None = None) -> dict[str, dict[str, Any]]:
    """The same for several cells, their processes interleaved."""

    def tell(step: session.Step, event: dict[str, Any]) -> None:
        bench.tell(f"{step.cell.artifact.model['name']}: {step.phase}", step.number / step.of)

    done = session.run(
        list(cells.values()), device or bench.device, bench.data, bench.folder, seed=bench.seed, tell=tell
    )
    found = [store.load(outcome.path) for outcome in done]
    by_name = {one["model"]["name"]: one for one in found}
    return {name: by_name[name] for name in cells}


def processes(bench: Bench, cells: Mapping[str, Cell], mode: str) -> dict[str, list[dict[str, Any]]]:
    """Results of the processes of one mode, interleaved, by cell; outputs and one-patch runs left out."""
    specs = {
        name: [spec for phase, spec in one.processes(bench.data) if spec.mode == mode and phase != ONE_PATCH]
        for name, one in cells.items()
    }
    order = interleaved(specs, bench.seed)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in cells}
    for number, (name, spec) in enumerate(order):
        bench.tell(name, number / len(order))
        for event in bench.device.run(spec):
            if event["event"] == mode:
                found[name].append({key: value for key, value in event.items() if key not in ("event", "outputs")})
    return found


def within(bench: Bench, begin: float, end: float) -> Bench:
    """The bench for a share of a part: what it tells is scaled to lie there."""
    return replace(bench, tell=lambda what, share: bench.tell(what, begin + (end - begin) * share))
