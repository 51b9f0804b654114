"""The paper's Table 7 beside ours, number by number: what differs, and what cannot be compared, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgebench.records import reproduction
from edgebench.records.audit import checks
from edgebench.records.clusters import Mean
from edgebench.records.published import Published
from edgebench.records.speedup import of_paper, speedup
from edgebench.records.summary import Summary
from edgebench.report import speedup as speed
from edgebench.report.columns.cell import ABSENT, UNMEASURED, count, fixed
from edgebench.report.columns.end_to_end import TIMED
from edgebench.report.document import Block, Bullets, Cell, Heading, Notes, Table, Text, Value
from edgebench.report.facts import PATCHES, remarks
from edgebench.report.markdown import mark
from edgebench.report.names import device
from edgebench.report.numbers import NONE, mean_std, published, ranged, seconds, um_interval
from edgebench.report.rows import MODELS, SETS, slides, subset

HEADERS = ("Quantity", "Model", "Published", "Ours", "Difference", "Remark")
IMAGES = {"test-1": 697, "test-2": 1312}  # paper, Tables 5 and 6
SETS_OF_PAPER = {"test-1": "set1", "test-2": "set2"}
OTHER_MACHINE = "another machine; wall or CPU time is not said"
NO_GPU = "our runs use no GPU; resident memory is something else"
EMULATED = "emulated: no time is measured"
ROUNDED = "the paper rounds"
EVERY_PLANE = "the paper counts every plane"
CHECKED = "The same, calculated from the paper's own tables."
ONE_PROCESS = "each on its own machine; n = 1 process"

Row = tuple[Cell, ...]


def intro(runs: Sequence[Summary]) -> str:
    """Which runs stand for the two rows."""
    ours = reproduction.stand_ins(runs)
    told = [
        f"`{name}`: {run.record['artifact']['target']} on {run.record['backend']['name']}, {device(run)}, "
        f"{run.record['settings']['threads']} thread{'s' if run.record['settings']['threads'] > 1 else ''}"
        for name, run in ours.items()
    ]
    return (
        "Number by number. Ours are of float32 on a real machine, if possible of one runtime that has both models: "
        f"{'; '.join(told) or 'nothing measured yet'}. Difference: ours minus published, with our 95 % interval (the "
        "paper gives none); empty where the two are not the same quantity. Error: mean ± standard deviation over "
        "images, in brackets the interval of the mean over stacks."
    )


def reproduced(paper: Published, runs: Sequence[Summary], notes: Notes) -> Table:
    """One row a number of the paper's Table 7, and what follows from two of them."""
    ours = reproduction.stand_ins(runs)
    printed = dict(zip(MODELS, paper.tables["table-7"]))
    rows: list[Row] = [_patches(ours)]
    rows += [("Parameters", name, *_parameters(printed[name]["parameters"], ours.get(name))) for name in MODELS]
    rows += [("Time (s)", name, *_time(printed[name]["cpu_time_s"], ours.get(name), paper, notes)) for name in MODELS]
    why = NO_GPU + mark(notes, paper.remarks["memory"])
    memory = {name: printed[name]["gpu_memory_gb"] for name in MODELS}
    rows += [("GPU memory (GB)", name, Value(published(gb), gb), ABSENT, ABSENT, why) for name, gb in memory.items()]
    for split, title in SETS:
        for name in MODELS:
            cells = _error(printed[name][SETS_OF_PAPER[split]], ours.get(name), split, notes)
            rows.append((f"Error, {title} (um)", name, *cells))
    rows += _both(paper, ours, notes)
    return Table(HEADERS, tuple(rows), left=2, key="table-7-reproduced")


def _patches(ours: dict[str, Summary]) -> Row:
    found = {run.times[TIMED].patches for run in ours.values() if TIMED in run.times}
    first: tuple[Cell, ...] = ("Patches timed", "both", count(PATCHES))
    if len(found) != 1:
        return (*first, UNMEASURED, ABSENT, EVERY_PLANE)
    (patches,) = found
    return (*first, count(patches), Value(f"{patches - PATCHES:+,}", patches - PATCHES), EVERY_PLANE)


def _parameters(printed: int, run: Summary | None) -> Row:
    found = run.record["model"]["parameters"] if run else None
    if not found:
        return (count(printed), ABSENT if run else UNMEASURED, ABSENT, ROUNDED)
    more = found - printed
    return (count(printed), count(found), Value(f"{more:+,} ({more / printed:+.1%})", more), ROUNDED)


