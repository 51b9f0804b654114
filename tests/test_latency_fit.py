"""The fit behind the estimates: made again from the shipped points, chosen without the external ones."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from test_foreign import edgebench as edgebench  # a fixture

from edgebench.emulation.boards import BOARDS
from edgebench.records import estimate, latency_fit
from edgebench.records.latency_fit import Point

RNG = np.random.default_rng(0)


def point(network, instructions, misses, *, ms, threads=1, external=False):
    counts = {"total": instructions * 1e6, "l1_misses": misses * 1e6, "l2_misses": misses * 1e5, "vstore": 1e6}
    return Point(external, "pi4", network, threads, 1000, ms, counts, "here")


def made(count=12, noise=0.0):
    """Latencies that are 1 cycle an instruction and 20 an L1 miss."""
    found = []
    for number in range(count):
        instructions, misses = RNG.uniform(50, 500), RNG.uniform(0.5, 20)
        ms = (instructions + 20 * misses) * 1e6 / 1e6 * (1 + noise * RNG.standard_normal())
        found.append(point(f"{'abcdefghijkl'[number]}net", instructions, misses, ms=ms))
    return found


def test_the_fit_finds_the_cycles_of_each_count():
    found = latency_fit.calibrate(made(), [("instructions", "l1_misses")])
    (line,) = found.lines
    assert line.cycles == {"instructions": pytest.approx(1), "l1_misses": pytest.approx(20)}
    assert found.left_out.max() < 1e-6


def test_more_counts_are_taken_only_where_they_pay():
    few, many = ("instructions", "l1_misses"), ("instructions", "vector_stores", "l1_misses", "last_misses")
    assert latency_fit.calibrate(made(noise=0.05), [few, many]).features == few
    assert latency_fit.calibrate(made(noise=0.05), [("instructions",), few]).features == few


def test_external_points_choose_nothing():
    given = made(noise=0.05)
    absurd = [point("far", 100, 1, ms=9999, external=True)]
    alone, seen = (latency_fit.calibrate(some) for some in (given, [*given, *absurd]))
    assert alone.features == seen.features
    assert alone.lines[0].cycles == seen.lines[0].cycles
    assert seen.lines[0].external["far"] == pytest.approx(-1, abs=0.05)


def test_a_family_is_left_out_together():
    families = {one.family for one in latency_fit.points()}
    assert {"resnet", "mobilenet", "squeezenet"} <= families
    twins = [*made(), *[point("odd1", 100, 1, ms=500), point("odd2", 100, 1, ms=500)]]
    found = latency_fit.calibrate(twins, [("instructions", "l1_misses")])
    assert min(abs(error) for error in found.lines[0].left_out[-2:]) > 0.5  # its twin does not help it


def test_a_latency_that_is_longer_on_four_threads_than_on_one_is_left_aside():
    slow = [point("anet", 100, 1, ms=10), point("anet", 100, 1, ms=12, threads=4), point("bnet", 9, 1, ms=5, threads=4)]
    assert latency_fit.sound(slow) == [slow[0], slow[2]]


def test_the_shipped_fit_is_what_the_shipped_points_give():
    found = latency_fit.calibrate(latency_fit.sound(latency_fit.points()))
    assert json.loads(json.dumps(latency_fit.plain(found))) == estimate.fit()
    assert {(line.board, line.threads) for line in found.lines} == {(b, t) for b in BOARDS for t in (1, 4)}
    assert all(len(line.left_out) >= 16 for line in found.lines)


def test_no_external_network_is_in_the_fit():
    inside, outside = (
        {one.network for one in latency_fit.points() if one.external is external} for external in (False, True)
    )
    assert not inside & outside and (len(inside), len(outside)) == (18, 6)
    assert all(one.source and one.latency_ms > 0 for one in latency_fit.points())


def test_the_command_prints_the_table_and_says_if_the_shipped_fit_is_another(edgebench, tmp_path):
    code, out, _ = edgebench("devices", "calibrate")
    assert code == 0 and "chosen" in out and "external, mean" in out
    with latency_fit.POINTS.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    rows[0]["latency_ms"] = "1"
    with (tmp_path / "points.csv").open("w", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    code, _, err = edgebench("devices", "calibrate", "--points", tmp_path / "points.csv")
    assert code == 1 and "--write replaces it" in err
    (tmp_path / "none.csv").write_text("use,board\nfit,pi4\n")
    code, _, err = edgebench("devices", "calibrate", "--points", tmp_path / "none.csv")
    assert code == 2 and "no latencies and counts" in err
