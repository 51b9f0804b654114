"""Detection power: how often a verdict with a threshold is given where the truth is at, and beyond, its threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgebench.records import canary, checks, equivalence, trend, verdicts
from edgebench.records import ratio as ratios
from edgebench.records import statistics as st
from edgebench.selftest import synthetic
from edgebench.selftest.finding import Finding, Share
from edgebench.selftest.live import Bench

ASKED = "How often is something found that is as large as the threshold, 1.5 and 2 times as large?"
NOTE = (
    "Synthetic samples of 5 processes with 400 calls each, whose noise is 3 % and correlates by 0.5 from call to call; "
    "processes differ by 1 % where their spread is not what is asked. 32 stacks of 7 images. A verdict with a sharp "
    "threshold (MISMATCH, SWAPPED, THROTTLED, SHORT) is silent at the threshold itself, by its definition."
)
TIMES = (1.0, 1.5, 2.0)
GOAL = 0.8  # at twice the threshold
RUNS, RUNS_QUICK = 200, 10
PROCESSES, NOISE = 5, 0.03
Detect = Callable[[np.random.Generator, float], bool]  # given: how many times the threshold


@dataclass(frozen=True)
class Probe:
    what: str  # with the threshold
    detect: Detect


def noisy(rng: np.random.Generator, times: float) -> bool:
    medians = synthetic.effects("normal", rng, (PROCESSES,), times * verdicts.VARIATION)
    return _judged("NOISY", variation=st.variation(medians.tolist()))


def drift(rng: np.random.Generator, times: float) -> bool:
    """The medians of the first and last third of a straight rise differ by 2/3 of it."""
    return _trend("DRIFT", rng, lambda u: 1.5 * times * trend.CHANGE * u)


def step(rng: np.random.Generator, times: float) -> bool:
    return _trend("STEP", rng, lambda u: times * trend.CHANGE * (u >= 0.5))


def cached(rng: np.random.Generator, times: float) -> bool:
    *processes, one_patch = _calls(rng, PROCESSES + 1)
    alone = one_patch * (1 - times * checks.FASTER)
    return _checked("CACHE", latency=[_process(row) for row in processes], one_patch=_process(alone))


def slower(rng: np.random.Generator, times: float) -> bool:
    base, other = (np.median(_calls(rng, PROCESSES), axis=1) for _ in range(2))
    found = ratios.ratio(base.tolist(), (other * (1 + times * ratios.FLOOR)).tolist())
    return found is not None and ratios.judge(found) == "slower"


def worse(rng: np.random.Generator, times: float) -> bool:
    """Differences of |e| of two models: 0.1 um between stacks, 0.2 um between images."""
    shape = (synthetic.STACKS, synthetic.IMAGES)
    away = 0.1 * rng.standard_normal((shape[0], 1)) + 0.2 * rng.standard_normal(shape)
    found = equivalence.equivalence(synthetic.by_stack(times * equivalence.MARGIN_UM + away))
    return found is not None and found.verdict == "worse"


def flat(rng: np.random.Generator, times: float) -> bool:
    """The slope falls short of 1 by so many times what the threshold allows."""
    return _collapsed(rng, slope=1 - times * (1 - canary.SLOPE), noise_um=0.5)


def useless(rng: np.random.Generator, times: float) -> bool:
    """The error is so many times the share of a constant answer's that the threshold allows; the slope is 1."""
    constant_um = float(np.mean(np.abs(_labels_um() - np.median(_labels_um()))))
    return _collapsed(rng, slope=1.0, noise_um=times * canary.ERROR * constant_um / np.sqrt(2 / np.pi))


def mismatched(rng: np.random.Generator, times: float) -> bool:
    expected = rng.normal(size=10).round(4)
    away = np.where(np.arange(10) == rng.integers(10), times * checks.SAME_UM * (1 - 1e-9), 0)
    images = [{"stack": "s1", "z_nm": 0, "patches_um": expected.tolist()}]
    outputs = [{"stack": "s1", "z_nm": 0, "tile": i, "um": um} for i, um in enumerate((expected + away).tolist())]
    latency = [{"samples_ns": [1], "outputs": outputs}]
    return _checked("MISMATCH", latency=latency, accuracy={synthetic.SPLIT: {"images": images}})


def swapped(rng: np.random.Generator, times: float) -> bool:
    return _checked("SWAPPED", processes=_states("swap_used_bytes", int(times * checks.SWAPPED_BYTES)))


def throttled(rng: np.random.Generator, times: float) -> bool:
    return _checked("THROTTLED", processes=_states("throttle_count", int(2 * times) - 2))


def few_calls(rng: np.random.Generator, times: float) -> bool:
    return _judged("SHORT", calls=int(verdicts.CALLS / times), wall_s=2 * verdicts.SECONDS)


