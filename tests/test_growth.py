"""benchmarks/growth.py: sizes are nested whole stacks, the line is least squares, the page is the record's."""

from __future__ import annotations

from pathlib import Path

import common
import growth
import growth_page
import numpy as np
import pytest
from growth import SCHEMA, Sizes
from growth_page import Line

from edgebench.errors import DeviceError, RecordError
from edgebench.types import RunSpec, StackFiles

ROOT = Path(__file__).parents[1]
STACKS = tuple(StackFiles(f"s{i}_l1", f"s{i}", (("a.png", 0), ("b.png", 2000))) for i in range(6))
BASE = RunSpec("accuracy", "model.tflite", "litert", 8, 1, 112, "data", STACKS)
SIZES = Sizes(stacks=(1, 2, 4, 9), batches=(1, 64), threads=(1, 2), samples=640, repeats=3, seed=0)
MS, MIB = 10**6, 2**20


class FakeDevice:
    """2 ms a patch, 40 MiB."""

    name, emulated = "fake", False
    memory = {"peak_rss_bytes": 40 * MIB, "peak_reset": True}  # noqa: RUF012

    def run(self, run):
        if run.mode == "latency":
            samples_ns = [run.batch_size * MS] * run.iterations
            yield {"event": "latency", "samples_ns": samples_ns, "wall_ns": sum(samples_ns), "steady": True}
        else:
            images = len(run.stacks)
            counts = {"images": images, "patches": 20 * images}
            yield {"event": "image"}
            yield {
                "event": "accuracy",
                **counts,
                "wall_ns": 40 * images * MS,
                "cpu_ns": 40 * images * MS,
                **self.memory,
            }
        yield {"event": "done"}


class OldRunner(FakeDevice):
    memory = {}  # noqa: RUF012


class Silent(FakeDevice):
    def run(self, run):
        yield {"event": "done"}


def record(device=None, **change):
    return {
        "schema": 1,
        "kind": "growth",
        "created": "2026-01-01T00:00:00+00:00",
        "edgebench": "0.1.0",
        "code_sha256": "c" * 64,
        "quick": False,
        "settings": {"repeats": 3, "seed": 0},
        "host": {"cpu": "a CPU", "cores": 2, "python": "3.11", "versions": {"ai-edge-litert": "2.3"}},
        "before": {},
        "after": {},
        "artifact": {"name": "reduced/tflite-float32", "sha256": "a" * 64, "backend": "litert"},
        "data": {"name": "tests", "simulated": True, "sha256": "d" * 64, "splits": {"test-2": {}}},
        **growth.measure(BASE, SIZES, device or FakeDevice()),
        **change,
    }


def test_a_smaller_size_is_a_part_of_the_larger_ones():
    runs = [run for run in growth.plan(BASE, SIZES) if run.mode == "accuracy" and run.threads == 1]
    assert [len(run.stacks) for run in runs] == [1, 2, 4, 6]  # as many as there are, not 9
    for smaller, larger in zip(runs, runs[1:], strict=False):
        assert set(smaller.stacks) < set(larger.stacks)
    assert all(run.images == 0 for run in runs)
    assert runs[2].stacks != STACKS[:4]  # drawn from all, not the first samples alone


def test_every_batch_sees_as_many_patches_but_never_few_calls():
    calls = {run.batch_size: run.iterations for run in growth.plan(BASE, SIZES) if run.mode == "latency"}
    assert calls == {1: 640, 64: growth.FEWEST_CALLS}


def test_the_processes_of_all_sizes_are_interleaved():
    found = growth.measure(BASE, SIZES, FakeDevice())
    assert len(found["accuracy"]) == 2 * 4 * 3
    assert len(found["latency"]) == 2 * 2 * 3
    places = [one["place"] for kind in found.values() for one in kind]
    assert sorted(places) == list(range(len(places)))
    largest = [one["place"] for one in found["accuracy"] if one["stacks"] == 6 and one["threads"] == 1]
    assert max(largest) - min(largest) > len(places) // 3


def test_a_runner_without_a_result_is_an_error():
    with pytest.raises(DeviceError, match="event"):
        growth.measure(BASE, SIZES, Silent())


def test_the_line_is_least_squares():
    x = np.array([1.0, 1.0, 2.0, 4.0, 8.0])
    y = 3 * x + 5 + np.array([0.5, -0.4, 0.3, 0.2, -0.6])
    found, (slope, intercept) = Line.through(x, y), np.polyfit(x, y, 1)
    assert (found.slope, found.intercept) == (pytest.approx(slope), pytest.approx(intercept))
    assert found.r2 == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)
    at_1 = slope + intercept
    others = np.abs(y[2:] / (slope * x[2:] + intercept) - 1)
    assert found.away == pytest.approx(max(abs(np.median(y[:2]) / at_1 - 1), *others))


def test_one_size_has_no_line():
    assert Line.through([5.0, 5.0], [1.0, 2.0]) is None


def cells(text: str, heading: str) -> list[str]:
    """Of the first row of the first table below a heading."""
    rows = [line for line in text.partition(f"## {heading}")[2].splitlines() if line.startswith("|")]
    return [cell.strip() for cell in rows[2].strip("|").split("|")]


def test_what_is_linear_and_constant_is_told_so():
    text = growth_page.document(record())
    assert cells(text, "The whole process") == ["1", "2.00", "0.000", "1.00000", "0.0", "0", "1.000"]
    assert "40.0 [40.0, 40.0] |" in text
    assert cells(text, "One call")[:5] == ["1", "1", "1.00", "1.00", "1.00"]


def test_what_grows_is_told_so():
    found = record()
    for one in found["accuracy"]:
        one["peak_rss_bytes"] += one["patches"] * 1024
    text = growth_page.document(found)
    most, few = 40 * MIB + 120 * 1024, 40 * MIB + 20 * 1024
    assert cells(text, "The whole process")[5:] == ["1000", f"{most / few:.3f}"]


def test_memory_that_no_event_tells_is_not_measured():
    text = growth_page.document(record(OldRunner()))
    assert cells(text, "The whole process")[5:] == [growth_page.NOT_MEASURED] * 2


def test_a_peak_that_could_not_be_reset_is_marked():
    found = record()
    found["accuracy"][0]["peak_reset"] = False
    assert growth_page.document(found).count("since the start of the process") == 1


@pytest.mark.parametrize("device", [FakeDevice(), OldRunner()], ids=["memory", "no memory"])
def test_the_figure_is_the_same_for_the_same_record(tmp_path, device):
    for name in ("a.png", "b.png"):
        growth_page.draw(record(device), tmp_path / "img" / name)
    assert (tmp_path / "img/a.png").read_bytes() == (tmp_path / "img/b.png").read_bytes()
    assert sorted(path.name for path in (tmp_path / "img").iterdir()) == ["a.png", "b.png"]


def test_a_damaged_record_is_named(tmp_path):
    common.save(record(), SCHEMA, tmp_path / "growth.json")
    assert common.load(tmp_path / "growth.json", SCHEMA) == record()
    bad = record()
    del bad["accuracy"][0]["wall_ns"]
    with pytest.raises(RecordError, match="'wall_ns' is a required property"):
        common.save(bad, SCHEMA, tmp_path / "bad.json")


def test_the_committed_page_is_that_of_the_committed_record():
    path = ROOT / "results/growth/growth.json"
    if not path.exists():
        pytest.skip("no record of growth is committed yet")
    assert (ROOT / "docs/growth.md").read_text() == growth_page.document(common.load(path, SCHEMA))
    assert (ROOT / "docs" / growth_page.FIGURE).is_file()
