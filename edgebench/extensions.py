"""What other packages add: entry points of backends, targets and devices. Standard library only; on a device, too."""

from __future__ import annotations

from importlib import metadata
from typing import Any, TypeVar

from edgebench.errors import UsageError

Kind = TypeVar("Kind")


def found(group: str) -> dict[str, str]:
    """Name to the object that its package names, "package.module:NAME"; nothing is imported."""
    return {point.name: point.value for point in _points(group)}


def load(group: str, name: str, kind: type[Kind]) -> Kind:
    """The object itself; UsageError in one line where its package does not give it."""
    (point,) = (one for one in _points(group) if one.name == name)
    try:
        given = point.load()
    except (ImportError, AttributeError) as missing:
        raise UsageError(f"{group} {name!r}: {point.value} cannot be had ({missing}). Install it again.") from missing
    if not isinstance(given, kind):
        raise UsageError(
            f"{group} {name!r}: {point.value} is of type {type(given).__name__}, not {kind.__name__}. Correct it."
        )
    return given


def _points(group: str) -> list[Any]:
    """Each name once, in the order of the names."""
    every: Any = metadata.entry_points()
    points = every.select(group=group) if hasattr(every, "select") else every.get(group, ())  # Python 3.9 has a dict
    return list({point.name: point for point in sorted(points, key=lambda point: str(point.name))}.values())
