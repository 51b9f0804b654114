"""A grid of trainings: a TOML file to jobs, in the order in which they can be trained."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import tomllib

from edgebench.errors import UsageError
from edgebench.models import store
from edgebench.training import job as jobs
from edgebench.training.job import Job

FIELDS = {field.name: str(field.type) for field in fields(Job) if field.name not in ("name", "models", "cache")}


def load(path: Path, models: Path = Path("models"), cache: Path = Path(".cache")) -> tuple[Job, ...]:
    """The cells of a sweep, as written but those first that others need; UsageError for what could not be trained.

    Keys at the top are defaults; [[models]] are cells with a `name` each; [grid] makes a cell of each combination of
    its lists, and its `name` is a pattern such as "alpha-{alpha}".
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a readable sweep ({error}). Name a TOML file.") from error
    listed, grid = raw.pop("models", []), raw.pop("grid", None)
    if not isinstance(listed, list) or not (listed or grid is not None):
        raise UsageError(f"{path}: no cells. Write [[models]], each with a name, or [grid].")
    defaults = _values(str(path), raw, "models", "grid")
    found = [_cell(path, one) for one in listed] + (_grid(path, grid) if grid is not None else [])
    cells: dict[str, Job] = {}
    for own in found:
        values = {**defaults, **own}
        if "data" not in values:
            raise UsageError(f'{path}: {own["name"]!r}: no data. Write data = ["FOLDER"] at the top, or in the cell.')
        job = Job(**values, models=str(models), cache=str(cache))
        if str(job.folder) in cells:
            raise UsageError(f"{path}: name {job.name!r} is given twice. Each cell needs a name of its own.")
        cells[str(job.folder)] = job
    cells = {folder: _with_folders(path, job, cells) for folder, job in cells.items()}
    for job in cells.values():
        _check(path, job, cells)
    return _ordered(path, cells)


def _cell(path: Path, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        raise UsageError(f"{path}: {raw!r} has no name. Write [[models]], each with name = a text.")
    rest = {key: value for key, value in raw.items() if key != "name"}
    return {"name": raw["name"], **_values(f"{path}: {raw['name']!r}", rest, "name")}


def _grid(path: Path, raw: Any) -> list[dict[str, Any]]:
    """A cell for each combination; the last list goes round fastest."""
    where = f"{path}: [grid]"
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        raise UsageError(
            f'{where} has no name. Write one with the keys of its lists, such as name = "alpha-{{alpha}}".'
        )
    lists = {key: value for key, value in raw.items() if key != "name"}
    for key, value in lists.items():
        if key in FIELDS and (not isinstance(value, list) or not value):
            raise UsageError(f"{where}: {key} is {value!r}, expected a list of values.")
    cells = []
    for chosen in itertools.product(*lists.values()):
        values = _values(where, dict(zip(lists, chosen)), "name")
        try:
            cells.append({"name": raw["name"].format_map(values), **values})
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            known = ", ".join(f"{{{key}}}" for key in lists)
            raise UsageError(f"{where}: name {raw['name']!r} cannot be filled in ({error}). Use: {known}.") from error
    return cells


def _values(where: str, raw: dict[str, Any], *others: str) -> dict[str, Any]:
    unknown = sorted(raw.keys() - FIELDS.keys())
    if unknown:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}. Known: {', '.join((*others, *FIELDS))}.")
    return {key: _value(where, key, value) for key, value in raw.items()}


def _value(where: str, key: str, value: Any) -> Any:
    kind = FIELDS[key].removesuffix(" | None")
    if kind == "tuple[str, ...]":
        if isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
            return tuple(value)
        wanted = "a list of texts"
    elif kind == "float":
        if type(value) in (int, float):
            return float(value)
        wanted = "a number"
    elif kind == "int":
        least = 0 if key == "seed" else 1
        if type(value) is int and value >= least:
            return value
        wanted = f"a whole number from {least}"
    else:
        if isinstance(value, str) and value:
            return value
        wanted = "a text"
    raise UsageError(f"{where}: {key} is {value!r}, expected {wanted}.")


def _with_folders(path: Path, job: Job, cells: dict[str, Job]) -> Job:
    """The job with folders instead of the names of teacher and start."""
    return replace(
        job,
        teacher=job.teacher and _folder(path, job, "teacher", job.teacher, cells),
        start=job.start and _folder(path, job, "start", job.start, cells),
    )


def _folder(path: Path, job: Job, role: str, name: str, cells: dict[str, Job]) -> str:
    """A cell goes before a model that is there."""
    for folder in (Path(job.models) / name, Path(name)):
        there = (folder / store.CARD).is_file() or (folder.suffix == ".keras" and folder.is_file())
        if there or str(folder) in cells:
            return str(folder)
    names = ", ".join(cell.name for cell in cells.values())
    raise UsageError(f"{path}: {job.name!r}: {role} {name!r} is no cell and no model in {job.models}. Cells: {names}.")


def _check(path: Path, job: Job, cells: dict[str, Job]) -> None:
    teacher, start = cells.get(job.teacher or ""), cells.get(job.start or "")
    try:
        jobs.check(job)
        if start is not None:
            jobs.check_start(start.name, start, job)
    except UsageError as error:
        raise UsageError(f"{path}: {job.name!r}: {error}") from error
    if teacher is not None and teacher.kind != job.kind:
        raise UsageError(
            f"{path}: {job.name!r}: kind is {job.kind!r}, its teacher {teacher.name!r} has {teacher.kind!r}. "
            "Both must look at the same patches."
        )


def _ordered(path: Path, cells: dict[str, Job]) -> tuple[Job, ...]:
    placed: dict[str, Job] = {}

    def place(folder: str, pupils: tuple[str, ...]) -> None:
        if folder in pupils:
            ring = " -> ".join(cells[one].name for one in (*pupils[pupils.index(folder) :], folder))
            raise UsageError(f"{path}: models that need each other: {ring}. One of them must do without.")
        if folder in cells and folder not in placed:
            for needed in cells[folder].needs:
                place(needed, (*pupils, folder))
            placed[folder] = cells[folder]

    for folder in cells:
        place(folder, ())
    return tuple(placed.values())
