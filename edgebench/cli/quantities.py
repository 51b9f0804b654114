"""Numbers with units on the command line, read strictly: 0.43um, 10ms, 100MB."""

from __future__ import annotations

import re

from edgebench.errors import UsageError

LENGTHS_UM = {"um": 1.0, "µm": 1.0, "μm": 1.0, "nm": 1e-3}  # the micro sign, and the Greek letter
TIMES_MS = {"ms": 1.0, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "s": 1e3}
BYTES = {
    "MB": 1e6, "B": 1.0, "kB": 1e3, "KB": 1e3, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30,
}  # fmt: skip
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s?([^\s0-9]+)")


def read(option: str, text: str | None, units: dict[str, float]) -> float | None:
    """In the unit of factor 1; None stays None. UsageError for anything but a positive number and one of the units."""
    if text is None:
        return None
    found = _NUMBER.fullmatch(text)
    example = f"0.5{next(iter(units))}"
    if found is None:
        raise UsageError(
            f"{option} {text!r}: a positive number with a unit is wanted ({', '.join(units)}), such as {example}."
        )
    number, unit = float(found[1]), found[2]
    if unit not in units:
        raise UsageError(f"{option} {text!r}: the unit {unit!r} is none of {', '.join(units)}. Write {example}, say.")
    value = number * units[unit]
    if not 0 < value < float("inf"):
        raise UsageError(f"{option} {text!r}: a limit is above 0 and finite. Leave it out for none.")
    return value
