"""Gates that a suite may name: what two records must not show. Pure functions of records."""

from __future__ import annotations

from dataclasses import dataclass

from edgebench.errors import UsageError
from edgebench.records.comparison import WORSE, compare
from edgebench.records.gate_names import ERROR_NOT_WORSE
from edgebench.records.schema import Record
from edgebench.records.statistics import CLUSTERS, PROCESSES, Estimate


@dataclass(frozen=True)
class Finding:
    """One number of a gate: a ratio of times, or a difference of errors in um."""

    gate: str
    what: str  # "latency", or a split
    found: Estimate
    unit: str
    verdict: str

    @property
    def failed(self) -> bool:
        """Only what is shown to be worse: an interval too wide to tell fails nothing, and is printed as such."""
        return self.verdict in WORSE


def judge(gate: str, base: Record, other: Record) -> tuple[Finding, ...]:
    """Other against base. UsageError where the two do not allow it."""
    compared = compare(base, other)
    if gate == ERROR_NOT_WORSE:
        findings = []
        for split, error in compared.errors.items():
            if error is None:
                raise UsageError(f"gate {gate}: {split} has fewer than {CLUSTERS} stacks. Measure more images.")
            findings.append(Finding(gate, split, error.interval, "um", error.verdict))
        return tuple(findings)
    if compared.latency is None or compared.latency.found is None:
        raise UsageError(
            f"gate {gate}: {base['id']} and {other['id']} need {PROCESSES} latency processes each. "
            f"Measure with --repeats {PROCESSES} or more."
        )
    return (Finding(gate, "latency", compared.latency.found, "", compared.latency.verdict),)
