"""What the regressors are to reach, each target with the figure that decides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgebench.records import clusters
from edgebench.records import evaluation_metrics as metrics
from edgebench.records.clusters import Mean
from edgebench.records.evaluation_summary import MEDIAN, WEIGHTED, Evaluation, paired
from edgebench.report import sets
from edgebench.report.comparisons import SINGLES
from edgebench.report.evaluated import NOT_EVALUATED, View, name, part
from edgebench.report.grid import ORIGINAL, REDUCED, SMALL
from edgebench.report.markdown import Notes, Table
from edgebench.report.numbers import NONE, percent_interval, um_interval
from edgebench.report.rows import SETS

ERRORS_UM = {ORIGINAL: (0.22, 0.36), REDUCED: (0.32, 0.43)}  # of Sets 1 and 2: the paper's own
WORK = 0.25  # of the multiply-accumulates of `reduced`
TIMES, DIRECTION = 1.5, 0.98  # on real tissue and other optics: the error over the simulated one; a share
JUDGED = (ORIGINAL, REDUCED, *SMALL)
LEVELS = (MEDIAN, WEIGHTED)
QUICK = "quick look"
HEADERS = ("Target", "Model", "Data", "Limit", "Median [95 %]", "Result", "Weighted [95 %]", "Result")
READ = (
    "A figure passes or fails by itself; **open** where its interval holds the limit, so that other stacks might have "
    "decided otherwise. A quick look decides nothing."
)
READ_BEYOND = (
    "Fields of real tissue have fewer tiles, whose median is less calm: that alone makes errors about a twentieth "
    "larger (the same tiles of procedural tissue). Most of these images are of slides or sources that training shows "
    "other images of. Direction: of the images more than 1 um out of focus; an interval of no width says only that no "
    "stack has a wrong one. The simulated error is that of the same model on the same split of procedural tissue; the "
    "stacks of both are drawn apart."
)


@dataclass(frozen=True)
class _Limit:
    value: float
    text: str
    above: bool = False  # whether more is better
    strict: bool = False

    def result(self, found: Mean) -> str:
        value = round(found.value, metrics.DIGITS)
        better = value > self.value if self.above else value < self.value
        passes = better or (value == self.value and not self.strict)
        return ("passes" if passes else "fails") + (", open" if clusters.crosses(found.interval, self.value) else "")


def table(view: View, notes: Notes) -> Table:
    """A row for each target, model and data set."""
    rows = [*_errors(view, notes), *_differences(view, notes), *_work(view, notes), *_beyond(view, notes)]
    return Table(HEADERS, tuple(rows), left=4)


def read(view: View) -> str:
    """What a reader must know of the rows that there are."""
    return f"{READ} {READ_BEYOND}" if _outside(view) else READ


def _errors(view: View, notes: Notes) -> Iterator[tuple[str, ...]]:
    for model, limits in ERRORS_UM.items():
        one = view.named(model)
        for (split, title), limit_um in zip(SETS, limits, strict=True):
            found = [_error(one, split, level) for level in LEVELS]
            limit = _Limit(limit_um, f"<= {limit_um:.2f} um")
            yield ("Error, um", _name(one, model, notes), title, *_cells(limit, found, _um, [one], split, notes))


def _differences(view: View, notes: Notes) -> Iterator[tuple[str, ...]]:
    better, no_larger = _Limit(0, "< 0 um", strict=True), _Limit(0, "<= 0 um")
    asked = [(single, each, SETS[1], better) for each, single in SINGLES.items()]
    asked += [(REDUCED, small, each, no_larger) for small in SMALL for each in SETS]
    for base, other, (split, title), limit in asked:
        ones = view.named(base), view.named(other)
        found = [_difference(*ones, split, level) for level in LEVELS]
        what, model = f"Error minus that of `{base}`, um", _name(ones[1], other, notes)
        yield (what, model, title, *_cells(limit, found, _signed, ones, split, notes))


def _work(view: View, notes: Notes) -> Iterator[tuple[str, ...]]:
    limit = _Limit(WORK, f"<= {WORK:g}")
    for small in SMALL:
        base, other = view.named(REDUCED), view.named(small)
        cells = NOT_EVALUATED, NOT_EVALUATED
        if base and other and base.about["model"]["macs"] and other.about["model"]["macs"]:
            found = Mean(other.about["model"]["macs"] / base.about["model"]["macs"], None)
            cells = f"{found.value:.3f}", limit.result(found)
        what = f"Multiply-accumulates over those of `{REDUCED}`"
        yield (what, _name(other, small, notes), NONE, limit.text, *cells, NONE, NONE)


def _beyond(view: View, notes: Notes) -> Iterator[tuple[str, ...]]:
    """Real tissue and other optics: error, direction and collapse of every model that is judged and was evaluated."""
    there = _outside(view)
    if not there:
        nothing = (NONE, NONE, NOT_EVALUATED, NOT_EVALUATED, NOT_EVALUATED, NOT_EVALUATED)
        yield ("Real tissue, other optics", ", ".join(JUDGED), *nothing)
    for one in there:
        for split in one.splits:
            yield from _unseen(view, one, split, notes)


def _outside(view: View) -> list[Evaluation]:
    there = [one for one in (*view.main, *view.others) if one.name in JUDGED and sets.outside(one.about["data"])]
    return sorted(there, key=lambda one: (one.about["set"], JUDGED.index(one.name)))


def _unseen(view: View, one: Evaluation, split: str, notes: Notes) -> Iterator[tuple[str, ...]]:
    base, levels = _simulated(view, one.name), [one.splits[split][level] for level in LEVELS]
    row = name(one, notes), f"{one.about['set']}, {split}"
    times = [_times(base, one, split, level) for level in LEVELS]
    limit = _Limit(TIMES, f"<= {TIMES:g}")
    yield ("Error over the simulated error", *row, *_cells(limit, times, _ratio, [base, one], split, notes))
    right = [clusters.shares(level.answers).direction for level in levels]
    limit = _Limit(DIRECTION, f">= {DIRECTION:.0%}", above=True)
    yield ("Right direction beyond 1 um", *row, *_cells(limit, right, _percent, [one], split, notes))
    fallen = [Mean(sum(stack.collapsed for stack in level.stacks), None) for level in levels]
    limit = _Limit(0, f"0 of {len(levels[0].stacks)}")
    yield ("Collapsed stacks", *row, *_cells(limit, fallen, _count, [one], split, notes))


def _error(one: Evaluation | None, split: str, level: str) -> Mean | None:
    if one is None or split not in one.splits:
        return None
    score = one.splits[split][level].score
    return Mean(score.mean_um, score.interval)


def _difference(base: Evaluation | None, other: Evaluation | None, split: str, level: str) -> Mean | None:
    found = paired(base, other, split, level) if base and other else None
    return Mean(found.mean_um, found.interval) if found else None


def _times(base: Evaluation | None, other: Evaluation, split: str, level: str) -> Mean | None:
    if base is None or split not in base.splits:
        return None
    return clusters.ratio(base.splits[split][level].answers, other.splits[split][level].answers)


def _simulated(view: View, model: str) -> Evaluation | None:
    """The model on simulated procedural tissue: of the data set of the paper's tables if that is such a one."""
    main = view.named(model)
    if main is not None and main.simulated and not sets.outside(main.about["data"]):
        return main
    found = (one for one in view.others if one.name == model and one.simulated)
    return next((one for one in found if sets.like_the_papers(one.about["data"])), None)


