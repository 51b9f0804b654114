"""A choice for machines: names, numbers with intervals, statuses, records cited by id and SHA-256."""

from __future__ import annotations

from typing import Any

from edgebench.records import outcome, store
from edgebench.records.candidates import Candidate
from edgebench.records.choice import Choice
from edgebench.records.judged import Judged
from edgebench.records.limits import KINDS
from edgebench.records.outcome import Microscope
from edgebench.report import choice_words as words


def of(made: Choice, scope: Microscope) -> dict[str, Any]:
    return {
        "limits": dict(made.limits.given()),
        "prefer": made.prefer,
        "definitions": {"decision": words.DECISION, "outcome": words.MODEL},
        "choice": _candidate(made.chosen, scope) if made.chosen else None,
        "reason": made.reason,
        "estimate": words.rests_on(made) or None,
        "runners_up": [{**_candidate(one, scope), "why": why} for one, why in made.runners_up],
        "open": [_judged(one, made, scope) for one in made.open],
        "refused": [_judged(one, made, scope) for one in made.refused],
        "relief": words.relief(made.relief, made.limits) if made.relief else [],
    }


def _judged(one: Judged, made: Choice, scope: Microscope) -> dict[str, Any]:
    return {**_candidate(one.candidate, scope), "status": one.status, "why": words.why(one, made.limits)}


def _candidate(one: Candidate, scope: Microscope) -> dict[str, Any]:
    record = one.record
    return {
        "name": one.name,
        "record": f"{record['device']['name']}/{record['id']}",
        "sha256": store.sha256(record),
        "emulated": one.estimated,
        "threads": one.threads,
        "verdict": one.summary.verdict,
        "errors_from": one.errors_from,
        **{name: one.of(name) for name in KINDS},
        "outcome": outcome.of(one, scope),
    }
