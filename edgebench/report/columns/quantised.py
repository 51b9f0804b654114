"""A quantised run against its float32 one: what it costs, and what it saves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from edgebench.records import against
from edgebench.records.equivalence import Equivalence
from edgebench.records.summary import Summary
from edgebench.report.columns.cell import ABSENT, NO_TIME, UNMEASURED, digits3, emulated, fixed
from edgebench.report.columns.column import Column, Context, key
from edgebench.report.document import Value
from edgebench.report.numbers import ranged, um_interval
from edgebench.report.rows import SETS, part_of
from edgebench.report.verdict import apart


def _base(run: Summary, context: Context) -> Value:
    base = context.bases[key(run)]
    return ABSENT if base is None else Value(base.record["artifact"]["target"])


def _cost(split: str, of: Callable[[Equivalence], Value]) -> Callable[[Summary, Context], Value]:
    def cell(run: Summary, context: Context) -> Value:
        if context.bases[key(run)] is None:
            return ABSENT
        found = context.costs.get((key(run), split))
        return of(found) if found else UNMEASURED

    return cell


def _verdict(split: str) -> Callable[[Summary, Context], Value]:
    """None of a part of the images: the same file's on all of them stands in another row."""
    whole = _cost(split, lambda found: Value(found.verdict))

    def cell(run: Summary, context: Context) -> Value:
        return ABSENT if split in run.errors and part_of(run, split) is not None else whole(run, context)

    return cell


def _increase(found: Equivalence) -> Value:
    return ranged(um_interval(found.mean_um, found.interval, 3, "+"), found.mean_um, found.interval)


def _size(run: Summary, context: Context) -> Value:
    base = context.bases[key(run)]
    return ABSENT if base is None else fixed(against.size(base, run), 2)


def _time(run: Summary, context: Context) -> Value:
    base = context.bases[key(run)]
    if base is None:
        return ABSENT
    if emulated(run):
        return NO_TIME
    ratio = against.time(base, run)
    if ratio is None:
        return UNMEASURED
    cell = digits3(ratio.value, ratio.found)
    return replace(cell, text=cell.text + apart(base, run, context.notes))


def _shown(run: Summary, context: Context) -> Value:
    base = context.bases[key(run)]
    ratio = against.time(base, run) if base else None
    return Value(ratio.verdict) if ratio else ABSENT


def _columns(split: str, title: str) -> Iterator[Column]:
    place = split.removeprefix("test-")
    yield Column(f"added_{place}_um", f"Added, {title}", "um", _cost(split, _increase))
    yield Column(f"shown_{place}", f"Shown, {title}", "", _verdict(split), words=True)
    smallest = _cost(split, lambda found: fixed(found.detectable_um, 3))
    yield Column(f"detectable_{place}_um", f"Detectable, {title}", "um", smallest)


BASE = (Column("base", "Against", "", _base, words=True),)
COST = tuple(column for split, title in SETS for column in _columns(split, title))
SAVED = (
    Column("size_ratio", "Size / float32", "", _size),
    Column("time_ratio", "Time / float32", "", _time),
    Column("time_shown", "Time shown", "", _shown, words=True),
)
