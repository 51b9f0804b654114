"""What all pictures share: looks, names of runs, and the words that stand in and under a picture."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from edgebench.records.schema import Record
from edgebench.records.summary import Summary
from edgebench.report.charts.chart import COLOURS, DASHES, MARKERS, Style
from edgebench.report.markdown import Notes
from edgebench.report.rows import run, subset, verdicts

INTERVALS = "bars: 95 % intervals"
_SINGLE = "-single"
Key = tuple[str, str]  # model, and its target without the format


def styles(names: Iterable[str], *, line: bool = True) -> dict[str, Style]:
    """One look a name in the order of their coming: neither colour, marker nor dash alone tells two apart, all do."""
    return {
        name: Style(
            COLOURS[at % len(COLOURS)],
            MARKERS[at % len(MARKERS)],
            DASHES[at % len(DASHES)] if line else "",
            size_pt=5.5,
        )
        for at, name in enumerate(dict.fromkeys(names))
    }


def models(names: Collection[str]) -> dict[str, Style]:
    """As styles; a model of single images looks as that of difference images does, but hollow and dashed."""
    found = styles(name.removesuffix(_SINGLE) for name in names)
    return {
        name: replace(found[name.removesuffix(_SINGLE)], hollow=True, dash="dashed")
        if name.endswith(_SINGLE)
        else found[name]
        for name in names
    }


def variant(record: Record) -> Key:
    """Model and precision, with the recipe's name where there is one: `reduced`, `int8-mixed`."""
    artifact = record["artifact"]
    return record["model"]["name"], artifact["target"].removeprefix(f"{artifact['format']}-")


def short(summary: Summary, among: Sequence[Summary]) -> str:
    """Backend, and device and threads where they differ among the runs: `litert, pi4, 4 threads`."""
    record = summary.record
    parts = [record["backend"]["name"]]
    if len({place(one) for one in among}) > 1:
        parts.append(place(summary))
    if len({one.record["settings"]["threads"] for one in among}) > 1:
        parts.append(threads(record))
    return ", ".join(parts)


def place(summary: Summary) -> str:
    return f"{summary.record['device']['name']}{f' ({summary.cpu})' if summary.cpu else ''}"


def threads(record: Record) -> str:
    count = record["settings"]["threads"]
    return f"{count} thread{'s' if count > 1 else ''}"


def simulated(flags: Iterable[bool]) -> tuple[str, ...]:
    """The label of a picture of simulated slides, or of one in which some are."""
    kinds = set(flags)
    if kinds == {True}:
        return ("simulated slides",)
    return ("some slides simulated",) if True in kinds else ()


def simulated_runs(summaries: Iterable[Summary]) -> tuple[str, ...]:
    return simulated(one.record["data"]["simulated"] for one in summaries)


def footnotes(summary: Summary, split: str = "", *about: str) -> tuple[str, ...]:
    """The name of a run, its verdict, and the footnotes that its row in the tables has."""
    notes = Notes()
    name = run(summary, notes).split("[^")[0]
    name += "".join(part.split("]", 1)[1] for part in run(summary, notes).split("[^")[1:])
    if split in summary.errors:
        subset(summary, split, notes)
    for one in (*about, split):
        verdicts(summary, one, notes)
    return name, f"verdict: {summary.verdict}", *(note.replace("`", "") for note in notes)


def spread(values: Sequence[float], digits: int) -> str:
    """`0.37 to 0.52`; one number where both ends are printed alike."""
    low, high = (f"{value:,.{digits}f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
