"""Seeded samples of known distributions, and records made of them; the code that judges real records judges these."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from edgebench.runner import latency

Noise = str
NOISES = ("independent", "autocorrelated", "heavy-tailed", "bimodal")
EFFECTS = ("normal", "lognormal", "bimodal")
CALL_MS = 31.0
CALLS = 400  # of a process; five of them last longer than a minute
SPLIT = "synthetic"
STACKS, IMAGES = 32, 7  # of set 2
RHO = 0.5
_SPREAD, _LITTLE = 0.10, 0.01
_MODE, _SHARE = 0.25, 0.3  # of calls in the second mode, and how much longer they are
_PROCESS_MODE = 0.10


def generator(seed: int, name: str) -> np.random.Generator:
    """Of one row: it can be computed again without the others."""
    return np.random.default_rng((seed, zlib.crc32(name.encode())))


def times(noise: Noise, rng: np.random.Generator, shape: tuple[int, int], spread: float = _SPREAD) -> np.ndarray:
    """Times of calls, (processes, calls), around 1 (the lower of two modes); no trend in them.

    Lognormal with `spread`, independent or with successive calls correlated by 0.5; 1 % with one call of twenty longer
    by a Pareto factor; or 1 % around two modes 25 % apart.
    """
    normal: np.ndarray = rng.standard_normal(shape)
    if noise == "autocorrelated":
        for i in range(1, shape[1]):
            normal[:, i] = RHO * normal[:, i - 1] + math.sqrt(1 - RHO**2) * normal[:, i]
    longer: np.ndarray = np.zeros(shape)
    if noise == "heavy-tailed":
        longer = (rng.random(shape) < 0.05) * rng.pareto(1.5, shape)
    elif noise == "bimodal":
        longer = _MODE * (rng.random(shape) < _SHARE)
    width = spread if noise in ("independent", "autocorrelated") else _LITTLE
    found: np.ndarray = np.exp(width * normal) * (1 + longer)
    return found


def effects(kind: str, rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> np.ndarray:
    """Levels of processes; `spread` is their standard deviation but for bimodal: 1 % around two levels 10 % apart."""
    normal = rng.standard_normal(shape)
    found: np.ndarray
    if kind == "normal":
        found = 1 + spread * normal
    elif kind == "lognormal":
        found = np.exp(spread * normal)
    else:
        found = np.exp(_LITTLE * normal) * (1 + _PROCESS_MODE * (rng.random(shape) < _SHARE))
    return found


def median_effect(kind: str) -> float:
    """True median of effects(); of the two levels the lower has 70 % of the processes, and the median lies in it."""
    if kind != "bimodal":
        return 1.0
    return math.exp(_LITTLE * NormalDist().inv_cdf(0.5 / (1 - _SHARE)))


def stack_errors(rng: np.random.Generator, stacks: int, images: int, sigma: float) -> dict[str, list[float]]:
    """|e| of images by stack, um: 0.3 um times the stack's own level (lognormal) times a folded normal."""
    levels = np.exp(sigma * rng.standard_normal((stacks, 1)))
    return by_stack(0.3 * levels * np.abs(rng.standard_normal((stacks, images))))


def mean_stack_error(sigma: float) -> float:
    """True mean of stack_errors()."""
    return 0.3 * math.exp(sigma**2 / 2) * math.sqrt(2 / math.pi)


def by_stack(values: np.ndarray) -> dict[str, list[float]]:
    return {f"s{number}": row.tolist() for number, row in enumerate(values)}


def process(times_ms: Sequence[float]) -> dict[str, Any]:
    """One latency process: its calls from the end of a warm-up on, that ends as the runner's does."""
    all_ns = (np.asarray(times_ms) * 1e6).astype(int)
    calls, steady = warm_up(all_ns.tolist())
    samples_ns = all_ns[calls : calls + CALLS].tolist()
    load = dict.fromkeys(("import_ns", "load_ns", "first_ns"), 1)
    return {"samples_ns": samples_ns, "steady": steady, "wall_ns": sum(samples_ns), "load": load}


def warm_up(times_ns: Sequence[int]) -> tuple[int, bool]:
    """Calls until two successive windows agree, or the cap; and if they agreed."""
    windows = [times_ns[i : i + latency.WINDOW] for i in range(0, latency.CAP_CALLS, latency.WINDOW)]
    for number, (before, now) in enumerate(zip(windows, windows[1:]), start=2):
        if latency.agree(list(before), list(now)):
            return number * latency.WINDOW, True
    return latency.CAP_CALLS, False


def record(rng: np.random.Generator, noise: Noise, images: list[dict[str, Any]]) -> dict[str, Any]:
    """What records/summary.py and records/comparison.py read: five processes that vary by 1 %, one with one patch."""
    level = CALL_MS * effects("lognormal", rng, (6, 1), 0.01)
    rows = level * times(noise, rng, (6, latency.CAP_CALLS + CALLS))
    *processes, one_patch = (process(row) for row in rows.tolist())
    settings = {"batch_size": 1, "threads": 1, "delta_nm": 2000, "images": 0, "page_cache": "warm"}
    state: dict[str, Any] = {"before": {}, "after": {}}
    total = sum(image["read_ns"] for image in images)
    return {
        "id": "synthetic",
        "artifact": {"precision": "float32", "bytes": 1},
        "backend": {"executed": {}},
        "device": {"name": "none", "host": {"cpu": "none"}},
        "settings": settings,
        "data": {"sha256": "0" * 64},
        "accuracy": {SPLIT: {"images": images, "wall_ns": total, "cpu_ns": total, "padded": 0}},
        "latency": processes,
        "one_patch": one_patch,
        "memory": None,
        "processes": [{"phase": f"latency {i + 1}/5", **state} for i in range(5)],
    }


def image_pair(rng: np.random.Generator) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Images of two equally good models: errors of 0.3 um, half of their variance shared, stacks differ by half."""
    labels_um = np.linspace(-9, 9, IMAGES)
    level = 0.3 * np.exp(0.5 * rng.standard_normal((STACKS, 1))) / math.sqrt(2)
    shared, one, two = rng.standard_normal((3, STACKS, IMAGES))
    return _images(labels_um, level * (shared + one)), _images(labels_um, level * (shared + two))


def _images(labels_um: np.ndarray, errors_um: np.ndarray) -> list[dict[str, Any]]:
    costs = dict.fromkeys(("read_ns", "preprocess_ns", "predict_ns", "aggregate_ns"), 1)
    return [
        {
            "stack": f"s{stack}_l1",
            "sample": f"s{stack}",
            "z_nm": round(label * 1000),
            "patches_um": [round(label * 1000) / 1000 + error],
            **costs,
        }
        for stack, row in enumerate(errors_um.tolist())
        for label, error in zip(labels_um.tolist(), row)
    ]
