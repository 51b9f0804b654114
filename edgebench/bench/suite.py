"""Suites: benchmarks/<name>.toml says which artifacts run on which backends, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

from edgebench.energy.choose import AUTO, NAMES
from edgebench.errors import UsageError
from edgebench.records.gate_names import GATES
from edgebench.types import DELTA_NM

FOLDER = Path("benchmarks")


@dataclass(frozen=True)
class Settings:
    """How a cell is measured; all of it goes into its record."""

    batch_size: int = 8
    threads: int = 1
    images: int = 0  # of each split, spread evenly; 0: all
    repeats: int = 5  # latency processes
    iterations: int = 205  # timed calls of each, at least: 1,024 in all
    seconds: int = 60  # timed at least, by all of them together
    rotation: int = 64  # different patches that take turns in them
    seed: int = 0
    delta_nm: int = DELTA_NM
    sustained: int = 0  # minutes of a further process that never rests; 0: none
    memory_limit: bool = False  # the smallest limit of memory is searched
    energy: str = AUTO  # source of the latency processes' joules
    page_cache: str = "warm"  # the accuracy process reads every file once before its timed loop


@dataclass(frozen=True)
class Line:
    """One cell as a suite names it."""

    artifact: str  # MODEL/TARGET
    backend: str
    settings: Settings


@dataclass(frozen=True)
class Suite:
    name: str
    splits: tuple[str, ...]
    lines: tuple[Line, ...]
    gates: tuple[str, ...] = ()  # records/gates.py
    baseline: str = ""  # folder of former records that gates compare with


# R8: 1,024 calls and 60 s are what MLPerf Mobile asks for. R2: ten processes for a published table.
PRESETS = {"quick": {"repeats": 4, "iterations": 256, "seconds": 0}, "publish": {"repeats": 10, "seconds": 60}}
_SETTINGS: dict[str, type] = {  # of a suite, or of one of its cells
    **dict.fromkeys(("batch_size", "threads", "images", "repeats", "iterations", "seconds", "sustained"), int),
    "memory_limit": bool,
    "energy": str,
}
_LISTS = ("models", "splits", "cells", "gates")
_SUITE: dict[str, type] = {"title": str, "baseline": str, **dict.fromkeys(_LISTS, list), **_SETTINGS}
_CELL: dict[str, type] = {"target": str, "backend": str, "models": list, **_SETTINGS}
_MAY_BE_0 = ("images", "seconds", "sustained")


def settings(numbers: Mapping[str, Any]) -> Settings:
    """Who names the number of calls, and no time, gets just so many."""
    if numbers.get("sustained") == 1:
        raise UsageError("sustained is 1 minute, but the last is compared with the first. Ask for 2 or more.")
    if numbers.get("energy", AUTO) not in NAMES:
        raise UsageError(f"no energy source {numbers['energy']!r}. Sources: {', '.join(NAMES)}.")
    exact = {"seconds": 0} if "iterations" in numbers else {}
    return Settings(**{**exact, **numbers})


def load(name: str, given: Mapping[str, Any], folder: Path = FOLDER, models: Sequence[str] = ()) -> Suite:
    """Read a suite by its name or path; `given` and `models` (command line) go before what the suite says.

    A cell that names some of the suite's models is none of the others.
    Raises UsageError for an unknown name, key or type.
    """
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if not path.is_file():
        there = ", ".join(sorted(found.stem for found in folder.glob("*.toml"))) or f"none in {folder}/"
        raise UsageError(f"no suite {name!r}. Suites: {there}.")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: not TOML ({error}). Correct it.") from error
    _check(path, raw, _SUITE, ("models", "splits", "cells"))
    lines = []
    for model in models or raw["models"]:
        for cell in raw["cells"]:
            _check(path, cell, _CELL, ("target", "backend"))
            if model in raw["models"] and model not in cell.get("models", raw["models"]):
                continue
            numbers: dict[str, Any] = {
                key: part[key] for part in (raw, cell, given) for key in part if key in (*_SETTINGS, "seed")
            }
            lines.append(Line(f"{model}/{cell['target']}", cell["backend"], settings(numbers)))
    gates = tuple(raw.get("gates", ()))
    unknown = [gate for gate in gates if gate not in GATES]
    if unknown:
        raise UsageError(f"{path}: no gate {unknown[0]!r}. Gates: {', '.join(GATES)}.")
    return Suite(path.stem, tuple(raw["splits"]), tuple(lines), gates, raw.get("baseline", ""))


def _check(path: Path, raw: Any, known: Mapping[str, type], needed: tuple[str, ...]) -> None:
    if not isinstance(raw, dict):
        raise UsageError(f"{path}: {raw!r} is not a table. Write [[cells]] with target and backend.")
    unknown = sorted(set(raw) - set(known))
    missing = [key for key in needed if not raw.get(key)]
    if unknown or missing:
        what = f"unknown {', '.join(unknown)}" if unknown else f"no {', '.join(missing)}"
        raise UsageError(f"{path}: {what}. Known: {', '.join(known)}.")
    for key, value in raw.items():
        if type(value) is not known[key]:
            raise UsageError(f"{path}: {key} is {value!r}, expected {known[key].__name__}.")
        if type(value) is int and value < (0 if key in _MAY_BE_0 else 1):
            raise UsageError(f"{path}: {key} is {value}, expected a positive number.")
