"""All that a report is made of: the published tables, and what the records say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgebench.errors import ReportError
from edgebench.records import evaluation, evaluation_summary, explained, published, store
from edgebench.records.evaluation_summary import Evaluation
from edgebench.records.explained import Explained
from edgebench.records.published import Published
from edgebench.records.summary import Summary, summarise
from edgebench.report import evaluated
from edgebench.report.evaluated import View
from edgebench.report.rows import current

PAPER = "rai-dastidar-2019"


@dataclass(frozen=True)
class Material:
    paper: Published
    runs: tuple[Summary, ...]  # the newest of each cell, in the order of the rows
    superseded: tuple[str, ...] = ()  # device/id of the older ones
    evaluations: tuple[Evaluation, ...] = ()
    explained: tuple[Explained, ...] = ()

    @cached_property
    def view(self) -> View:
        """Which of the evaluations stand in a report."""
        return evaluated.view(self.evaluations)


def of(
    paper: Published,
    summaries: Sequence[Summary],
    evaluations: Sequence[Evaluation] = (),
    explained: Sequence[Explained] = (),
) -> Material:
    """The order of the summaries says nothing."""
    runs, old = current(summaries)
    return Material(paper, runs, old, tuple(evaluations), tuple(explained))


def read(results: Path) -> Material:
    """Raises RecordError for a damaged file, ReportError for no folder."""
    if not results.is_dir():
        raise ReportError(f"{results}: no such folder. Name the one that `edgebench run` wrote to with --results.")
    paper = published.load(published.find(PAPER, results))
    summaries = [summarise(record) for record in store.load_all(results)]
    evaluations = [evaluation_summary.summarise(one) for one in evaluation.load_each(results)]
    return of(paper, summaries, evaluations, explained.load_all(results))
