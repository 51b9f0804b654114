"""The choice among candidates: what meets every limit, and of those the best by what is shown; the reason in words.

Three questions in an order: the lowest error (paired, image by image), the fastest, the smallest file. Each keeps those
that are not shown to be worse than its best; the last takes the smaller file, then the lower value of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.records import ratio as ratios
from edgebench.records.candidates import Candidate, paired
from edgebench.records.equivalence import MARGIN_UM
from edgebench.records.judged import Judged, Relief, judge
from edgebench.records.judged import relief as relieve
from edgebench.records.limits import MET, MISSED, OPEN, Limits
from edgebench.records.ratio import FLOOR

ERROR, SPEED, SIZE = "error", "speed", "size"
_LEFT = {
    ERROR: "are not shown to err more than the best",
    SPEED: "are not shown to be slower than the fastest",
    SIZE: "have the smallest file",
}
_ALONE = {
    ERROR: "has the lowest error; the others are shown to err more",
    SPEED: "is the fastest; the others are shown to be slower",
    SIZE: "is the smallest; the others are larger",
}
_BY_ESTIMATE = "is the fastest; the interval of no other reaches its own"
_BY_VALUE = {ERROR: "has the lowest error", SPEED: "is the fastest", SIZE: "is the smallest"}
ORDERS = {ERROR: (ERROR, SPEED, SIZE), SPEED: (SPEED, ERROR, SIZE), SIZE: (SIZE, ERROR, SPEED)}


@dataclass(frozen=True)
class Choice:
    limits: Limits
    prefer: str
    speed: str  # "decision" or "patch": by which the fastest is found
    chosen: Candidate | None
    reason: str
    runners_up: tuple[tuple[Candidate, str], ...]  # they meet every limit too; why not they
    open: tuple[Judged, ...]
    refused: tuple[Judged, ...]
    relief: Relief | None  # of a choice that found nothing


def choose(candidates: Sequence[Candidate], limits: Limits, prefer: str = ERROR) -> Choice:
    judged = [judge(one, limits) for one in candidates]
    met = [one.candidate for one in judged if one.verdict == MET]
    speed = "patch" if limits.patch_ms is not None and limits.decision_ms is None else "decision"
    among = f"{len(met)} cells{' meet every limit' if any(limits.given()) else ''}."
    chosen, reason = _best(met, ORDERS[prefer], speed, among) if met else (None, "")
    rest = sorted((one for one in met if one is not chosen), key=lambda one: _value(one, ORDERS[prefer][0], speed))
    return Choice(
        limits=limits,
        prefer=prefer,
        speed=speed,
        chosen=chosen,
        reason=reason,
        runners_up=tuple((one, difference(chosen, one, speed)) for one in rest if chosen),
        open=tuple(sorted((one for one in judged if one.verdict == OPEN), key=lambda one: _ranked(one, prefer, speed))),
        refused=tuple(one for one in judged if one.verdict == MISSED),
        relief=relieve(judged, limits) if judged and not met else None,
    )


def difference(chosen: Candidate, other: Candidate, speed: str) -> str:
    """How another one differs from the chosen: error, speed and size, with what is shown."""
    parts = []
    error = paired(chosen.answers, other.answers)
    if np.array_equal(chosen.answers.value_um, other.answers.value_um):
        parts.append("the same answers")
    elif error is None:
        parts.append("its error cannot be paired")
    else:
        ends = f"{error.mean_um:+.3f} um [{error.interval.low:+.3f}, {error.interval.high:+.3f}]"
        parts.append(f"error {ends}: {error.verdict}")
    times = chosen.of(speed + "_ms"), other.of(speed + "_ms")
    if all(times):
        found = ratios.ratio(*(_runs(one, speed) for one in (chosen, other))) if _measured(chosen, other) else None
        factor = times[1].value / times[0].value  # type: ignore[union-attr]
        told = f"{factor:.2f} [{found.low:.2f}, {found.high:.2f}]: {ratios.judge(found)}" if found else f"{factor:.2f}"
        parts.append(f"{'est. ' if chosen.estimated or other.estimated else ''}time x {told}")
    parts.append(f"file x {other.size.value / chosen.size.value:.2f}")
    return "; ".join(parts)


def _ranked(one: Judged, prefer: str, speed: str) -> tuple[object, ...]:
    """Fewest limits that are open first, then by value."""
    return len(one.failing), *(_value(one.candidate, question, speed) for question in ORDERS[prefer])


def _best(met: Sequence[Candidate], order: Sequence[str], speed: str, among: str) -> tuple[Candidate, str]:
    """One of them, and why; every question is asked of those that the one before has left."""
    if len(met) == 1:
        return met[0], "It alone meets every limit."
    worse: dict[str, Callable[[Candidate, Candidate], bool]] = {
        ERROR: _shown_worse,
        SPEED: lambda best, other: _shown_slower(best, other, speed),
        SIZE: lambda best, other: other.size.value > best.size.value,
    }
    left, told = list(met), [among]
    for question in order:
        best = min(left, key=lambda one: (_value(one, question, speed), one.name))
        kept = [one for one in left if one is best or not worse[question](best, one)]
        if len(kept) == 1:
            why = _BY_ESTIMATE if question == SPEED and any(one.estimated for one in left) else _ALONE[question]
            return kept[0], " ".join([*told, f"Of these {len(left)} it {why}."])
        told.append(f"{len(kept)} of {len(left)} {_LEFT[question]}.")
        left = kept
    chosen = min(left, key=lambda one: ([_value(one, question, speed) for question in order], one.name))
    by_value = next((one for one in order if len({_value(each, one, speed) for each in left}) > 1), None)
    why = f"by value it {_BY_VALUE[by_value]}" if by_value else "they have the same numbers"
    return chosen, " ".join([*told, f"Nothing that is shown decides between these {len(left)}; {why}."])


def _value(one: Candidate, question: str, speed: str) -> float:
    if question == ERROR:
        return one.error.value
    if question == SIZE:
        return one.size.value
    time = one.of(speed + "_ms")
    return time.value if time else float("inf")


def _shown_worse(best: Candidate, other: Candidate) -> bool:
    found = paired(best.answers, other.answers, MARGIN_UM)
    return found is not None and found.verdict == "worse"


def _shown_slower(best: Candidate, other: Candidate, speed: str) -> bool:
    """By the ratio of process medians on one device; estimates, and other devices, only where intervals lie apart."""
    if _measured(best, other):
        found = ratios.ratio(_runs(best, speed), _runs(other, speed))
        return found is not None and ratios.judge(found) == "slower"
    one, two = (each.of(speed + "_ms") for each in (best, other))
    if one is None or two is None or one.interval is None or two.interval is None:
        return False
    return two.interval.low > one.interval.high * (1 + FLOOR)


def _measured(*both: Candidate) -> bool:
    """Whether their processes compare: of one device, none of them an estimate."""
    return len({one.record["device"]["name"] for one in both}) == 1 and not any(one.estimated for one in both)


def _runs(one: Candidate, speed: str) -> tuple[float, ...]:
    return one.patch_runs if speed == "patch" else one.decision_runs
