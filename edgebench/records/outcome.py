"""The task outcome, by a model and not by a microscope: time to focus a field, and fields an hour (docs/outcome.md).

A field: the stage goes to it and settles; two images, a step of the stage between them; the answer; the stage goes
there. If the answer is off by more than half the depth of field, once more from where the stage then stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgebench.records import clusters
from edgebench.records.candidates import Candidate
from edgebench.records.clusters import Mean
from edgebench.records.depth import DEPTH_UM
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.limits import Quantity
from edgebench.records.statistics import Estimate

HOUR_MS = 3.6e6
STEPS = 3  # looked at
SWEEP = 21  # planes: 1 um apart over +-10 um, about what the published stacks span


@dataclass(frozen=True)
class Microscope:
    """What the instrument takes, ms; replace it by your own.

    Sources: move: the shortest of the log in Micro-Manager issue 862 (156 ms for 0.7 um; there the longest, 3.8 um, is
    1,004 ms). Transfer: a frame of Sony's IMX250, 2448 x 2048 px as the published camera has them, at 76 a second.
    Depth of field: records/depth.py. Field, settle and exposure: assumed, of no source.
    """

    field_ms: float = 300.0  # to the next field
    move_ms: float = 150.0  # along z
    settle_ms: float = 50.0  # after either
    exposure_ms: float = 10.0
    transfer_ms: float = 13.0
    depth_of_field_um: float = DEPTH_UM

    @property
    def image_ms(self) -> float:
        return self.exposure_ms + self.transfer_ms

    @property
    def shift_ms(self) -> float:
        return self.move_ms + self.settle_ms

    def step_ms(self, answer_ms: float) -> float:
        """Two images, the step between them, the answer, the move to it."""
        return 2 * self.image_ms + 2 * self.shift_ms + answer_ms

    def hourly(self, focus_ms: float) -> float:
        """Fields: with the way to them, and the picture of each in focus."""
        return HOUR_MS / (self.field_ms + self.settle_ms + focus_ms + self.image_ms)


@dataclass(frozen=True)
class Outcome:
    off: Mean  # share of the first answers that are off by more than half the depth of field
    focus_ms: float  # from the stage at rest at a field to the stage at rest in focus
    focus: Estimate | None
    fields_per_hour: float
    hourly: Estimate | None
    in_focus: tuple[Mean, ...] = field(default=())  # share of the fields after 1, 2, ... steps
    estimated: bool = False
    lacks: str = ""  # what the time of an answer leaves out


def of(candidate: Candidate, microscope: Microscope) -> Outcome | None:
    """None where the time of an answer is not known."""
    return outcome(candidate.answers, candidate.decision, microscope) if candidate.decision else None


def outcome(answers: Answers, answer: Quantity, microscope: Microscope) -> Outcome:
    """Intervals: of the share, whole stacks drawn, and of the time of an answer; both at their ends together."""
    half = microscope.depth_of_field_um / 2
    after = in_focus(answers, half, STEPS)
    off = clusters.share(answers, np.abs(answers.error_um) > half)
    focus_ms = time_to_focus(microscope, answer.value, off.value)
    focus = None
    if off.interval is not None and answer.interval is not None:
        ends = (
            time_to_focus(microscope, *both)
            for both in ((answer.interval.low, off.interval.low), (answer.interval.high, off.interval.high))
        )
        focus = Estimate(focus_ms, *ends)
    return Outcome(
        off=off,
        focus_ms=focus_ms,
        focus=focus,
        fields_per_hour=microscope.hourly(focus_ms),
        hourly=Estimate(*map(microscope.hourly, (focus_ms, focus.high, focus.low))) if focus else None,
        in_focus=after,
        estimated=answer.estimated,
        lacks=answer.lacks,
    )


def time_to_focus(microscope: Microscope, answer_ms: float, off: float) -> float:
    """ms; off: the share of first answers that a second step corrects."""
    return microscope.step_ms(answer_ms) * (1 + off)


def sweep(planes: int, microscope: Microscope) -> Outcome:
    """So many planes, one after the other, and back to the sharpest; taken to be always right, in no time of its own.

    It starts at the lowest plane, where the stage goes on its way to the field.
    """
    focus_ms = planes * (microscope.image_ms + microscope.shift_ms)
    exact = Estimate(focus_ms, focus_ms, focus_ms)
    hourly = microscope.hourly(focus_ms)
    return Outcome(Mean(0.0, None), focus_ms, exact, hourly, Estimate(hourly, hourly, hourly))


def in_focus(answers: Answers, half_um: float, steps: int) -> tuple[Mean, ...]:
    """Share of the fields within half_um of focus after 1, 2, ... steps, each started at every plane of the data.

    After a step a field is off by what the answer was wrong by; the next answer there is that of the nearest plane that
    the same stack has. In focus is taken to be seen, so that no step follows.
    """
    stacks = np.array(answers.stacks)
    away = -answers.error_um  # the stage went down by the answer: what is left of the defocus
    shares = []
    for _ in range(steps):
        there = np.abs(away) <= half_um
        shares.append(clusters.share(answers, there))
        next_away = away.copy()
        for name in np.unique(stacks):
            of = np.flatnonzero(stacks == name)
            truth, error = answers.truth_um[of], answers.error_um[of]
            nearest = np.abs(away[of][:, None] - truth[None, :]).argmin(axis=1)
            next_away[of] = -error[nearest]
        away = np.where(there, away, next_away)
    return tuple(shares)
