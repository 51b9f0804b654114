"""Known error: answers whose focusing error follows from the labels alone, and what the record's summary says."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from edgebench.backends.programmable import Programme
from edgebench.records.summary import summarise
from edgebench.selftest import live, pattern
from edgebench.selftest.finding import Finding
from edgebench.selftest.live import Bench

ASKED = "Is an error that is known beforehand reported as what it is?"
NOTE = (
    f"Pictures show their label, and the back-end reads it: answer = scale * label + offset. One of {pattern.TILES} "
    f"tiles of each image says {pattern.WRONG_NM / 1000:g} um more, which the median over the tiles must not see and "
    "the mean over tiles must. Expected values are computed from the list of labels, not from the record."
)
LIMIT_UM = 1e-4  # records round a tile's answer to this
CASES = {  # programme, batch
    "perfect answers": (Programme(), 1),
    "0.25 um too high": (Programme(offset_um=0.25), 8),
    "10 % too small, 0.1 um too low": (Programme(scale=0.9, offset_um=-0.1), 5),  # the last batch is padded
}


def measure(bench: Bench) -> dict[str, Any]:
    names = {case: f"error-{number}" for number, case in enumerate(CASES)}
    cells = {
        names[case]: live.cell(bench, names[case], programme, batch_size=batch, repeats=1, iterations=1)
        for case, (programme, batch) in CASES.items()
    }
    records = live.records(bench, cells)
    programmes = {case: asdict(programme) for case, (programme, _) in CASES.items()}
    return {"cases": [{"case": c, "programme": programmes[c], "record": records[names[c]]} for c in CASES]}


def findings(raw: dict[str, Any], quick: bool) -> tuple[Finding, ...]:
    found = []
    for case in raw["cases"]:
        errors = summarise(case["record"]).errors[pattern.SPLIT]
        told = {"mean": errors.mean_um, "bias": errors.bias_um, "mean over tiles": errors.patch_mean_um}
        for what, expected in expected_um(Programme(**case["programme"])).items():
            away = told[what] - expected
            text = f"{told[what]:.5f} um, {away:+.1e} um off"
            goal = f"{expected:.5f} um within {LIMIT_UM:g} um"
            found.append(Finding(f"{case['case']}: {what}", text, goal, abs(away) <= LIMIT_UM))
    return tuple(found)


def expected_um(programme: Programme) -> dict[str, float]:
    labels = pattern.all_labels_um()
    right = programme.scale * labels + programme.offset_um - labels
    wrong = right + programme.scale * pattern.WRONG_NM / 1000
    tiles = np.abs(np.concatenate([right] * (pattern.TILES - 1) + [wrong]))
    return {"mean": float(np.abs(right).mean()), "bias": float(right.mean()), "mean over tiles": float(tiles.mean())}
