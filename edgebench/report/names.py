"""What a run is called in the tables that have a column for everything else."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from edgebench.records.summary import Summary
from edgebench.report.markdown import Notes
from edgebench.report.rows import slides

ALWAYS = ("name", "device")


def names(runs: Sequence[Summary], notes: Notes) -> tuple[str, ...]:
    """Model, target and device, and only what else tells some of the runs apart; all names differ.

    A run on simulated slides carries its mark behind model and target.
    """
    of = [_parts(run) for run in runs]
    short = _joined(of, ALWAYS)
    needed = {key for parts in of for key in parts if _tells_apart(of, short, key)}
    found = _joined(of, needed.union(ALWAYS))
    return tuple(
        name.replace(parts["name"], parts["name"] + slides(run, notes), 1)
        + (f", {run.record['id'][-8:]}" if found.count(name) > 1 else "")
        for run, parts, name in zip(runs, of, found)
    )


def device(run: Summary) -> str:
    """Its name, that it is emulated, and its CPU where devices of one name have several."""
    about = run.record["device"]
    return f"{about['name']}{' (emulated)' if about['emulated'] else ''}{f' ({run.cpu})' if run.cpu else ''}"


def _parts(run: Summary) -> dict[str, str]:
    """All that a name may have, in its order."""
    settings = run.record["settings"]
    return {
        "name": f"{run.record['model']['name']} {run.record['artifact']['target']}",
        "device": device(run),
        "backend": run.record["backend"]["name"],
        "threads": f"{settings['threads']} thread{'s' if settings['threads'] > 1 else ''}",
        "batch": f"batch {settings['batch_size']}",
        "images": f"{settings['images'] or 'all'} images",
    }


def _joined(of: Sequence[dict[str, str]], keys: Collection[str]) -> list[str]:
    return [", ".join(parts[key] for key in parts if key in keys) for parts in of]


def _tells_apart(of: Sequence[dict[str, str]], called: Sequence[str], key: str) -> bool:
    """Whether two runs that are called the same differ in it."""
    values: dict[str, set[str]] = {}
    for name, parts in zip(called, of):
        values.setdefault(name, set()).add(parts[key])
    return any(len(found) > 1 for found in values.values())
