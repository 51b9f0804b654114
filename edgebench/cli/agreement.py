"""edgebench compare --device A B: answers of two devices, from their records; and where they part, by running both."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.cli import screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.devices.base import Device
    from edgebench.records.agreement import Agreement
    from edgebench.records.schema import Record


def show(
    names: tuple[str, str],
    artifacts: Sequence[str],
    results: Path,
    seen_in: tuple[Path, Path] | None,
    *,
    as_json: bool = False,
) -> None:
    """seen_in: folders of the models and of the data; None: layers are not looked at."""
    from edgebench.devices import base as bases
    from edgebench.records.agreement import agreement

    pairs = _pairs(names, artifacts, results)
    found = [agreement(base, other) for base, other in pairs]
    emulated = sorted({r["device"]["name"] for pair in pairs for r in pair if r["device"]["emulated"]})
    parted: list[str] = []
    if seen_in:
        both = [bases.connect(name, bases.Asked(tell=screen.say)) for name in names]
        parted = [_parted(both, other, *seen_in) for _, other in pairs]
    if as_json:
        cells = [
            {"artifact": _of(other), "backend": other["backend"]["name"], "agreement": one}
            for one, (_, other) in zip(found, pairs)
        ]
        more = {"parting": dict(zip((_name(other) for _, other in pairs), parted))} if parted else {}
        screen.document({"base": names[0], "other": names[1], "emulated": emulated, "cells": cells, **more})
        return
    screen.line(f"{names[1]} against {names[0]}, patch by patch; a record keeps answers to 0.0001 um")
    headers = ("", "patches", "mean |d| um", "max |d| um", "differ", "largest at")
    screen.table(headers, [(_name(other), *_figures(one)) for one, (_, other) in zip(found, pairs)], right=(1,))
    if emulated:
        screen.line(f"emulated: {', '.join(emulated)}")
    for (_, other), said in zip(pairs, parted):
        screen.line(f"{_name(other)}: {said}")


def _figures(found: Agreement | None) -> tuple[str, ...]:
    if found is None:
        return "0", "", "", "", "no patch was seen by both"
    mean, most = f"{found.mean_um:.2g}", f"{found.max_um:.2g}"
    return f"{found.patches:,}", mean, most, f"{found.differing:.1%}", found.worst if found.max_um else ""


def _pairs(names: tuple[str, str], artifacts: Sequence[str], results: Path) -> list[tuple[Record, Record]]:
    """The newest record of each device for every artifact, backend and data set that both measured."""
    from edgebench.records import store
    from edgebench.records.agreement import identity

    there: list[dict[tuple[object, ...], Record]] = []
    for name in names:
        paths = sorted((results / "runs" / name).glob("[!.]*.json"))
        if not paths:
            known = ", ".join(sorted(path.name for path in (results / "runs").glob("*") if path.is_dir())) or "none"
            raise UsageError(f"{results}: no records of device {name!r}. Devices there: {known}.")
        records = sorted((store.load(path) for path in paths), key=lambda one: str(one["created"]))
        there.append({identity(one): one for one in records if not artifacts or _of(one) in artifacts})
    base, other = there
    both = [(base[key], other[key]) for key in other if key in base]
    if not both:
        what = ", ".join(artifacts) or "any artifact"
        raise UsageError(f"{results}: {names[0]} and {names[1]} have not both measured {what} on the same data.")
    return sorted(both, key=lambda pair: _name(pair[1]))


def _parted(devices: Sequence[Device], record: Record, models: Path, data: Path) -> str:
    """In words, of the artifact of a record."""
    from edgebench.backends import base as backends
    from edgebench.bench import artifacts, layers
    from edgebench.cli.run import read
    from edgebench.convert import taps
    from edgebench.records.agreement import parting

    artifact = artifacts.find(_of(record), models)
    if artifact.about["sha256"] != record["artifact"]["sha256"]:
        raise UsageError(f"{artifact.path}: is not what the records measured. Convert it again, or measure it again.")
    backend = record["backend"]["name"]
    package = backends.entry(backend).package
    with tempfile.TemporaryDirectory() as folder:
        file = taps.tap(artifact.path, Path(folder))
        where = file, backend, package, artifact.input_size, read(data, [])
        seen = [layers.observe(device, *where) for device in devices]
    found = parting(*seen)
    if found is None:
        return f"all {len(seen[0])} tensors are alike, bit for bit, on {layers.PATCHES} patches"
    return (
        f"parts in {found.name} (tensor {found.number} of {found.of}), by {found.away:.3g} at most of those looked at: "
        f"{found.cause}"
    )


def _of(record: Record) -> str:
    return f"{record['model']['name']}/{record['artifact']['target']}"


def _name(record: Record) -> str:
    return f"{_of(record)}, {record['backend']['name']}"
