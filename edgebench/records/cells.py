"""Records as cells: what a reader takes for one cell, the newest of each, and the records that speak for a device."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from edgebench.errors import UsageError
from edgebench.records.schema import Record
from edgebench.records.summary import Summary

RASPBERRY = "raspberrypi"  # of any generation
_BOARD = "Raspberry Pi"


def created(record: Record) -> datetime:
    return datetime.fromisoformat(record["created"].replace("Z", "+00:00"))


def place(record: Record) -> tuple[object, ...]:
    """Model and target by name, backend, threads and batch: what stays when device, data or code change."""
    settings = record["settings"]
    return (
        record["model"]["name"],
        record["artifact"]["target"],
        record["backend"]["name"],
        settings["threads"],
        settings["batch_size"],
    )


def key(record: Record) -> tuple[object, ...]:
    """What a reader takes for one cell: model and target by name, not by hash, so that a converted or trained anew one
    replaces the old."""
    device, settings = record["device"], record["settings"]
    asked = settings["images"], tuple(sorted(record["accuracy"])), record["data"]["sha256"]
    return (*place(record), device["name"], device["host"]["cpu"], *asked)


def newest(summaries: Sequence[Summary]) -> tuple[Summary, ...]:
    """Of each cell the newest, in the order of their names."""
    found: dict[tuple[object, ...], Summary] = {}
    for one in sorted(summaries, key=lambda one: (created(one.record), one.record["id"])):
        found[key(one.record)] = one
    return tuple(sorted(found.values(), key=lambda one: (one.record["device"]["name"], one.record["id"])))


def name(record: Record, threads: int | None = None) -> str:
    """One line: artifact, backend, threads, batch, device, and that it is emulated."""
    threads = threads or record["settings"]["threads"]
    device = record["device"]["name"] + (" (emulated)" if record["device"]["emulated"] else "")
    how = f"{threads} thread{'s' if threads > 1 else ''}, batch {record['settings']['batch_size']}"
    return f"{record['model']['name']} {record['artifact']['target']}, {record['backend']['name']}, {how}, {device}"


def of_device(summaries: Sequence[Summary], asked: str | None) -> tuple[Summary, ...]:
    """Those of a real device of that name or kind if there are any, else those of emulated ones.

    Without a name those of all real devices. `raspberrypi` is any board, `pi4` that generation. Raises UsageError
    where there is none.
    """
    found = there(summaries, asked)
    if not found:
        known = ", ".join(sorted({one.record["device"]["name"] for one in summaries})) or "none"
        what = f"of device {asked!r}" if asked is not None else "of a real device"
        raise UsageError(f"no record {what}. Devices with records: {known}. Measure with edgebench run, or name one.")
    return found


def there(summaries: Sequence[Summary], asked: str | None) -> tuple[Summary, ...]:
    """As of_device; empty where there is none."""
    fit = [one for one in summaries if asked is None or _is(one.record, asked)]
    real = tuple(one for one in fit if not one.record["device"]["emulated"])
    return real or (tuple(fit) if asked is not None else ())


def _is(record: Record, asked: str) -> bool:
    device = record["device"]
    model = str((device["host"].get("board") or {}).get("model") or device["host"]["cpu"])
    generation = asked.removeprefix("pi")
    return (
        device["name"] == asked
        or (asked == RASPBERRY and model.startswith(_BOARD))
        or (asked == f"pi{generation}" and generation.isdigit() and model.startswith(f"{_BOARD} {generation} "))
    )
