"""The paper's numbers, calculated again from its own tables: each with its arithmetic in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from edgebench.records import speedup, student
from edgebench.records import statistics as st
from edgebench.records.published import Published

PLANES, TILES = 41, 20  # of a published stack, of an image
UNPAIRED = 4  # planes of a stack that have no partner 2 um above
STEP_UM = 0.5  # between two planes
BASE_PARAMETERS = 2_257_984  # MobileNetV2, alpha 1.0, without its classifier
FEATURES = (7, 7, 1280)  # of its last layer at 224 px


@dataclass(frozen=True)
class Check:
    """One number of the paper; printed is what it says, "" where it says nothing."""

    what: str
    arithmetic: str
    found: str
    printed: str


def checks(paper: Published) -> tuple[Check, ...]:
    return (
        *_counts(paper),
        *_means(paper),
        _resolution(paper),
        *_work(paper),
        *_sizes(paper),
    )


def _counts(paper: Published) -> Iterator[Check]:
    stacks = sum(row["images"] for row in paper.tables["table-6"]) // PLANES
    paired = PLANES - UNPAIRED
    every, kept = stacks * PLANES * TILES, stacks * paired * TILES
    yield Check("Patches of set 2", f"{stacks} stacks x {PLANES} planes x {TILES} tiles", f"{every:,}", "26,240")
    yield Check("Patches by the pair rule", f"{stacks} x ({PLANES} - {UNPAIRED}) x {TILES}", f"{kept:,}", "")
    side = paired // 2
    constant = 2 * STEP_UM * sum(range(1, side + 1)) / paired
    arithmetic = f"2 x {STEP_UM} um x (1 + 2 + ... + {side}) / {paired} labels"
    yield Check("Error of the best constant answer (um)", arithmetic, f"{constant:.2f}", "")


def _means(paper: Published) -> Iterator[Check]:
    for table, column, summed, place in (
        ("table-3", "rgb", "table-1", 0),
        ("table-4", "rgb", "table-1", 1),
        ("table-5", "difference", "table-2", 0),
        ("table-6", "difference", "table-2", 1),
    ):
        rows = paper.tables[table]
        images = sum(row["images"] for row in rows)
        first = rows[0]
        yield Check(
            f"Mean of {table.replace('-', ' ').capitalize()} (um)",
            f"({first['images']} x {first[column]['mean']:.2f} + ...) / {images:,} images",
            f"{_mean(rows, column):.3f}",
            f"{paper.tables[summed][place][column]['mean']:.2f}",
        )


def _resolution(paper: Published) -> Check:
    """Student's interval of the mean of set 2 over its samples, which are what could have been others."""
    rows = paper.tables["table-6"]
    clusters = {row["sample"]: [row["difference"]["mean"]] * row["images"] for row in rows}
    error, t = float(st.robust_error(*st.cluster_sums(clusters))), student.quantile(0.975, len(rows) - 1)
    return Check(
        f"95 % interval of set 2 over its {len(rows)} samples (um)",
        f"{t:.2f} (Student, {len(rows) - 1} degrees) x {error:.3f} standard error",
        f"{_mean(rows, 'difference'):.2f} +- {t * error:.2f}",
        "",
    )


def _work(paper: Published) -> Iterator[Check]:
    found = speedup.of_paper(paper)
    macs = [value / 1e6 for value in speedup.PUBLISHED_MACS]
    rows = paper.tables["table-7"]
    step = rows[1]["set2"]["mean"] - rows[0]["set2"]["mean"]
    yield Check(
        "Error of set 2, reduced - original (um)",
        f"{rows[1]['set2']['mean']} - {rows[0]['set2']['mean']}",
        f"{step:.2f}",
        "",
    )
    yield Check("Arithmetic, original / reduced", f"{macs[0]} M / {macs[1]} M", f"{found.arithmetic:.1f}", "")
    yield Check(
        "Time, original / reduced", f"{found.original_s:.0f} s / {found.reduced_s:.0f} s", f"{found.whole:.1f}", ""
    )
    difference = found.original_s - found.reduced_s
    yield Check(
        "Prediction of the original (s)",
        f"{difference:.0f} s / (1 - 1 / {found.arithmetic:.1f}), if it were proportional to arithmetic",
        f"{found.predict_s:.0f}",
        "",
    )
    yield Check(
        "Neither model (s)",
        f"{found.original_s:.0f} - {found.predict_s:.0f}",
        f"{found.rest_s:.0f}",
        "",
    )
    images = sum(row["images"] for row in paper.tables["table-6"])
    yield Check(
        "The same, an image (ms)",
        f"{found.rest_s:.0f} s / {images:,} images",
        f"{found.rest_s / images * 1e3:.0f}",
        "",
    )


def _sizes(paper: Published) -> Iterator[Check]:
    original, reduced = paper.tables["table-7"]
    height, width, channels = FEATURES
    flat = BASE_PARAMETERS + height * width * channels + 1
    yield Check(
        "Parameters, original, flattened head",
        f"{BASE_PARAMETERS:,} + {height} x {width} x {channels:,} + 1",
        f"{flat:,}",
        f"{original['parameters']:,}",
    )
    yield Check(
        "Parameters, original, pooled head",
        f"{BASE_PARAMETERS:,} + {channels:,} + 1",
        f"{BASE_PARAMETERS + channels + 1:,}",
        f"{original['parameters']:,}",
    )
    for what, key, unit in (
        ("Parameters, original / reduced", "parameters", ""),
        ("GPU memory, original / reduced", "gpu_memory_gb", " GB"),
    ):
        a, b = original[key], reduced[key]
        printed = "4X" if key == "parameters" else ""
        yield Check(what, f"{a:,}{unit} / {b:,}{unit}", f"{a / b:.1f}", printed)


def _mean(rows: Sequence[dict[str, Any]], column: str) -> float:
    """Weighted by images."""
    total = float(sum(row["images"] * row[column]["mean"] for row in rows))
    images: int = sum(row["images"] for row in rows)
    return total / images
