"""The paper's Table 7 beside our runs: which of them stand for its two rows, and what differs where that means much."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records import clusters, evaluation_metrics
from edgebench.records.clusters import Mean
from edgebench.records.published import Published
from edgebench.records.speedup import MODELS, setup
from edgebench.records.statistics import Estimate
from edgebench.records.summary import Errors, Summary

FLOAT32 = ("keras-float32", "tflite-float32", "onnx-float32", "openvino-float32")  # the paper's is Keras's
BATCH = 8  # paper, Table 7


def stand_ins(runs: Sequence[Summary]) -> dict[str, Summary]:
    """One run for each of the two models: if possible both of one runtime and device, of whole sets, real, float32.

    The choice looks at what a run is and how much of the sets it saw, never at its results.
    """
    ours = [run for run in runs if run.record["model"]["name"] in MODELS]
    shared: dict[tuple[object, ...], set[str]] = {}
    for run in ours:
        shared.setdefault(setup(run), set()).add(run.record["model"]["name"])

    def fit(run: Summary) -> tuple[object, ...]:
        record, images = run.record, sum(len(found.images) for found in run.errors.values())
        target = record["artifact"]["target"]
        return (
            -len(shared[setup(run)]),
            record["device"]["emulated"],
            record["artifact"]["precision"] != "float32",
            record["settings"]["batch_size"] != BATCH,
            -images,
            FLOAT32.index(target) if target in FLOAT32 else len(FLOAT32),
            record["settings"]["threads"],
            record["device"]["name"],
            record["backend"]["name"],
            record["id"],
        )

    best = sorted(ours, key=fit)
    found = {name: next((run for run in best if run.record["model"]["name"] == name), None) for name in MODELS}
    return {name: run for name, run in found.items() if run is not None}


def added(original: Summary, reduced: Summary, split: str) -> Mean | None:
    """Error of the reduced model minus that of the original, um, paired image by image; whole stacks are drawn."""
    if split not in original.errors or split not in reduced.errors:
        return None
    if original.record["data"]["sha256"] != reduced.record["data"]["sha256"]:
        return None
    found = evaluation_metrics.differences(original.errors[split].images, reduced.errors[split].images)
    return clusters.of(found) if found else None


def printed_step(paper: Published, column: str) -> float:
    """The same of the paper's two means, um."""
    original, reduced = paper.tables["table-7"]
    step: float = reduced[column]["mean"] - original[column]["mean"]
    return step


def away(found: Errors, printed_um: float) -> Mean:
    """Our mean error minus a printed one, um."""
    return minus(Mean(found.mean_um, found.interval), printed_um)


def minus(found: Mean, printed: float) -> Mean:
    """Ours minus a printed number; the interval is ours, as a printed number has none."""
    ends, value = found.interval, found.value - printed
    return Mean(value, Estimate(value, ends.low - printed, ends.high - printed) if ends else None)


def same_slides(run: Summary, split: str, images: int) -> bool:
    """Whether an error may be compared with the paper's: real slides, and as many images as the paper has."""
    return not run.record["data"]["simulated"] and split in run.errors and len(run.errors[split].images) == images
