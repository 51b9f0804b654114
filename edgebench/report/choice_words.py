"""A choice in words: numbers with their intervals, what is open or refused and why, and what would settle it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from edgebench.records.candidates import Candidate
from edgebench.records.choice import Choice
from edgebench.records.clusters import Mean
from edgebench.records.judged import Judged, Relief
from edgebench.records.limits import KINDS, MET, MISSED, UNKNOWN, Limits, Quantity
from edgebench.records.outcome import Microscope, Outcome
from edgebench.records.statistics import Estimate
from edgebench.report import numbers

DECISION = (
    "A decision is one answer for one field: from two images in memory to one defocus, that is preprocessing, a call "
    "for each batch of the field's patches, and their median; not reading, decoding or transferring the images."
)
MODEL = (
    "A model, not a measurement: to focus is two images with a step of the stage between them, the answer, a move, and "
    "all of it once more where the first answer is off by more than half the depth of field (docs/outcome.md). Fields "
    "that are not in focus after the second step are counted as done: the last column says how many are in focus."
)


def quantity(name: str, found: Quantity | None) -> str:
    """With its interval, in the unit of its kind, without the unit: that stands in a header or behind it."""
    if found is None:
        return numbers.NONE
    kind = KINDS[name]
    value, interval = found.value / kind.divisor, _interval(found, kind.divisor)
    if name == "memory_bytes":
        text = numbers.mib(value)  # MB here; the interval is the floor, the same for all
    elif name == "size_bytes":
        text = f"{value:.2f}"
    elif name.endswith("um"):
        text = numbers.um_interval(value, interval, 3, "+" if name == "increase_um" else "")
    else:
        text = numbers.ms_interval(value, interval)
    more = "more than " if found.lacks else ""
    return f"{more}{'est. ' if found.estimated else ''}{text}"


def limit(name: str, value: float) -> str:
    """As it is given on the command line: `10ms`."""
    kind = KINDS[name]
    return f"{value / kind.divisor:.6g}{kind.unit}"


def asked(limits: Limits) -> str:
    given = [f"{KINDS[name].words} below {limit(name, value).replace(KINDS[name].unit, ' ' + KINDS[name].unit)}"
             for name, value in limits.given()]  # fmt: skip
    return ", ".join(given) or "no limit"


def numbers_of(one: Candidate) -> str:
    """All that limits are held against, in one line."""
    names = ("error_um", "decision_ms", "patch_ms", "memory_bytes", "size_bytes")
    return ", ".join(f"{KINDS[name].words} {quantity(name, one.of(name))} {KINDS[name].unit}" for name in names)


def speaks_against(one: Candidate) -> str:
    """Verdicts of the record, and where the error comes from; empty where there is nothing to say."""
    told = [f"its record says {one.summary.verdict} (edgebench check)"] if one.summary.verdicts else []
    told += [f"error: {one.errors_from}"] if one.errors_from else []
    measured = one.record["settings"]["threads"]
    told += [f"memory: of {measured} thread{'s' if measured > 1 else ''}"] if measured != one.threads else []
    return "; ".join(told)


def why(one: Judged, limits: Limits) -> str:
    """Why it is open or refused: of each limit that is not met, the number."""
    parts = []
    for name, value in limits.given():
        status, found = one.status[name], one.candidate.of(name)
        if status == MET:
            continue
        told = f"{KINDS[name].words} {quantity(name, found)} {KINDS[name].unit}"
        if status == UNKNOWN or found is None:
            parts.append(f"{KINDS[name].words} is not known")
        elif status == MISSED:
            parts.append(told)
        else:
            parts.append(f"{told}: {_open(found, value, name)}")
    return "; ".join(parts)


def grouped(refused: Sequence[Judged]) -> Iterator[tuple[str, tuple[Judged, ...]]]:
    """By the limits that they miss, those of fewest first."""
    groups: dict[tuple[str, ...], list[Judged]] = {}
    for one in refused:
        groups.setdefault(tuple(name for name, status in one.status.items() if status in (MISSED, UNKNOWN)), []).append(
            one
        )
    for names in sorted(groups, key=lambda names: (len(names), names)):
        yield ", ".join(KINDS[name].words for name in names), tuple(groups[names])


def settle(one: Candidate) -> str:
    """What to run where the choice rests on an estimate."""
    record, settings = one.record, one.record["settings"]
    return (
        f"edgebench run {record['model']['name']}/{record['artifact']['target']} --device raspberrypi "
        f"--host USER@BOARD --backend {record['backend']['name']} --threads {one.threads} "
        f"--batch {settings['batch_size']}"
    )


def relief(found: Relief, limits: Limits) -> list[str]:
    """What is narrowest, and what would have to be given up."""
    given = dict(limits.given())
    lines = [
        f"Narrowest: {KINDS[found.narrowest].words} below {limit(found.narrowest, given[found.narrowest])}, "
        f"met by {found.meeting} of {found.of}."
    ]
    for name, needed, one in found.alone:
        kind = KINDS[name]
        instead = f"no {kind.option}" if needed is None else f"{kind.option} {limit(name, _up(needed, kind.divisor))}"
        lines.append(f"With {instead} in place of {limit(name, given[name])}: {one.name}.")
    if found.nearest is not None:
        one, needs = found.nearest
        told = " and ".join(_need(one, name, value) for name, value in needs.items())
        lines.append(f"No single limit is enough. Nearest: {one.name}; it would take {told}.")
    return lines


def _need(one: Candidate, name: str, value: float) -> str:
    kind, quantity = KINDS[name], one.of(name)
    if quantity is None or not math.isfinite(value):
        return f"no {kind.option}"
    least = "more than " if quantity.lacks or quantity.void or quantity.high is None else ""
    return f"{kind.option} {least}{limit(name, _up(value, kind.divisor))}"


def outcome_cells(found: Outcome | None) -> tuple[str, ...]:
    """Off, seconds to focus, fields an hour, in focus after each step."""
    if found is None:
        return (numbers.NONE,) * 4
    mark = "est. " if found.estimated else ""
    steps = " / ".join(f"{100 * one.value:.0f}" for one in found.in_focus) or numbers.NONE
    return (
        numbers.percent_interval(found.off.value, found.off.interval),
        ("more than " if found.lacks else "")
        + mark
        + _ends(found.focus_ms / 1e3, found.focus and found.focus.scaled(1e-3), 3),
        ("fewer than " if found.lacks else "") + mark + _ends(found.fields_per_hour, found.hourly, 0),
        steps,
    )


OUTCOME_HEADERS = (
    "Off by over half the depth of field",
    "s to focus",
    "Fields an hour",
    "% in focus after 1 / 2 / 3 steps",
)


def microscope(one: Microscope) -> str:
    return (
        f"field {one.field_ms:g} ms, move {one.move_ms:g} ms, settle {one.settle_ms:g} ms, "
        f"exposure {one.exposure_ms:g} ms, transfer {one.transfer_ms:g} ms, "
        f"depth of field {one.depth_of_field_um:.3g} um"
    )


def share(one: Mean) -> str:
    return numbers.percent_interval(one.value, one.interval)


def rests_on(choice: Choice, quote: str = "") -> str:
    """That a choice rests on an estimate, and the command that settles it; empty where it does not."""
    if choice.chosen is None or not choice.chosen.estimated:
        return ""
    command = f"{quote}{settle(choice.chosen)}{quote}"
    small = " Small networks on several threads are estimated rather too fast (docs/raspberry-pi.md)."
    warned = small if choice.chosen.threads > 1 else ""
    return f"It rests on an estimate (est.): no board measured it.{warned} To settle it: {command}"


def _open(found: Quantity, value: float, name: str) -> str:
    if found.lacks:
        return f"without {found.lacks}"
    if found.void:
        return f"proves nothing, {found.void}"
    if found.high is None:
        return "has no interval"
    return f"its interval reaches {limit(name, value)}"


def _interval(found: Quantity, divisor: float) -> Estimate | None:
    exact = found.interval is None or found.interval.low == found.interval.high
    return None if exact or found.interval is None else found.interval.scaled(1 / divisor)


def _ends(value: float, interval: Estimate | None, digits: int) -> str:
    """fields an hour: the low end of the time is the high end of the rate."""
    if interval is None or interval.low == interval.high:
        return f"{value:,.{digits}f}"
    return f"{value:,.{digits}f} [{interval.low:,.{digits}f}, {interval.high:,.{digits}f}]"


def _up(value: float, divisor: float) -> float:
    """To three digits, upwards, so that the value itself is below."""
    step = 10.0 ** (math.floor(math.log10(value / divisor)) - 2)
    return (math.floor(value / divisor / step) + 1) * step * divisor
