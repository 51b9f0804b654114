"""Which runs stand in a report, in which order, and what each row is called."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.summary import Summary
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


def with_errors(summaries: Sequence[Summary]) -> tuple[Summary, ...]:
    """The runs of the main table: those with an accuracy pass, and of models that have none, all."""
    there = {summary.record["model"]["name"] for summary in summaries if summary.errors}
    return tuple(s for s in summaries if s.errors or s.record["model"]["name"] not in there)


def missing(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """Which of the paper's models no record is about."""
    there = {summary.record["model"]["name"] for summary in summaries}
    return tuple(name for name in MODELS if name not in there)


def simulated(summary: Summary, notes: Notes) -> str:
    """The mark that a row on simulated slides carries in every table."""
    data = summary.record["data"]
    if not data["simulated"]:
        return ""
    return mark(
        notes,
        f"Simulated slides, not tissue: data set {data['name']}, seed {data['seed']}, SHA-256 "
        f"`{data['sha256'][:12]}`. What this row says about accuracy holds for that simulation only.",
    )


def where(summary: Summary, notes: Notes) -> str:
    """Backend, device, threads, and what else differs from the usual; a fallback is marked."""
    record = summary.record
    device, settings = record["device"], record["settings"]
    parts = [f"{record['backend']['name']}{verdicts(summary, 'backend', notes)}", device["name"]]
    if device["emulated"]:
        parts[-1] += " (emulated)"
    parts.append(f"{settings['threads']} thread{'s' if settings['threads'] > 1 else ''}")
    if settings["batch_size"] != BATCH:
        parts.append(f"batch {settings['batch_size']}")
    return ", ".join(parts)


def run(summary: Summary, notes: Notes) -> str:
    """The whole name of a run in one cell."""
    record = summary.record
    name = f"{record['model']['name']} {record['artifact']['target']}"
    return f"{name}{simulated(summary, notes)} on {where(summary, notes)}"


def verdicts(summary: Summary, about: str, notes: Notes) -> str:
    """Marks of the verdicts that concern one thing: the backend, the latency, or a split."""
    return "".join(
        mark(notes, f"{verdict.name}: {verdict.reason}.") for verdict in summary.verdicts if verdict.about == about
    )