def little_time(rng: np.random.Generator, times: float) -> bool:
    return _judged("SHORT", calls=2 * verdicts.CALLS, wall_s=verdicts.SECONDS / times)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


PROBES = (
    Probe(f"NOISY: processes vary by {_percent(verdicts.VARIATION)}", noisy),
    Probe(f"DRIFT: {_percent(trend.CHANGE)} from the first to the last third", drift),
    Probe(f"STEP: {_percent(trend.CHANGE)} half way", step),
    Probe(f"CACHE: one patch is {_percent(checks.FASTER)} faster", cached),
    Probe(f"slower: by the floor of {_percent(ratios.FLOOR)}", slower),
    Probe(f"worse: by the margin of {equivalence.MARGIN_UM:g} um", worse),
    Probe(f"COLLAPSED: slope {canary.SLOPE:g} (short of 1)", flat),
    Probe(f"COLLAPSED: error {_percent(canary.ERROR)} of a constant answer's", useless),
    Probe(f"MISMATCH: one answer off by {checks.SAME_UM:g} um", mismatched),
    Probe(f"SWAPPED: {checks.SWAPPED_BYTES // 2**20} MiB more swap", swapped),
    Probe("THROTTLED: the count grows by 0, 1 and 2", throttled),
    Probe(f"SHORT: {verdicts.CALLS:,} calls, and as many times fewer", few_calls),
    Probe(f"SHORT: {verdicts.SECONDS:.0f} s, and as many times less", little_time),
)


def measure(bench: Bench) -> dict[str, Any]:
    runs = RUNS_QUICK if bench.quick else RUNS
    rows = []
    for number, probe in enumerate(PROBES):
        bench.tell(probe.what, number / len(PROBES))
        rng = synthetic.generator(bench.seed, f"power {probe.what}")
        hits = [sum(bool(probe.detect(rng, times)) for _ in range(runs)) for times in TIMES]
        rows.append({"case": probe.what, "runs": runs, "times": list(TIMES), "hits": hits})
    return {"rows": rows}


def findings(raw: Mapping[str, Any], quick: bool) -> tuple[Finding, ...]:
    return tuple(_finding(row, quick) for row in raw["rows"])


def _finding(row: Mapping[str, Any], quick: bool) -> Finding:
    shares = [Share(hits, row["runs"]) for hits in row["hits"]]
    *lower, last = zip(row["times"], shares)
    text = "; ".join(
        [*(f"{times:g}x: {100 * share.value:.1f} %" for times, share in lower), f"{last[0]:g}x: {last[1]}"]
    )
    return Finding(
        row["case"], text, f"{last[0]:g}x: at least {_percent(GOAL)}", last[1].lies_in(GOAL, 1, lenient=quick)
    )


def _calls(rng: np.random.Generator, processes: int) -> np.ndarray:
    """(processes, 400) ms without a trend."""
    level = synthetic.CALL_MS * synthetic.effects("lognormal", rng, (processes, 1), 0.01)
    found: np.ndarray = level * synthetic.times("autocorrelated", rng, (processes, synthetic.CALLS), NOISE)
    return found


def _trend(name: str, rng: np.random.Generator, shape: Callable[[np.ndarray], np.ndarray]) -> bool:
    """Whether a verdict of this name is given where all processes have this shape over 0..1."""
    u = (np.arange(synthetic.CALLS) + 0.5) / synthetic.CALLS
    found = trend.trend_verdict((_calls(rng, PROCESSES) * (1 + shape(u))).tolist())
    return name in {verdict.name for verdict in found}


def _process(times_ms: np.ndarray) -> dict[str, Any]:
    return {"samples_ns": (times_ms * 1e6).tolist()}


def _labels_um() -> np.ndarray:
    return np.tile(np.linspace(-9, 9, synthetic.IMAGES), synthetic.STACKS)


def _collapsed(rng: np.random.Generator, slope: float, noise_um: float) -> bool:
    labels = _labels_um()
    return canary.canary(labels, slope * labels + noise_um * rng.standard_normal(len(labels))).collapsed


def _judged(name: str, **given: Any) -> bool:
    sound: dict[str, Any] = {"variation": None, "calls": None, "wall_s": None, "unsteady": 0, "canaries": {}}
    return name in {verdict.name for verdict in verdicts.judge("float32", {}, **{**sound, **given})}


def _checked(name: str, **parts: Any) -> bool:
    return name in {verdict.name for verdict in checks.checks({"latency": [], "accuracy": {}, **parts})}


def _states(name: str, more: int) -> list[dict[str, Any]]:
    return [{"phase": "latency 1/5", "before": {name: 7}, "after": {name: 7 + more}}]
