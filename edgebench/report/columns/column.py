"""What a column is: its name, its unit, and the cell of a run. Its numbers come from records/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from edgebench.records import against, estimate, store
from edgebench.records.agreement import Agreement, agreement, identity
from edgebench.records.equivalence import Equivalence
from edgebench.records.estimate import Counted
from edgebench.records.summary import Summary
from edgebench.report.document import Notes, Value

Key = tuple[str, str]  # device and id of a record


@dataclass(frozen=True)
class Context:
    """All runs of the report, as some columns compare two of them, and the notes that the cells mark."""

    runs: tuple[Summary, ...]
    notes: Notes

    @cached_property
    def bases(self) -> Mapping[Key, Summary | None]:
        """The float32 run that each is compared with."""
        return {key(run): against.base(run, self.runs) for run in self.runs}

    @cached_property
    def costs(self) -> Mapping[tuple[Key, str], Equivalence | None]:
        """By run and split, against its float32 one."""
        return {
            (key(run), split): against.cost(base, run, split)
            for run in self.runs
            for split in run.errors
            if (base := self.bases[key(run)]) is not None
        }

    @cached_property
    def agreements(self) -> Mapping[Key, Agreement | None]:
        """Of emulated runs, with the run of the same artifact and backend on the same data on a real machine."""
        real = [run for run in self.runs if not run.record["device"]["emulated"]]
        found = {}
        for run in self.runs:
            if run.record["device"]["emulated"]:
                pairs = (agreement(o.record, run.record) for o in real if identity(o.record) == identity(run.record))
                found[key(run)] = next((one for one in pairs if one is not None), None)
        return found

    @cached_property
    def counts(self) -> Mapping[Key, Counted | None]:
        """Instructions of emulated runs, and the time that they are estimated to take."""
        emulated = (run for run in self.runs if run.record["device"]["emulated"])
        return {key(run): estimate.counted(run.record) for run in emulated}

    @cached_property
    def hashes(self) -> Mapping[Key, str]:
        return {key(run): store.sha256(run.record) for run in self.runs}


def key(run: Summary) -> Key:
    return run.record["device"]["name"], run.record["id"]


@dataclass(frozen=True)
class Column:
    """One column of the extended table; `of` gives a run's cell, empty where the run has nothing for it."""

    key: str  # of csv and json: what it is and its unit, as in `wall_s`
    title: str
    unit: str
    of: Callable[[Summary, Context], Value]
    words: bool = False  # its cells are words, not numbers

    @property
    def header(self) -> str:
        return f"{self.title} ({self.unit})" if self.unit else self.title
