"""The programmable back-end does what its file says."""

from __future__ import annotations

import json
from dataclasses import asdict
from time import perf_counter_ns, thread_time_ns

import numpy as np
import pytest

from edgebench.backends import base
from edgebench.backends import programmable as p
from edgebench.backends.programmable import Programme, time_ns
from edgebench.errors import BackendError
from edgebench.focus import images, preprocess
from edgebench.runner import memory
from edgebench.selftest import pattern


@pytest.fixture
def loaded(tmp_path):
    def make(batch_size=2, **programme):
        path = tmp_path / "a.programme"
        path.write_text(json.dumps(programme))
        return base.load("programmable")(path, batch_size=batch_size, threads=1)

    return make


def pictures(*labels_nm):
    """Model inputs of tiles that say their label."""
    grey = np.stack([pattern.tile(z_nm).astype(np.int16) - 128 for z_nm in labels_nm])
    return preprocess.model_input(np.repeat(grey[..., None], 3, axis=3), pattern.INPUT_SIZE)


def test_a_picture_says_its_label():
    labels_nm = (-32768, -7500, -1, 0, 1, 8420, 13420, 32767)
    assert p.read_um(pictures(*labels_nm)).tolist() == [z_nm / 1000 for z_nm in labels_nm]


def test_every_image_on_disk_says_its_label_and_its_last_tile_another(tmp_path):
    data = pattern.write(tmp_path)
    assert len(pattern.all_labels_um()) == data.about["splits"][pattern.SPLIT]["images"] == 64
    for stack in data.stacks[pattern.SPLIT]:
        at = {z_nm: images.read_image(tmp_path / file) for file, z_nm in stack.planes}
        uppers = [z_nm for z_nm in at if z_nm - 2000 in at]
        for z_nm in uppers:
            said = p.read_um(preprocess.patches(at[z_nm - 2000], at[z_nm], pattern.INPUT_SIZE))
            assert said.tolist() == [z_nm / 1000, z_nm / 1000, (z_nm + pattern.WRONG_NM) / 1000]
    assert sorted(uppers) == sorted(pattern.labels_nm(pattern.STACKS - 1))


def test_answers_are_scaled_and_moved(loaded):
    y = loaded(scale=0.5, offset_um=0.25).predict(pictures(-7500, 3000))
    assert y.dtype == np.float32
    assert y.tolist() == [-3.5, 1.75]


def test_answers_change_from_a_call_on(loaded):
    backend = loaded(later=2, later_um=0.5)
    assert [backend.predict(pictures(1000, 2000))[0] for _ in range(4)] == [1.0, 1.0, 1.5, 1.5]


def test_answers_may_be_no_numbers(loaded):
    assert np.isnan(loaded(nan=True).predict(pictures(0, 0))).all()


@pytest.mark.parametrize(("wait", "clock"), [("busy", perf_counter_ns), ("cpu", thread_time_ns)])
def test_a_call_is_never_shorter_than_programmed(loaded, wait, clock):
    backend, x = loaded(us=500, wait=wait), pictures(0, 0)
    for _ in range(20):
        begin = clock()
        backend.predict(x)
        assert clock() - begin >= 500_000


def test_a_call_that_sleeps_is_never_shorter_either(loaded):
    backend, x = loaded(us=500, wait="sleep"), pictures(0, 0)
    begin = perf_counter_ns()
    backend.predict(x)
    assert perf_counter_ns() - begin >= 500_000


def test_a_cached_answer_takes_no_turn_and_another_input_does(loaded):
    backend = loaded(us=1, cached=True)
    backend.predict(pictures(0, 1))
    assert backend.predict(pictures(0, 1)).tolist() == pytest.approx([0, 0.001])
    assert backend._calls == 1
    assert backend.predict(pictures(0, 2)).tolist() == pytest.approx([0, 0.002])
    assert backend._calls == 2


def series(calls=1000, **programme):
    return np.array([time_ns(Programme(us=1000, **programme), call) for call in range(calls)]) / 1e6


def test_a_constant_time_is_constant():
    assert set(series()) == {1.0}


def test_two_modes_have_their_shares_in_every_stretch():
    times = series(latency="bimodal", by=0.5, share=0.4)
    assert set(times) == {1.0, 1.5}
    for part in np.split(times, 5):
        assert (part == 1.5).mean() == pytest.approx(0.4, abs=0.02)


def test_levels_take_turns():
    assert series(80, latency="alternating", by=0.5, begin=25, end=40).tolist() == ([1.0] * 25 + [1.5] * 15) * 2


def test_a_step_begins_at_its_call():
    assert series(5, latency="step", by=0.2, begin=3).tolist() == pytest.approx([1, 1, 1, 1.2, 1.2])


def test_a_drift_is_straight_from_begin_to_end():
    assert series(7, latency="drift", by=0.4, begin=1, end=5).tolist() == pytest.approx([1, 1, 1.1, 1.2, 1.3, 1.4, 1.4])


def test_a_heavy_tail_is_that_of_a_pareto_distribution():
    times = series(10_000, latency="heavy", tail=3.0)
    for q in (0.5, 0.9, 0.99):
        assert np.quantile(times, q) == pytest.approx((1 - q) ** (-1 / 3), rel=0.01)


def test_memory_is_taken_where_it_is_programmed(loaded):
    before = memory.resident()["rss_bytes"]
    backend = loaded(load_mib=16, first_mib=8, call_mib=1, scratch_mib=32)
    rss = [memory.resident()["rss_bytes"]]
    for _ in range(5):
        backend.predict(pictures(0, 0))
        rss.append(memory.resident()["rss_bytes"])
    for added, mib in zip(np.diff([before, *rss]), (16, 9, 1, 1, 1, 1)):
        assert added / p.MIB == pytest.approx(mib, abs=1)  # MiB: this process does other things too


def test_it_claims_the_precision_that_it_is_told(loaded):
    assert loaded(executed="float16").executed()["precision"] == "float16"
    assert "no model" in loaded().executed()["call"]


def test_a_programme_survives_its_file(loaded, tmp_path):
    programme = Programme(latency="heavy", us=50, label="x", later_um=-1.0)
    (tmp_path / "b").write_text(json.dumps(asdict(programme)))
    assert p.read(tmp_path / "b") == programme


@pytest.mark.parametrize(
    ("programme", "said"),
    [
        ({"speed": 1}, "keys among latency, us"),
        ({"us": "fast"}, "us is 'fast'"),
        ({"us": -1}, "us is -1"),
        ({"load_mib": 1.5}, "load_mib is 1.5"),
        ({"cached": 1}, "cached is 1"),
        ({"latency": "slow"}, "no latency 'slow'. Known: constant"),
        ({"wait": "forever"}, "no wait 'forever'. Known: busy"),
        ({"latency": "drift", "begin": 5, "end": 5}, "end is 5"),
        ({"latency": "heavy", "tail": 0}, "tail is 0"),
        ([], "not a programme"),
    ],
)
def test_what_is_no_programme_is_one_line_that_says_why(tmp_path, programme, said):
    path = tmp_path / "a.programme"
    path.write_text(json.dumps(programme))
    with pytest.raises(BackendError, match=said) as caught:
        p.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff", b"not JSON", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "a.programme"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BackendError, match="not a programme"):
        p.read(path)
