"""How many times less the reduced model takes than the original, and what becomes of its 14.1 times less arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgebench.records import comparison, estimate
from edgebench.records.comparison import Ratio
from edgebench.records.published import Published
from edgebench.records.summary import Summary, Times

MODELS = ("original", "reduced")
PUBLISHED_MACS = (
    299.5e6,
    21.2e6,
)  # of a patch; counted from the paper's two networks, which it describes in 3.3 and 4.5


@dataclass(frozen=True)
class Speedup:
    """Original over reduced; None where it was not measured, or on an emulator, whose times say nothing."""

    original: Summary
    reduced: Summary
    arithmetic: float | None  # multiply-accumulates of a patch
    instructions: float | None  # executed for a patch, counted on an emulated board
    call: Ratio | None  # p50 of a call, with its interval over processes
    predict: float | None  # part of the end-to-end time; one process each, so no interval here and below
    whole: float | None  # end to end, wall time
    cpu: float | None  # end to end, CPU time of all threads
    rest_s: tuple[float, float] | None  # of the end-to-end time: all that is not prediction, of each

    @property
    def efficiency(self) -> float | None:
        """Which part of the arithmetic's ratio the prediction keeps."""
        return self.predict / self.arithmetic if self.predict and self.arithmetic else None

    @property
    def dilution(self) -> float | None:
        """Which part of the prediction's ratio is left after reading, preprocessing and the rest."""
        return self.whole / self.predict if self.whole and self.predict else None


def speedups(runs: Sequence[Summary], split: str) -> Iterator[Speedup]:
    """One for each runtime, precision, device, threads and batch that has both models, in the order of the runs."""
    found: dict[tuple[object, ...], dict[str, Summary]] = {}
    for run in runs:
        found.setdefault(_cell(run), {})[run.record["model"]["name"]] = run
    for both in found.values():
        if all(name in both for name in MODELS):
            yield speedup(both["original"], both["reduced"], split)


def speedup(original: Summary, reduced: Summary, split: str) -> Speedup:
    """Of two runs that were measured alike; end to end over the patches of one split."""
    emulated = original.record["device"]["emulated"] or reduced.record["device"]["emulated"]
    one, two = (None if emulated else run.times.get(split) for run in (original, reduced))
    macs = [run.record["model"]["macs"] for run in (original, reduced)]
    counts = [estimate.counted(run.record) for run in (original, reduced)]
    alike = one is not None and two is not None and one.patches == two.patches
    return Speedup(
        original=original,
        reduced=reduced,
        arithmetic=macs[0] / macs[1] if all(macs) else None,
        instructions=counts[0].instructions_m / counts[1].instructions_m if counts[0] and counts[1] else None,
        call=None if emulated else comparison.latency(reduced.record, original.record),
        predict=one.predict_s / two.predict_s if one and two and alike else None,
        whole=one.wall_s / two.wall_s if one and two and alike else None,
        cpu=one.cpu_s / two.cpu_s if one and two and alike else None,
        rest_s=(_rest(one), _rest(two)) if one and two and alike else None,
    )


@dataclass(frozen=True)
class OfPaper:
    """The same of the paper's Table 7; the split is inferred, for prediction in proportion to multiply-accumulates."""

    original_s: float
    reduced_s: float
    whole: float
    arithmetic: float
    predict_s: float  # of the original
    rest_s: float  # of both


def of_paper(paper: Published) -> OfPaper:
    """From its seconds a and b: rest + predict = a, rest + predict / arithmetic = b."""
    a, b = (float(row["cpu_time_s"]) for row in paper.tables["table-7"])
    arithmetic = PUBLISHED_MACS[0] / PUBLISHED_MACS[1]
    predict = (a - b) / (1 - 1 / arithmetic)
    return OfPaper(a, b, a / b, arithmetic, predict, a - predict)


def _rest(times: Times) -> float:
    return times.wall_s - times.predict_s


def _cell(run: Summary) -> tuple[object, ...]:
    record = run.record
    settings = [record["settings"].get(key) for key in comparison.SETTINGS]
    device = record["device"]
    return (
        record["artifact"]["target"],
        record["backend"]["name"],
        device["name"],
        device["host"]["cpu"],
        record["data"]["sha256"],
        *settings,
    )
