"""The regions that README.md and docs/*.md may have: what was measured, the picture, and how long the records took."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.summary import Summary
from edgebench.report.charts import error_latency
from edgebench.report.document import Picture, Table
from edgebench.report.facts import PATCHES
from edgebench.report.formats import markdown
from edgebench.report.main_table import TIMED
from edgebench.report.material import Material
from edgebench.report.numbers import NONE, mib, ms_interval, published, um_interval
from edgebench.report.rows import MODELS

TARGETS = ("tflite-float32", "tflite-int8")  # what boards run
NOTHING = "Nothing has been measured yet."
REPORTS = "results/reports"  # from where README.md stands
HEADERS = (
    "Model",
    "Runs as",
    "File, MB",
    "Patch, ms [95 %]",
    f"{PATCHES:,} patches, s",
    "Peak memory, MiB",
    "Error, um [95 %]",
)
SIMULATED = (
    "**Our slides are simulated**: our errors hold for that simulation only, and are no reproduction of the paper's, "
    "which are of tissue."
)


def blocks(material: Material) -> dict[str, str]:
    """Markdown of each region by its name."""
    drawing = error_latency.picture(material.runs)
    drawn = "" if drawing is None else markdown.block(Picture(f"{REPORTS}/{drawing.name}.svg", "", drawing.alternative))
    return {"results": _results(material), "picture": drawn or NOTHING, "times": _times(material.runs)}


def _results(material: Material) -> str:
    chosen = [run for run in material.runs if _shown(run)]
    if not chosen:
        return NOTHING
    paper = [row for row in material.paper.tables["table-7"] if row["model"]]
    rows: list[tuple[str, ...]] = [
        (row["model"], "the paper's machine", NONE, NONE, published(row["cpu_time_s"]), NONE, published(row["set2"]))
        for row in paper
    ]
    rows += [_row(run) for run in chosen]
    return "\n\n".join((markdown.block(Table(HEADERS, tuple(rows), left=2)), " ".join(_about(chosen))))


def _shown(run: Summary) -> bool:
    """A paper's model in a format that boards run, measured on every image of the timed set, one thread."""
    record = run.record
    return (
        record["model"]["name"] in MODELS
        and record["artifact"]["target"] in TARGETS
        and not record["device"]["emulated"]
        and not record["settings"]["images"]
        and record["settings"]["threads"] == 1
        and TIMED in run.errors
        and run.times[TIMED].patches == PATCHES
    )


def _row(run: Summary) -> tuple[str, ...]:
    error, latency, record = run.errors[TIMED], run.latency, run.record
    return (
        record["model"]["name"],
        f"{record['artifact']['target']}, {record['backend']['name']}"
        + ("" if run.verdict == "OK" else f" ({run.verdict})"),
        f"{run.file_mb:.2f}",
        ms_interval(latency.patch_ms, latency.patch) if latency else NONE,
        f"{run.times[TIMED].wall_s:.0f}",
        mib(run.memory.peak_mib if run.memory else None),
        um_interval(error.mean_um, error.interval),
    )


def _about(runs: Sequence[Summary]) -> list[str]:
    machines = dict.fromkeys(f"{one.record['device']['name']} ({one.record['device']['host']['cpu']})" for one in runs)
    batches = dict.fromkeys(str(one.record["settings"]["batch_size"]) for one in runs)
    marked = any(run.verdict != "OK" for run in runs)
    said = [
        f"Ours: {', '.join(machines)}, one thread, batches of {' and '.join(batches)}; a patch is the median of a call "
        "in steady state, the seconds, end to end, and the memory are of one process each, error is the mean over the "
        "images of Set 2."
    ]
    said += ["The words in brackets speak against a number: [what they mean](docs/measurement.md)."] if marked else []
    said += ["The paper prints mean ± standard deviation, on another machine and without intervals."]
    said += [SIMULATED] if any(run.record["data"]["simulated"] for run in runs) else []
    return said


def _times(runs: Sequence[Summary]) -> str:
    """What the processes of the records took, by device and model, as they say themselves."""
    cells: dict[tuple[str, str, str], list[float]] = {}
    for run in runs:
        record = run.record
        name = record["device"]["name"] + " (emulated)" * record["device"]["emulated"]
        images = record["settings"]["images"]
        key = name, record["model"]["name"], f"{images} of each set" if images else "all"
        if record.get("processes"):  # older records have none
            cells.setdefault(key, []).append(sum(process["seconds"] for process in record["processes"]))
    rows = tuple((*key, str(len(found)), f"{sum(found) / 60:.0f}") for key, found in cells.items())
    return (
        markdown.block(Table(("Device", "Model", "Images", "Records", "Minutes in all"), rows, left=3))
        if rows
        else NOTHING
    )
