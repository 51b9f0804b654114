"""How many times less the reduced model takes than the original, and what becomes of its 14.1 times less arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edgebench.records import comparison, estimate
from edgebench.records.comparison import Ratio
from edgebench.records.published import Published
from edgebench.records.summary import Summary, Times

MODELS = ("original", "reduced")
PUBLISHED_MACS = (299.5e6, 21.2e6)  # of a patch; counted, of the networks that the paper describes in 3.3 and 4.5


@dataclass(frozen=True)
class Split:
    """End-to-end time of both, over the same number of patches; of one process each, so without intervals."""

    original: Times
    reduced: Times

    @property
    def whole(self) -> float:
        """Original over reduced, wall time."""
        return self.original.wall_s / self.reduced.wall_s

    @property
    def predict(self) -> float:
        """The same of the prediction's part."""
        return self.original.predict_s / self.reduced.predict_s

    @property
    def rest_s(self) -> tuple[float, float]:
        """All that is not prediction: reading, preprocessing and the rest, of each."""
        return self.original.not_predict_s, self.reduced.not_predict_s

    @property
    def left(self) -> float:
        """Which part of the prediction's ratio is left end to end."""
        return self.whole / self.predict

    def kept(self, arithmetic: float) -> float:
        """Which part of the arithmetic's ratio the prediction keeps."""
        return self.predict / arithmetic


@dataclass(frozen=True)
class Speedup:
    """Original over reduced; None where it was not measured, or on an emulator, whose times say nothing."""

    original: Summary
    reduced: Summary
    parameters: float | None
    arithmetic: float | None  # multiply-accumulates of a patch
    instructions: float | None  # executed for a patch, counted on an emulated board
    call: Ratio | None  # p50 of a call, with its interval over processes
    split: Split | None

    @property
    def emulated(self) -> bool:
        return any(run.record["device"]["emulated"] for run in (self.original, self.reduced))


@dataclass(frozen=True)
class OfPaper:
    """The same of the paper's Table 7; the split is inferred, for prediction in proportion to multiply-accumulates."""

    original_s: float
    reduced_s: float
    whole: float
    arithmetic: float
    predict_s: float  # of the original
    rest_s: float  # of both


def speedups(runs: Sequence[Summary], split: str) -> Iterator[Speedup]:
    """One for each runtime, precision, device, threads and batch that has both models, in the order of the runs."""
    found: dict[tuple[object, ...], dict[str, Summary]] = {}
    for run in runs:
        found.setdefault(setup(run), {}).setdefault(run.record["model"]["name"], run)
    for both in found.values():
        if all(name in both for name in MODELS):
            yield speedup(both["original"], both["reduced"], split)


def speedup(original: Summary, reduced: Summary, split: str) -> Speedup:
    """Of two runs that were measured alike; end to end over the patches of one split."""
    counts = [estimate.counted(run.record) for run in (original, reduced)]
    found = Speedup(
        original=original,
        reduced=reduced,
        parameters=_of_models(original, reduced, "parameters"),
        arithmetic=_of_models(original, reduced, "macs"),
        instructions=counts[0].instructions_m / counts[1].instructions_m if counts[0] and counts[1] else None,
        call=comparison.latency(reduced.record, original.record),
        split=_split(original.times.get(split), reduced.times.get(split)),
    )
    return replace(found, call=None, split=None) if found.emulated else found


def setup(run: Summary) -> tuple[object, ...]:
    """What two models must share so that their times say something about each other."""
    record = run.record
    device = record["device"]
    settings = [record["settings"].get(key) for key in comparison.SETTINGS]
    return (
        record["artifact"]["target"],
        record["backend"]["name"],
        device["name"],
        device["host"]["cpu"],
        record["data"]["sha256"],
        *settings,
    )


def of_paper(paper: Published) -> OfPaper:
    """From its seconds a and b: rest + predict = a, rest + predict / arithmetic = b."""
    a, b = (float(row["cpu_time_s"]) for row in paper.tables["table-7"])
    arithmetic = PUBLISHED_MACS[0] / PUBLISHED_MACS[1]
    predict = (a - b) / (1 - 1 / arithmetic)
    return OfPaper(a, b, a / b, arithmetic, predict, a - predict)


def _of_models(original: Summary, reduced: Summary, key: str) -> float | None:
    one, two = (run.record["model"][key] for run in (original, reduced))
    return one / two if one and two else None


def _split(original: Times | None, reduced: Times | None) -> Split | None:
    if original is None or reduced is None or original.patches != reduced.patches:
        return None
    return Split(original, reduced)