def _time(printed: int, run: Summary | None, paper: Published, notes: Notes) -> Row:
    first = count(printed)
    remark = OTHER_MACHINE + mark(notes, paper.remarks["seconds"])
    if run is None or TIMED not in run.times:
        return (first, UNMEASURED, ABSENT, remark)
    if run.record["device"]["emulated"]:
        return (first, ABSENT, ABSENT, EMULATED)
    found = run.times[TIMED]
    fewer = f" ({found.patches:,} patches)" if found.patches != PATCHES else ""
    told = f"{seconds(found.wall_s)} wall, {seconds(found.cpu_s)} CPU{fewer}"
    return (first, Value(told, found.wall_s), ABSENT, remark)


def _error(printed: dict[str, float], run: Summary | None, split: str, notes: Notes) -> Row:
    first = Value(published(printed), printed["mean"])
    if run is None or split not in run.errors:
        return (first, UNMEASURED, ABSENT, "")
    found = run.errors[split]
    ends = f" [{found.interval.low:.2f}, {found.interval.high:.2f}]" if found.interval else ""
    marks = slides(run, notes) + subset(run, split, notes)
    ours = ranged(mean_std(found.mean_um, found.std_um) + ends + marks, found.mean_um, found.interval)
    if reproduction.same_slides(run, split, IMAGES[split]):
        return (first, ours, _difference(reproduction.away(found, printed["mean"])), "")
    return (first, ours, ABSENT, _other_slides(run))


def _both(paper: Published, ours: dict[str, Summary], notes: Notes) -> Iterator[Row]:
    """What follows from both rows: ratios, and the error that reducing adds."""
    of_ours = speedup(ours["original"], ours["reduced"], TIMED) if len(ours) == len(MODELS) else None
    times = of_ours.split.whole if of_ours and of_ours.split else None
    original, reduced = paper.tables["table-7"]
    for title, key in (("Parameters", "parameters"), ("Time", "cpu_time_s")):
        printed = original[key] / reduced[key] if key == "parameters" else of_paper(paper).whole
        found = times if key == "cpu_time_s" else of_ours.parameters if of_ours else None
        difference = ABSENT if found is None else fixed(found - printed, 1, "+")
        cell = UNMEASURED if found is None else fixed(found, 1)
        remark = ROUNDED if key == "parameters" else ONE_PROCESS
        yield (f"{title}, original / reduced", "both", fixed(printed, 1), cell, difference, remark)
    for split, title in SETS:
        step = reproduction.printed_step(paper, SETS_OF_PAPER[split])
        first = fixed(step, 2, "+")
        name = f"Error, {title}, reduced - original (um)"
        added = reproduction.added(ours["original"], ours["reduced"], split) if of_ours else None
        if added is None:
            yield (name, "both", first, UNMEASURED, ABSENT, "")
            continue
        run = ours["reduced"]
        mine = _difference(added)
        cell = Value(mine.text + slides(run, notes), mine.value, mine.low, mine.high)
        if reproduction.same_slides(run, split, IMAGES[split]):
            yield (name, "both", first, cell, _difference(reproduction.minus(added, step)), "paired in ours alone")
        else:
            yield (name, "both", first, cell, ABSENT, _other_slides(run))


def _difference(found: Mean) -> Value:
    return ranged(um_interval(found.value, found.interval, 2, "+"), found.value, found.interval)


def _other_slides(run: Summary) -> str:
    simulated = run.record["data"]["simulated"]
    return "simulated slides, not the paper's" if simulated else "other images than the paper's"


def blocks(paper: Published, runs: Sequence[Summary], notes: Notes) -> list[Block]:
    """Table 7 beside ours, what the reduced model gains, and where it goes."""
    found: list[Block] = [Heading("Table 7, reproduced"), Text(intro(runs)), reproduced(paper, runs, notes)]
    found += [Heading("What the reduced model gains"), Text(speed.TEXT), speed.table(paper, runs, notes)]
    sentence = speed.where_it_goes(runs)
    return found + ([Text(sentence)] if sentence else [])


def audit(paper: Published) -> list[Block]:
    """The paper's own numbers, calculated again: facts, no blame."""
    return [Heading("The paper's numbers, checked"), Bullets(tuple(remarks(paper))), Text(CHECKED), checked(paper)]


def checked(paper: Published) -> Table:
    """The arithmetic behind the remarks; printed is what the paper has for the same."""
    rows = ((one.what, one.arithmetic, one.found, one.printed or NONE) for one in checks(paper))
    return Table(("What", "Arithmetic", "Gives", "Printed"), tuple(rows), left=2, key="paper-checked")
