"""edgebench compare --sets A B: two results folders, or the folders of two devices, cell by cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgebench.cli import pages, screen
from edgebench.errors import UsageError
from edgebench.records.set_comparison import Cell, Sets


def show(folders: tuple[Path, Path], margin_um: float, *, across_devices: bool, out: Path | None, json: bool) -> bool:
    """Print, or write to `out` by its suffix; whether anything is shown to be worse."""
    from edgebench.records import set_comparison
    from edgebench.report import changes
    from edgebench.report.document import text_of

    for folder in folders:
        if not folder.is_dir():
            raise UsageError(
                f"{folder}: no such folder. Name two results folders, or two of devices: results/runs/pi4."
            )
    base, other = (set_comparison.load(folder) for folder in folders)
    found = set_comparison.compare(base, other, margin_um, across_devices=across_devices)
    if out is not None:
        pages.write(out, changes.document(found, *map(str, folders)))
    if json:
        screen.document(_data(found, folders))
        return bool(found.regressions)
    screen.line(f"base: {folders[0]}; other: {folders[1]}; latency, memory and file are other / base, below 1 is less")
    table = changes.table(found)
    if found.compared:
        right = [number for number, header in enumerate(table.headers) if header and number]
        screen.table(table.headers, [[text_of(cell) for cell in row] for row in table.rows], right=right)
    for one in found.cells:
        if one.compared is None:
            screen.line(f"not comparable: {one.name}: {one.reason}")
    for line in changes.summary(found):
        screen.line(line)
    if any(one.estimated for one in found.cells):
        screen.line(changes.ESTIMATED)
    if found.simulated:
        screen.line("Measured on simulated images: the errors are no result for real tissue.")
    for line in found.regressions:
        screen.line(f"worse: {line}")
    if out is not None:
        screen.line(f"page: {out}")
    return bool(found.regressions)


def _data(found: Sets, folders: tuple[Path, Path]) -> dict[str, Any]:
    return {
        "base": folders[0],
        "other": folders[1],
        "margin_um": found.margin_um,
        "simulated": found.simulated,
        "counted": found.counted(),
        "regressions": found.regressions,
        "cells": [_cell(one) for one in found.cells],
    }


def _cell(one: Cell) -> dict[str, Any]:
    if one.compared is None:
        return {"name": one.name, "compared": False, "reason": one.reason}
    return {
        "name": one.name,
        "compared": True,
        "base": one.compared.base.record["id"],
        "other": one.compared.other.record["id"],
        "latency": one.compared.latency,
        "latency_verdict": one.latency,
        "estimated": one.estimated,
        "errors": one.compared.errors,
        "error_verdicts": {split: one.error(split) for split in one.compared.errors},
        "single": one.compared.single,
    }
