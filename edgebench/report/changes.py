"""A page that compares two sets of records: one table of ratios and differences, and how many cells show what."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.comparison import Ratio
from edgebench.records.equivalence import Equivalence
from edgebench.records.set_comparison import Cell, Sets
from edgebench.report import numbers
from edgebench.report.document import Block, Bullets, Document, Heading, Table, Text, Value
from edgebench.report.document import Cell as TableCell

ABOUT = (
    "Other over base: below 1 is faster or smaller. Latency is the p50 of a call, with the 95 % interval over "
    "processes; faster and slower only where the whole interval is beyond 3 %. Error is that of an image, other minus "
    'base, paired image by image, in um; equivalent: shown to lie within {margin:g} um. "No difference shown" never '
    "means that two are equal. Memory is the peak of one process and has no interval."
)
ESTIMATED = "est.: the ratio of two estimates for emulated boards; no time was measured."
PEAK, SIZE = "peak memory", "file size"


def document(found: Sets, base: str, other: str) -> Document:
    """base, other: what the two sets are called."""
    blocks: list[Block] = [Text(f"Base: `{base}`. Other: `{other}`. {ABOUT.format(margin=found.margin_um)}")]
    if found.simulated:
        blocks.append(Text("**The slides are simulated.** The errors hold for that simulation only."))
    blocks += [Bullets(summary(found))]
    if found.compared:
        blocks += [Heading("Cell by cell"), table(found)]
    if any(one.estimated for one in found.cells):
        blocks.append(Text(ESTIMATED))
    rest = [one for one in found.cells if one.compared is None]
    if rest:
        blocks += [Heading("Not comparable"), Bullets(tuple(f"{one.name}: {one.reason}" for one in rest))]
    return Document("changes", "Two sets of records compared", tuple(blocks))


def summary(found: Sets) -> tuple[str, ...]:
    """How many cells show what; of the rest, why they are not comparable."""
    lines = [f"{len(found.cells)} cells, {len(found.compared)} compared."]
    for what, counts in found.counted().items():
        if counts:
            told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
            lines.append(f"{what[0].upper()}{what[1:]}: {told}.")
    return tuple(lines)


def table(found: Sets) -> Table:
    headers = ["Cell", "Latency", ""]
    for split in found.splits:
        headers += [f"Error, {split} (um)", ""]
    headers += ["Peak memory", "File"]
    return Table(tuple(headers), tuple(_row(one, found.splits) for one in found.compared), key="changes")


def _row(one: Cell, splits: Sequence[str]) -> tuple[TableCell, ...]:
    compared = one.compared
    if compared is None:
        return (one.name,)
    cells: list[TableCell] = [one.name, _latency(one), one.latency]
    for split in splits:
        cells += [_error(compared.errors.get(split)), one.error(split)]
    single = {ratio.what: ratio for ratio in compared.single}
    return (*cells, _ratio(single.get(PEAK)), _ratio(single.get(SIZE)))


def _latency(one: Cell) -> Value:
    if one.estimated is not None:
        ends = f"[{one.estimated.low:.2f}, {one.estimated.high:.2f}]"
        return numbers.ranged(f"est. {one.estimated.value:.2f} {ends}", one.estimated.value, one.estimated)
    return _ratio(one.compared.latency if one.compared else None)


def _ratio(found: Ratio | None) -> Value:
    if found is None:
        return Value(numbers.NONE)
    interval = found.found
    ends = f" [{interval.low:.3f}, {interval.high:.3f}]" if interval else ""
    return numbers.ranged(f"{found.value:.3f}{ends}", found.value, interval)


def _error(found: Equivalence | None) -> Value:
    if found is None:
        return Value(numbers.NONE)
    return numbers.ranged(numbers.um_interval(found.mean_um, found.interval, 3, "+"), found.mean_um, found.interval)
