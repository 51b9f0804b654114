"""Focusing error on both sets: mean, direction, and the share that ends in focus."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgebench.records.summary import Errors, Summary
from edgebench.report.columns.cell import UNMEASURED, count, fixed, share
from edgebench.report.columns.column import Column, Context
from edgebench.report.document import Value
from edgebench.report.numbers import ranged, um_interval
from edgebench.report.rows import SETS, subset, verdicts


def _of(split: str, of: Callable[[Errors], Value]) -> Callable[[Summary, Context], Value]:
    return lambda run, _: of(run.errors[split]) if split in run.errors else UNMEASURED


def _mean(split: str) -> Callable[[Summary, Context], Value]:
    def cell(run: Summary, context: Context) -> Value:
        found = run.errors.get(split)
        if found is None:
            return UNMEASURED
        text = um_interval(found.mean_um, found.interval) + verdicts(run, split, context.notes)
        return ranged(text, found.mean_um, found.interval)

    return cell


def _images(split: str) -> Callable[[Summary, Context], Value]:
    """A part of the images is marked."""

    def cell(run: Summary, context: Context) -> Value:
        if split not in run.errors:
            return UNMEASURED
        found = count(len(run.errors[split].images))
        return Value(found.text + subset(run, split, context.notes), found.value)

    return cell


def _columns(split: str, title: str) -> Iterator[Column]:
    place = split.removeprefix("test-")
    yield Column(f"images_{place}", f"Images, {title}", "", _images(split))
    yield Column(f"error_{place}_um", f"Error, {title}", "um", _mean(split))
    yield Column(f"std_{place}_um", f"Std, {title}", "um", _of(split, lambda found: fixed(found.std_um, 2)))
    yield Column(f"direction_{place}", f"Right side, {title}", "%", _of(split, lambda found: share(found.direction)))
    yield Column(f"in_focus_{place}", f"In focus, {title}", "%", _of(split, lambda found: share(found.in_depth)))


ERROR = tuple(column for split, title in SETS for column in _columns(split, title))
