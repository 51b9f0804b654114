"""Which runs stand in a report, in which order, and what each row is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgebench.records import cells
from edgebench.records.schema import Record
from edgebench.records.summary import Summary
from edgebench.report import verdict
from edgebench.report.markdown import Notes, mark

MODELS = ("original", "reduced")  # the paper's two, in its order
SETS = (("test-1", "Set 1"), ("test-2", "Set 2"))
BATCH = 8  # paper, Table 7


def ordered(summaries: Sequence[Summary]) -> tuple[Summary, ...]:
    """By model (the paper's two first), device, target, backend, threads, batch size and id."""

    def key(summary: Summary) -> tuple[object, ...]:
        record = summary.record
        name = record["model"]["name"]
        return (
            MODELS.index(name) if name in MODELS else len(MODELS),
            name,
            record["device"]["name"],
            record["artifact"]["target"],
            record["backend"]["name"],
            record["settings"]["threads"],
            record["settings"]["batch_size"],
            record["id"],
        )

    return tuple(sorted(summaries, key=key))


def current(summaries: Sequence[Summary]) -> tuple[tuple[Summary, ...], tuple[str, ...]]:
    """The newest run of each cell in the order of the rows, and device/id of the older ones.

    A cell is what a reader takes for one: model and target by name, not by hash, so that a converted or trained anew
    one replaces the old. Where devices of one name have several CPU models, the runs carry theirs.
    """
    kept = ordered(cells.newest(summaries))
    stays = {id(summary) for summary in kept}
    old = [summary.record for summary in ordered(summaries) if id(summary) not in stays]
    cpus: dict[str, set[str]] = {}
    for summary in kept:
        device = summary.record["device"]
        cpus.setdefault(device["name"], set()).add(device["host"]["cpu"])
    names = tuple(f"{record['device']['name']}/{record['id']}" for record in old)
    return tuple(_with_cpu(summary, cpus) for summary in kept), names


def _with_cpu(summary: Summary, cpus: dict[str, set[str]]) -> Summary:
    device = summary.record["device"]
    return replace(summary, cpu=device["host"]["cpu"]) if len(cpus[device["name"]]) > 1 else summary


def newest_first(summary: Summary) -> tuple[object, ...]:
    """The key to sort by where one run must stand for several: the newest, then fewest threads, smallest batch, id."""
    record = summary.record
    settings = record["settings"]
    return (-cells.created(record).timestamp(), settings["threads"], settings["batch_size"], record["id"])


def fullest(summaries: Sequence[Summary], split: str) -> tuple[Summary, ...]:
    """Of each model and target the run for a table that needs the whole of a split, all on one data set.

    The data set is that of the newest run which saw all of its split; the runs are those of most images, then real
    ones before emulated ones, then the newest. In the order of the summaries.
    """
    measured = [summary for summary in summaries if split in summary.errors]
    if not measured:
        return ()
    newest = min(measured, key=lambda one: (part_of(one, split) is not None, *newest_first(one)))
    best: dict[tuple[str, str], Summary] = {}
    for one in sorted(measured, key=lambda one: _fullest_first(one, split)):
        if one.record["data"]["sha256"] == newest.record["data"]["sha256"]:
            best.setdefault((one.record["model"]["name"], one.record["artifact"]["target"]), one)
    kept = {id(one) for one in best.values()}
    return tuple(one for one in measured if id(one) in kept)


def _fullest_first(one: Summary, split: str) -> tuple[object, ...]:
    return (-len(one.errors[split].images), one.record["device"]["emulated"], *newest_first(one))


def subset(summary: Summary, split: str, notes: Notes) -> str:
    """The mark of an error that was measured on a part of the images."""
    known = part_of(summary, split)
    return "" if known is None else mark(notes, f"{len(summary.errors[split].images):,} of {known:,} images.")


def part_of(summary: Summary, split: str) -> int | None:
    """How many images the split has, if the run saw only a part of them."""
    known = summary.record["data"]["splits"].get(split, {}).get("images", 0)
    return known if len(summary.errors[split].images) < known else None


def with_errors(summaries: Sequence[Summary]) -> tuple[Summary, ...]:
    """The runs of the main table: those with an accuracy pass, and of models that have none, all."""
    there = {summary.record["model"]["name"] for summary in summaries if summary.errors}
    return tuple(s for s in summaries if s.errors or s.record["model"]["name"] not in there)


def missing(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """Which of the paper's models no record is about."""
    there = {summary.record["model"]["name"] for summary in summaries}
    return tuple(name for name in MODELS if name not in there)


def slides(summary: Summary, notes: Notes) -> str:
    """The mark that says in every table on which data set a row was measured, and whether that is simulated."""
    data = summary.record["data"]
    if not data["simulated"]:
        return mark(notes, f"Real slides: data set {data['name']}, SHA-256 `{data['sha256'][:12]}`.")
    return mark(
        notes,
        f"Simulated slides, not tissue: data set {data['name']}, seed {data['seed']}, SHA-256 "
        f"`{data['sha256'][:12]}`. What this row says about accuracy holds for that simulation only.",
    )


def where(summary: Summary, notes: Notes, *, batch: bool = True) -> str:
    """Backend, device, threads, and what else differs from the usual; a fallback is marked."""
    record = summary.record
    device, settings = record["device"], record["settings"]
    parts = [f"{record['backend']['name']}{verdicts(summary, 'backend', notes)}", device["name"]]
    if device["emulated"]:
        parts[-1] += " (emulated)"
    if summary.cpu:
        parts[-1] += f" ({summary.cpu})"
    parts.append(f"{settings['threads']} thread{'s' if settings['threads'] > 1 else ''}")
    if batch and settings["batch_size"] != BATCH:
        parts.append(f"batch {settings['batch_size']}")
    return ", ".join(parts) + _fleet(record, notes)


def _fleet(record: Record, notes: Notes) -> str:
    shares = [part["fleet"] for part in record["accuracy"].values() if "fleet" in part]
    if not shares:
        return ""
    devices = {name for share in shares for name in share["stacks"].values()}
    twice = sum(len(share["checked"]) for share in shares)
    return mark(
        notes,
        f"Errors and end-to-end times of {len(devices)} devices of one type, who shared the stacks; times are sums. "
        f"{twice} stacks were measured by two of them. Latency and memory are of one.",
    )


def run(summary: Summary, notes: Notes, *, batch: bool = True) -> str:
    """The whole name of a run in one cell; batch=False where a column of its own gives the batch size."""
    record = summary.record
    name = f"{record['model']['name']} {record['artifact']['target']}"
    return f"{name}{slides(summary, notes)}, {where(summary, notes, batch=batch)}"


def verdicts(summary: Summary, about: str, notes: Notes) -> str:
    """Marks of the verdicts that concern one thing: the backend, the latency, or a split."""
    return verdict.marks(summary, about, notes)
