"""The fit behind the estimates: made again from the shipped points, chosen without those that are held out."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from test_foreign import edgebench as edgebench  # a fixture

from benchmarks.latency_fit import external
from edgebench.emulation.boards import BOARDS
from edgebench.records import estimate, latency_fit
from edgebench.records.latency_fit import DEVELOPMENT, FIT, HELD_OUT, Candidate, Point

RNG = np.random.default_rng(0)
PLAIN = Candidate((("instructions",),), ("misses",))


def point(network, instructions, misses, *, ms, threads=1, use=FIT, mhz=1000, scalar=0):
    counts = {"total": instructions * 1e6, "vector": (instructions - scalar) * 1e6, "l1_misses": misses * 1e6}
    return Point(use, "pi4", network, threads, mhz, ms, {**counts, "l2_misses": 0.0}, "here")


def made(count=12, noise=0.0, serial=0.0):
    """Latencies of 1 cycle an instruction, of which `serial` is not divided among threads, and 20 ns a miss."""
    found = []
    for number in range(count):
        instructions, misses = RNG.uniform(50, 500), RNG.uniform(0.5, 20)
        for threads in latency_fit.THREADS:
            worked = instructions * (1 / threads + serial * (threads > 1))
            ms = (worked + 20 * misses) * (1 + noise * RNG.standard_normal())
            found.append(point(f"{'abcdefghijkl'[number]}net", instructions, misses, ms=ms, threads=threads))
    return found


def test_the_fit_finds_the_cycles_of_work_its_undivided_part_and_the_time_of_a_miss():
    found = latency_fit.calibrate(made(serial=0.1), [PLAIN])
    (line,) = found.lines
    assert line.cycles[1] == {"instructions": pytest.approx(1)}
    assert line.cycles[4] == {"instructions": pytest.approx(0.25 + 0.1)}
    assert line.miss_ns == {"misses": pytest.approx(20)}
    assert abs(found.of(FIT)).max() < 1e-6


def test_four_threads_are_never_more_than_four_times_as_fast():
    greedy = [
        point(one.network, 100 + i, 0, ms=100 / one.threads**2, threads=one.threads) for i, one in enumerate(made())
    ]
    (line,) = latency_fit.calibrate(greedy, [PLAIN]).lines
    assert line.cycles[4]["instructions"] >= line.cycles[1]["instructions"] / 4


def test_work_goes_with_the_clock_and_misses_do_not():
    line = latency_fit.calibrate(made(), [PLAIN]).lines
    slow, fast = (latency_fit.predict_ns(line, point("anet", 100, 5, ms=1, mhz=mhz)) for mhz in (1000, 2000))
    assert (slow, fast) == (pytest.approx(200e6), pytest.approx(150e6))


def test_a_board_takes_the_kind_of_work_that_fits_it():
    either = Candidate((("instructions",), ("vector_work",)), ("misses",))
    free = [point(f"{'abcdefgh'[i]}net", 100 + 30 * i, 1, ms=60.0, scalar=40 + 30 * i) for i in range(8)]
    (line,) = latency_fit.calibrate(free, [either]).lines
    assert set(line.cycles[1]) == {"vector_work"}
    assert set(latency_fit.calibrate(made(), [either]).lines[0].cycles[1]) == {"instructions"}


def test_of_candidates_alike_the_smaller_is_taken():
    more = Candidate((("instructions",),), ("l1_misses", "last_misses"))
    assert latency_fit.calibrate(made(noise=0.05), [more, PLAIN]).candidate == PLAIN


def test_held_out_points_choose_nothing_and_are_predicted():
    given = made(noise=0.05)
    absurd = [point("far", 100, 1, ms=9999, use=HELD_OUT)]
    alone, seen = (latency_fit.calibrate(some) for some in (given, [*given, *absurd]))
    assert (alone.candidate, alone.lines) == (seen.candidate, seen.lines)
    assert seen.of(HELD_OUT) == pytest.approx([-1], abs=0.05)


def test_development_points_weigh_as_much_in_the_choice_as_those_of_ncnn():
    given = [*made(), point("far", 100, 1, ms=240, use=DEVELOPMENT)]
    found = latency_fit.calibrate(given, [PLAIN])
    assert found.of(DEVELOPMENT) == pytest.approx([-0.5])
    assert found.judged == pytest.approx((abs(found.of(FIT)).mean() + 0.5) / 2)


def test_a_family_is_left_out_together_over_uses():
    families = {one.family for one in latency_fit.points()}
    assert {"resnet", "mobilenet", "squeezenet", "efficientdet"} <= families
    twins = [*made(), *[point(name, 100, 1, ms=500, use=use) for name, use in (("odd1", FIT), ("odd2", DEVELOPMENT))]]
    found = latency_fit.calibrate(twins, [PLAIN])
    assert min(abs(one.relative) for one in found.errors if one.point.family == "odd") > 0.5  # its twin does not help


def test_the_interval_covers_its_share_of_errors_left_out_and_held_out():
    given = [*made(noise=0.1), *[point(f"h{i}", 100, 1, ms=120 * (1 + 0.03 * i), use=HELD_OUT) for i in range(5)]]
    found = latency_fit.calibrate(given, [PLAIN])
    wide = np.log1p(latency_fit.interval(found, "pi4"))
    for use in (FIT, HELD_OUT):
        assert (abs(np.log1p(found.of(use))) <= wide + 1e-9).mean() >= latency_fit.COVERAGE


def test_a_latency_that_is_longer_on_four_threads_than_on_one_is_left_aside():
    slow = [point("anet", 100, 1, ms=10), point("anet", 100, 1, ms=12, threads=4), point("bnet", 9, 1, ms=5, threads=4)]
    assert latency_fit.sound(slow) == [slow[0], slow[2]]


def test_the_shipped_fit_is_what_the_shipped_points_give():
    found = latency_fit.calibrate(latency_fit.sound(latency_fit.points()))
    assert json.loads(json.dumps(latency_fit.plain(found))) == estimate.fit()
    assert {line.board for line in found.lines} == set(BOARDS)
    for line in estimate.fit()["fits"]:
        assert line["mhz"] == BOARDS[line["board"]].mhz  # what an emulated board is said to run at


def test_the_shipped_intervals_cover_what_they_say():
    found = latency_fit.calibrate(latency_fit.sound(latency_fit.points()))
    for board in BOARDS:
        wide = np.log1p(estimate.fit()["boards"][board]["interval"]) + 1e-4
        for use in (FIT, HELD_OUT):
            assert (abs(np.log1p(found.of(use, board))) <= wide).mean() >= latency_fit.COVERAGE


def test_no_network_is_both_held_out_and_seen_and_none_is_aside():
    points = latency_fit.points()
    networks = {use: {one.network for one in points if one.use == use} for use in latency_fit.USES}
    assert not networks[HELD_OUT] & (networks[FIT] | networks[DEVELOPMENT])
    split = {
        (row["use"], row["board"], row["network"], row["threads"], row["latency_ms"], row["source"])
        for row in external.published()
    }
    for one in points:
        told = (one.use, one.board, one.network, str(one.threads), f"{one.latency_ms:g}", one.source)
        assert one.use == FIT or told in split
        assert one.source and one.latency_ms > 0


def test_the_command_prints_the_tables_and_says_if_the_shipped_fit_is_another(edgebench, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = edgebench("devices", "calibrate")
    assert code == 0 and "chosen" in out and "held out, mean" in out and "interval" in out
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
