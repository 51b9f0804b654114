"""False alarms: verdicts and comparisons of synthetic records of nothing but noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from edgebench.records import comparison
from edgebench.records.comparison import Comparison
from edgebench.records.summary import Summary
from edgebench.selftest import synthetic
from edgebench.selftest.finding import Finding, Share
from edgebench.selftest.live import Bench

ASKED = "How often does a verdict, or a comparison, speak where there is nothing but noise?"
NOTE = (
    "Pairs of records of one synthetic model, whole and through records/comparison.py: five processes of 400 calls and "
    "one that repeats one patch, 32 stacks of 7 images. Processes differ by 1 %. Calls: lognormal, 10 %, independent "
    "or with successive ones correlated by 0.5; 1 % with a Pareto tail in one call of twenty; or two modes 25 % apart. "
    "The warm-up is that of the runner. Equally good models: slower, faster, worse and better are all wrong. Worse and "
    "better rest on a 95 % interval alone and so promise 5 %; their goal is that of a coverage of 93 %."
)
LIMIT, LIMIT_ERROR = 0.05, 0.07
PAIRS, PAIRS_QUICK = 300, 4
SHORT = "SHORT"
NAMED = ("NOISY", "UNSTEADY", "DRIFT", "STEP", "CACHE", "COLLAPSED")  # what noise can cause
LATENCY, ERROR = ("slower", "faster"), ("worse", "better")


def measure(bench: Bench) -> dict[str, Any]:
    pairs = PAIRS_QUICK if bench.quick else PAIRS
    rows = []
    for number, noise in enumerate(synthetic.NOISES):
        rng = synthetic.generator(bench.seed, f"alarms {noise}")
        found = []
        for pair in range(pairs):
            bench.tell(noise, (number + pair / pairs) / len(synthetic.NOISES))
            base, other = (synthetic.record(rng, noise, images) for images in synthetic.image_pair(rng))
            found.append(comparison.compare(base, other))
        rows.append({"noise": noise, **counted(found)})
    return {"rows": rows}


def counted(found: Iterable[Comparison]) -> dict[str, Any]:
    """How often each word was said."""
    pairs = list(found)
    return {
        "pairs": len(pairs),
        "records": 2 * len(pairs),
        "verdicts": verdicts(summary for one in pairs for summary in (one.base, one.other)),
        "latency": Counter(one.latency.verdict for one in pairs if one.latency),
        "error": Counter(error.verdict for one in pairs for error in one.errors.values() if error),
    }


def findings(raw: dict[str, Any], quick: bool) -> tuple[Finding, ...]:
    return tuple(found for row in raw["rows"] for found in of_row(row["noise"], row, lenient=quick))


def verdicts(summaries: Iterable[Summary]) -> dict[str, int]:
    return Counter(name for summary in summaries for name in {verdict.name for verdict in summary.verdicts})


def of_row(what: str, row: dict[str, Any], *, lenient: bool) -> Iterator[Finding]:
    said = row["verdicts"]
    for name in (*NAMED, *sorted(set(said) - {*NAMED, SHORT})):
        yield _at_most(LIMIT, f"{what}: {name}", Share(said.get(name, 0), row["records"]), lenient)
    for words, key, limit in ((LATENCY, "latency", LIMIT), (ERROR, "error", LIMIT_ERROR)):
        hits = sum(row[key].get(word, 0) for word in words)
        yield _at_most(limit, f"{what}: {' or '.join(words)}", Share(hits, row["pairs"]), lenient)


def _at_most(limit: float, what: str, share: Share, lenient: bool) -> Finding:
    return Finding(what, str(share), f"at most {100 * limit:.0f} %", share.lies_in(0, limit, lenient=lenient))
