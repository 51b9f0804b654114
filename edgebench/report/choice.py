"""What to take, on the page: the recommendation for three uses, and the task outcome of every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.records import cells, outcome
from edgebench.records.candidates import Candidate, find
from edgebench.records.choice import ERROR, SIZE, SPEED, Choice, choose
from edgebench.records.limits import KINDS, Limits, Quantity
from edgebench.records.outcome import Microscope, Outcome
from edgebench.records.summary import Summary
from edgebench.report import choice_words as words
from edgebench.report import numbers
from edgebench.report.document import Block, Bullets, Cell, Heading, Notes, Table, Text, Value
from edgebench.report.markdown import mark
from edgebench.report.material import Material

SPLIT = "test-2"  # the harder: another stain
WITHIN_UM = 0.02  # of float32's error: what the project's int8 must keep
NOTHING = "No record yet that one could choose by."


@dataclass(frozen=True)
class Use:
    title: str
    device: str | None  # None: every real one
    limits: Limits
    prefer: str
    command: str  # that gives the same answer


USES = (
    Use("The most accurate", None, Limits(), ERROR, "edgebench recommend"),
    Use(
        f"The fastest within {WITHIN_UM:g} um of float32's error",
        None,
        Limits(increase_um=WITHIN_UM),
        SPEED,
        "edgebench recommend --prefer speed --max-increase 0.02um",
    ),
    Use(
        "The smallest for a Raspberry Pi 4",
        "pi4",
        Limits(increase_um=WITHIN_UM),
        SIZE,
        "edgebench recommend --device pi4 --prefer size --max-increase 0.02um",
    ),
)


def blocks(material: Material, notes: Notes) -> list[Block]:
    """Both parts, each with its heading."""
    return [*recommendation(material.runs, notes), *outcomes(material.runs, notes)]


def recommendation(runs: Sequence[Summary], notes: Notes) -> list[Block]:
    found = [(use, choice_of(use, runs)) for use in USES]
    title = Heading("Which to take")
    if not any(made for _, made in found):
        return [title, Text(NOTHING)]
    headers = ("For", "Take", "Error (um)", "ms a decision", "Peak memory (MB)", "File (MB)", "Fields an hour")
    rows = tuple(_row(use, made, notes) for use, made in found)
    lines = tuple(
        f"**{use.title}:** {_told(made)} `{use.command}` lists the runners-up, and why the others were refused."
        for use, made in found
        if made is not None
    )
    about = f"From these records alone, on Set 2. {words.DECISION} In brackets 95 % intervals."
    return [title, Text(about), Table(headers, rows, left=2, key="recommendation"), Bullets(lines)]


def choice_of(use: Use, runs: Sequence[Summary]) -> Choice | None:
    """None where the device has no record with errors on Set 2."""
    if not cells.there(runs, use.device):
        return None
    candidates = find(runs, use.device, SPLIT)
    return choose(candidates, use.limits, use.prefer) if candidates else None


def outcomes(runs: Sequence[Summary], notes: Notes, microscope: Microscope | None = None) -> list[Block]:
    """Of every cell that has a time, and of a sweep; nothing where there is none."""
    scope = microscope or Microscope()
    devices = sorted({run.record["device"]["name"] for run in runs})
    every = [one for device in devices for one in find(runs, device, SPLIT)]
    rows = [(_name(one, notes), *_outcome(of, notes)) for one in every if (of := outcome.of(one, scope)) is not None]
    if not rows:
        return []
    rows.sort(key=lambda row: row[2].value if isinstance(row[2], Value) and row[2].value is not None else 0.0)
    sweep = f"sweep of {outcome.SWEEP} planes, taken to be always right"
    rows.append((sweep, *_outcome(outcome.sweep(outcome.SWEEP, scope), notes)))
    text = f"{words.MODEL} Of the microscope: {words.microscope(scope)}. Set 2; fastest first. {_slides(runs)}"
    table = Table(("Cell", *words.OUTCOME_HEADERS), tuple(rows), key="outcome")
    return [Heading("Time to focus"), Text(text.strip()), table]


def _row(use: Use, made: Choice | None, notes: Notes) -> tuple[Cell, ...]:
    if made is None:
        return (use.title, numbers.NOT_RUN, *[numbers.NONE] * 5)
    if made.chosen is None:
        return (use.title, "nothing is proven to meet it", *[numbers.NONE] * 5)
    one, of = made.chosen, outcome.of(made.chosen, Microscope())
    values = [cell(name, one.of(name)) for name in ("error_um", "decision_ms", "memory_bytes", "size_bytes")]
    return (use.title, _name(one, notes), *values, _outcome(of, notes)[2] if of else numbers.NONE)


def _name(one: Candidate, notes: Notes) -> str:
    """Marked with what speaks against it, and whether the slides are simulated."""
    said = words.speaks_against(one)
    return one.name + (mark(notes, said[0].upper() + said[1:] + ".") if said else "")


def _told(made: Choice) -> str:
    if made.chosen is None:
        return " ".join(words.relief(made.relief, made.limits)) if made.relief else "Nothing meets it."
    rests = words.rests_on(made, "`")
    return " ".join(part for part in (f"{made.chosen.name}.", made.reason, rests and f"{rests}.") if part)


def cell(name: str, found: Quantity | None) -> Value:
    """A quantity as a cell, in the unit of its kind."""
    text = words.quantity(name, found)
    if found is None:
        return Value(text)
    divisor = KINDS[name].divisor
    ends = found.interval.scaled(1 / divisor) if found.interval else None
    return numbers.ranged(text, found.value / divisor, ends)


def _outcome(found: Outcome, notes: Notes) -> tuple[Cell, ...]:
    texts = words.outcome_cells(found)
    marks = mark(notes, f"Without {found.lacks}.") if found.lacks else ""
    off, focus = found.off, found.focus and found.focus.scaled(1e-3)
    return (
        numbers.ranged(texts[0], 100 * off.value, off.interval and off.interval.scaled(100)),
        numbers.ranged(texts[1] + marks, found.focus_ms / 1e3, focus),
        numbers.ranged(texts[2] + marks, found.fields_per_hour, found.hourly),
        texts[3],
    )


def _slides(runs: Sequence[Summary]) -> str:
    simulated = any(run.record["data"]["simulated"] for run in runs)
    return "The slides are simulated, and so is what follows from the errors." if simulated else ""
