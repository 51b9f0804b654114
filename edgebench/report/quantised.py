"""Quantised runs beside float32 ones of the same model: what they cost in um, what they save, and why not more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgebench.records import against, profile
from edgebench.records.against import MARGIN_UM
from edgebench.records.equivalence import Equivalence
from edgebench.records.summary import Summary
from edgebench.report.columns.cell import ABSENT, NO_TIME, UNMEASURED, fixed
from edgebench.report.document import Cell, Notes, Table, Value, marked
from edgebench.report.markdown import mark
from edgebench.report.numbers import ms, ranged, um_interval
from edgebench.report.rows import SETS, run, subset, verdicts
from edgebench.report.verdict import apart

COSTS = (
    "Focusing error, quantised minus float32, paired image by image; above 0 is worse. The interval draws whole "
    f"stacks. Equivalent: two one-sided tests show that the mean lies within {MARGIN_UM:g} um of float32's; \"no "
    'difference shown" never means that two are equal. Detectable: the difference that these stacks would have shown '
    "four times out of five, um."
)
SAVES = (
    "Against float32 in the same runtime: below 1 is smaller and faster. Time is the p50 of a call, with the 95 % "
    "interval of the ratio over processes; faster or slower only where the whole interval is beyond 3 %."
)
KINDS = (
    "Share of the time of one call by kind of operator, as the runtime tells it in a process of its own (LiteRT does "
    "not); what stands in the way of int8, where that is known."
)
_SHOWN = 4  # kinds of operators in a row


def costs(summaries: Sequence[Summary], notes: Notes) -> Table:
    """A certificate of each quantised run: difference, verdict and detectable difference, by set."""
    rows = []
    for base, one in _pairs(summaries):
        cells: list[Cell] = []
        for split, _ in SETS:
            found = against.cost(base, one, split)
            cells += _certified(found, subset(one, split, notes)) if found else [UNMEASURED] * 3
        rows.append((run(one, notes), base.record["artifact"]["target"], *cells))
    headers = [f"{title}{what}" for _, title in SETS for what in (" (um) [95 %]", ": shown", ": detectable")]
    return Table(("Run", "Minus", *headers), tuple(rows), left=2)


def saves(summaries: Sequence[Summary], notes: Notes) -> Table:
    """Bytes and time over those of float32."""
    rows = []
    for base, one in _pairs(summaries):
        cells: list[Cell] = [UNMEASURED, ABSENT]
        if one.record["device"]["emulated"]:
            cells = [NO_TIME] * 2
        elif found := against.time(base, one):
            ratio = ranged(um_interval(found.value, found.found), found.value, found.found)
            cells = [marked(ratio, apart(base, one, notes)), found.verdict]
        name = run(one, notes) + verdicts(one, "backend", notes)
        rows.append((name, base.record["artifact"]["target"], fixed(against.size(base, one), 2), cells[0], cells[1]))
    return Table(("Run", "Over", "Size", "Time [95 %]", "Shown"), tuple(rows), left=2)


def kinds(summaries: Sequence[Summary], notes: Notes) -> Table:
    """Time by kind of operator of every run that has it, and the reasons of the quantised ones."""
    rows = []
    for one in summaries:
        if not one.profile or one.record["device"]["emulated"]:
            continue
        shares = list(profile.kinds(one.profile).items())[:_SHOWN]
        quantised = one.record["artifact"]["precision"] != "float32"
        reasons = profile.reasons(one.profile, one.record["device"]["host"]["cpu_flags"]) if quantised else ()
        marks = "".join(mark(notes, f"{reason[0].upper()}{reason[1:]}.") for reason in reasons)
        told = ", ".join(f"{kind} {share:.0%}" for kind, share in shares)
        call_ms = profile.whole_ms(one.profile)
        rows.append((run(one, notes) + marks, told, Value(ms(call_ms), call_ms)))
    return Table(("Run", "Operators", "Profiled call (ms)"), tuple(rows), left=2)


def _pairs(summaries: Sequence[Summary]) -> Iterator[tuple[Summary, Summary]]:
    """Each quantised run with its float32 one: of the same backend and settings if there is one."""
    for one in summaries:
        base = against.base(one, summaries)
        if base:
            yield base, one


def _certified(found: Equivalence, part: str) -> list[Cell]:
    added = ranged(um_interval(found.mean_um, found.interval, 3, "+"), found.mean_um, found.interval)
    return [marked(added, part), ABSENT if part else found.verdict, fixed(found.detectable_um, 3)]