def _cells(
    limit: _Limit,
    found: Sequence[Mean | None],
    form: Callable[[Mean], str],
    of: Sequence[Evaluation | None],
    split: str,
    notes: Notes,
) -> tuple[str, ...]:
    """Limit, then figure and result of each level; a figure of a part of the stacks is shown, but decides nothing."""
    quick = None not in of and any(one and one.about["stacks_limit"] is not None for one in of)
    marks = [part(one, split, notes) for one in of if one is not None and split in one.splits]
    marked = "".join(dict.fromkeys(marks))
    cells = [limit.text]
    for mean in found:
        if mean is None:
            cells += [QUICK if quick else NOT_EVALUATED] * 2
        else:
            cells += [form(mean) + marked, QUICK if quick else limit.result(mean)]
    return tuple(cells)


def _name(one: Evaluation | None, model: str, notes: Notes) -> str:
    return name(one, notes) if one else model


def _um(found: Mean) -> str:
    return um_interval(found.value, found.interval)


def _ratio(found: Mean) -> str:
    return um_interval(found.value, found.interval, 3)


def _signed(found: Mean) -> str:
    return um_interval(found.value, found.interval, 3, "+")


def _percent(found: Mean) -> str:
    return percent_interval(found.value, found.interval)


def _count(found: Mean) -> str:
    return f"{found.value:g}"
