"""Candidates held against limits: what each meets, and where nothing meets all, what would have to be given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.records.candidates import Candidate
from edgebench.records.limits import MET, MISSED, OPEN, UNKNOWN, Limits


@dataclass(frozen=True)
class Judged:
    """A candidate with the status of each limit that was given."""

    candidate: Candidate
    status: dict[str, str]

    @property
    def verdict(self) -> str:
        """MET: all are. OPEN: none is missed or unknown, but not all are proven. Else MISSED."""
        found = set(self.status.values())
        return MET if found <= {MET} else OPEN if found <= {MET, OPEN} else MISSED

    @property
    def failing(self) -> tuple[str, ...]:
        return tuple(name for name, one in self.status.items() if one != MET)


@dataclass(frozen=True)
class Relief:
    """Why nothing meets the limits, and what would let something through."""

    narrowest: str  # the limit that fewest candidates meet
    meeting: int
    of: int
    alone: tuple[tuple[str, float | None, Candidate], ...]  # this one limit less strict; None: it has no upper end
    nearest: tuple[Candidate, dict[str, float]] | None  # where no single one is enough: what it needs, as far as known


def judge(one: Candidate, limits: Limits) -> Judged:
    status = {}
    for name, limit in limits.given():
        found = one.of(name)
        status[name] = UNKNOWN if found is None else found.status(limit)
    return Judged(one, status)


def relief(judged: Sequence[Judged], limits: Limits) -> Relief:
    """Of candidates none of which meets all; at least one of each."""
    given = dict(limits.given())
    meeting = {name: sum(one.status[name] == MET for one in judged) for name in given}
    closest = {name: min(_needed(one.candidate, name) for one in judged) / given[name] for name in given}
    alone = []
    for name in given:
        near = [one.candidate for one in judged if one.failing == (name,)]
        if near:
            best = min(near, key=lambda one: (_needed(one, name), _reaches(one, name), one.name))
            needed = _needed(best, name)
            alone.append((name, needed if needed < float("inf") else None, best))

    def far(one: Judged) -> float:
        return max(_reaches(one.candidate, name) / given[name] for name in one.failing)

    nearest = min(judged, key=lambda one: (len(one.failing), far(one), one.candidate.name))
    needs = {name: _reaches(nearest.candidate, name) for name in nearest.failing}
    narrowest = min(given, key=lambda name: (meeting[name], -closest[name]))
    both = None if alone else (nearest.candidate, needs)
    return Relief(narrowest, meeting[narrowest], len(judged), tuple(alone), both)


def _needed(one: Candidate, name: str) -> float:
    """Above which a limit would be met; infinite where nothing proves it."""
    found = one.of(name)
    return found.high if found and found.high is not None and not (found.lacks or found.void) else float("inf")


def _reaches(one: Candidate, name: str) -> float:
    """The upper end as far as it is known, else the value."""
    found = one.of(name)
    if found is None:
        return float("inf")
    return found.value if found.high is None else found.high
