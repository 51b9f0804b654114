from __future__ import annotations

import dataclasses
import getpass
import itertools
import json
import os
import re
import socket
import subprocess
import sys

import numpy as np
import pytest

from edgebench.backends import base
from edgebench.errors import DatasetError, DeviceError, ModelError, UsageError
from edgebench.focus import images, preprocess
from edgebench.runner import accuracy, feed, heap, host, latency, memory, spec, start
from edgebench.types import RunSpec, StackFiles

FOLDER = "incoherent_RGBchannels/testRawData_incoherent_sameProtocol"
Z_NM = tuple(range(-1850, 2150, 500))  # of tiny_dataset: 4 pairs a stack, 4 tiles an image
PAIRS, TILES, SIZE = 4, 4, 32


def stack(name):
    planes = tuple((f"{FOLDER}/{name}/defocus{z_nm}.jpg", z_nm) for z_nm in Z_NM)
    return StackFiles(name, name.split("_")[0], planes)


@pytest.fixture
def run_spec(tiny_artifacts, tiny_dataset):
    return RunSpec(
        mode="accuracy",
        artifact=str(tiny_artifacts["onnx-float32"]),
        backend="onnxruntime",
        batch_size=3,
        threads=1,
        input_size=SIZE,
        data_root=str(tiny_dataset),
        stacks=(stack("s16_l1"), stack("s17_l1")),
        iterations=7,
    )


def change(run_spec, **values):
    return dataclasses.replace(run_spec, **values)


def process(run_spec, *, prelude="pass"):
    """Run a real runner process; prelude is Python that runs in it first."""
    code = f"import runpy, sys; {prelude}; sys.argv = ['']; runpy.run_module('edgebench.runner', run_name='__main__')"
    text = run_spec if isinstance(run_spec, str) else json.dumps(dataclasses.asdict(run_spec))
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


class Fake:
    """A backend made of a function of the batch."""

    quantisation = None

    def __init__(self, answer):
        self.answer = answer
        self.seen = []

    def predict(self, x):
        self.seen.append(x.copy())
        return self.answer(x).astype(np.float32)


def measured(monkeypatch, run_spec, answer, measure=accuracy.measure):
    """Events of a measurement inside this process, on a fake backend."""
    fake, events = Fake(answer), []
    load = {"import_ns": 0, "load_ns": 0, "first_ns": 0, "executed": {}, "versions": {}}
    monkeypatch.setattr(start, "start", lambda *arguments, **options: (fake, load))
    measure(run_spec, lambda event, **values: events.append({"event": event, **values}))
    return events, fake


def of(events, name):
    return [event for event in events if event["event"] == name]


def mean_of_red(x):
    return x[:, SIZE // 2, SIZE // 2, 0]  # a value that differs from patch to patch


# accuracy


def test_accuracy_gives_host_load_images_and_totals_in_order(run_spec):
    status, events, _ = process(run_spec)
    names = [event["event"] for event in events]
    assert status == 0
    assert names == ["host", "load", *["image"] * 2 * PAIRS, "accuracy", "done"]


def test_the_patches_of_an_image_are_what_the_backend_gives_for_it_alone(run_spec, tiny_dataset, tiny_artifacts):
    _, events, _ = process(run_spec)
    backend = base.load("onnxruntime")(tiny_artifacts["onnx-float32"], batch_size=TILES, threads=1)
    got = {(event["stack"], event["z_nm"]): event["patches_um"] for event in of(events, "image")}
    assert len(got) == 2 * PAIRS
    for (name, z_nm), patches_um in got.items():
        lower, upper = (
            images.read_image(tiny_dataset / FOLDER / name / f"defocus{z}.jpg") for z in (z_nm - 2000, z_nm)
        )
        expected = backend.predict(preprocess.patches(lower, upper, SIZE))
        np.testing.assert_allclose(patches_um, expected, rtol=0, atol=1e-5)  # um: another batch, other rounding


def test_a_file_of_int8_alone_gives_the_same_bits_as_one_that_quantises_inside(run_spec, tiny_artifacts):
    answers = []
    for target in ("tflite-int8", "tflite-int8-io"):
        artifact = str(tiny_artifacts[target])
        _, events, _ = process(change(run_spec, backend="litert", artifact=artifact, batch_size=3))
        answers.append([event["patches_um"] for event in of(events, "image")])
    assert len(np.unique(answers[0])) > 4
    assert answers[0] == answers[1]


def test_timed_calls_of_a_file_of_int8_alone_get_int8(run_spec, tiny_artifacts):
    artifact = str(tiny_artifacts["tflite-int8-io"])
    _, events, _ = process(change(run_spec, mode="latency", backend="litert", artifact=artifact))
    assert of(events, "load")[0]["executed"]["input_dtype"] == "int8"
    assert len(of(events, "latency")[0]["samples_ns"]) == 7


def test_the_accuracy_run_tells_its_own_peak_memory(run_spec):
    _, events, _ = process(run_spec)
    (total,) = of(events, "accuracy")
    assert 10 * 2**20 < total["peak_rss_bytes"] < 2**30
    assert isinstance(total["peak_reset"], bool)


def test_the_label_of_an_image_is_its_upper_plane(run_spec):
    _, events, _ = process(change(run_spec, backend="null"))
    assert [event["z_nm"] for event in of(events, "image")] == 2 * [150, 650, 1150, 1650]


def test_the_null_backend_answers_zero_for_every_tile(run_spec):
    _, events, _ = process(change(run_spec, backend="null"))
    assert all(event["patches_um"] == [0.0] * TILES for event in of(events, "image"))


def test_batches_cross_the_border_of_images_and_the_last_is_padded(monkeypatch, run_spec):
    events, fake = measured(monkeypatch, change(run_spec, batch_size=5), mean_of_red)
    (total,) = of(events, "accuracy")
    assert len(fake.seen) == 7  # 32 patches in fives
    assert (total["images"], total["patches"], total["padded"]) == (8, 32, 3)
    np.testing.assert_array_equal(fake.seen[-1][2:4], fake.seen[-1][:2])


def test_each_patch_keeps_its_image_and_its_order_across_batches(monkeypatch, run_spec):
    one, _ = measured(monkeypatch, change(run_spec, batch_size=1), mean_of_red)
    five, _ = measured(monkeypatch, change(run_spec, batch_size=5), mean_of_red)
    large, _ = measured(monkeypatch, change(run_spec, batch_size=100), mean_of_red)
    for other in (five, large):
        pairs = zip(of(one, "image"), of(other, "image"))
        assert all(a["patches_um"] == b["patches_um"] and a["z_nm"] == b["z_nm"] for a, b in pairs)


def test_the_time_of_a_batch_is_shared_among_its_patches_to_the_nanosecond():
    entries = [accuracy._Open(None, 0), accuracy._Open(None, 0)]
    accuracy._share([entries[0], entries[0], entries[1]], np.array([1.0, 2.0, 3.0, 9.0]), 1000)
    assert [entry.patches_um for entry in entries] == [[1.0, 2.0], [3.0]]
    assert [entry.predict_ns for entry in entries] == [666, 334]


def test_a_model_that_gives_nan_is_refused_with_the_count(monkeypatch, run_spec):
    def answer(x):
        y = mean_of_red(x)
        y[0] = np.nan
        return y

    with pytest.raises(ModelError, match="gives NaN for 1 of 3 patches"):
        measured(monkeypatch, run_spec, answer)


def test_nan_in_the_padding_is_not_counted(monkeypatch, run_spec):
    first_only = change(run_spec, images=1, batch_size=5)
    events, _ = measured(monkeypatch, first_only, lambda x: np.r_[mean_of_red(x)[:4], np.nan])
    assert of(events, "accuracy")[0]["padded"] == 1


def test_a_model_with_several_outputs_is_refused(monkeypatch, run_spec):
    with pytest.raises(ModelError, match="gives 6 numbers for 3 patches"):
        measured(monkeypatch, run_spec, lambda x: np.zeros(6))


def test_an_image_that_cannot_be_read_ends_the_run_with_its_name(run_spec):
    broken = StackFiles("s16_l1", "s16", (("gone.jpg", 0), ("also-gone.jpg", 2000)))
    status, events, _ = process(change(run_spec, stacks=(broken,)))
    assert status == 2
    assert events[-1]["kind"] == "DatasetError"
    assert "gone.jpg" in events[-1]["message"]


def test_another_input_size_than_the_artifact_takes_is_one_line(run_spec):
    status, events, _ = process(change(run_spec, input_size=64))
    assert status == 2
    assert events[-1]["kind"] == "BackendError"
    assert "[None, 32, 32, 3]" in events[-1]["message"]


# feed


def test_each_plane_is_read_once_a_stack(monkeypatch, run_spec):
    read = []
    original = images.read_image
    monkeypatch.setattr(images, "read_image", lambda path: read.append(path) or original(path))
    list(feed.read(run_spec, feed.pairs(run_spec)))
    assert len(read) == len(set(read)) == 2 * len(Z_NM)


def test_a_limit_of_images_is_spread_over_z_too(run_spec):
    """16 of 32 stacks of 41: evenly spaced ones would be the middle of every second stack, all of one z."""
    planes = tuple((f"{z}.png", z) for z in range(0, 45 * 500, 500))
    stacks = tuple(StackFiles(f"s{i}_l1", f"s{i}", planes) for i in range(32))
    chosen = feed.pairs(change(run_spec, stacks=stacks, images=16))
    z_um = np.sort([pair.stack.planes[pair.upper][1] / 1000 for pair in chosen])
    assert len({pair.stack.id for pair in chosen}) == 16
    assert np.diff(z_um).max() < 4  # of 20 um
    assert np.ptp(z_um) > 14


def test_a_limit_of_images_is_spread_over_the_stacks(run_spec):
    chosen = feed.pairs(change(run_spec, images=4))
    assert [pair.stack.id for pair in chosen] == ["s16_l1", "s16_l1", "s17_l1", "s17_l1"]
    assert len(feed.pairs(change(run_spec, images=99))) == 2 * PAIRS


def test_the_patches_are_those_of_the_one_preprocessing(run_spec, tiny_dataset):
    image = next(feed.read(run_spec, feed.pairs(run_spec)))
    lower, upper = (images.read_image(tiny_dataset / FOLDER / "s16_l1" / f"defocus{z}.jpg") for z in (-1850, 150))
    np.testing.assert_array_equal(image.patches(), preprocess.patches(lower, upper, SIZE))
    assert image.read_ns > 0 and image.preprocess_ns > 0


def test_r9_the_rotation_is_seeded_and_takes_every_stack(run_spec):
    a, b, c = (feed.rotation(change(run_spec, seed=seed), 8)[0] for seed in (1, 1, 2))
    assert a.shape == (8, SIZE, SIZE, 3)
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert len(np.unique(a.reshape(8, -1), axis=0)) == 8


def test_the_rotation_takes_one_patch_of_every_stack_before_a_second_of_any(monkeypatch, run_spec):
    many = [StackFiles(f"s{i}_l1", f"s{i}", run_spec.stacks[i % 2].planes) for i in range(6)]
    taken = []
    original = feed.read
    monkeypatch.setattr(feed, "read", lambda spec, chosen: taken.append(chosen[0].stack.id) or original(spec, chosen))
    assert len(feed.rotation(change(run_spec, stacks=tuple(many)), 8)[0]) == 8
    assert len(taken) == len(set(taken)) == 6
    taken.clear()
    assert len(feed.rotation(change(run_spec, stacks=tuple(many)), 4)[0]) == 4
    assert len(set(taken)) == 4


def test_warming_reads_every_byte_of_the_chosen_planes_once(monkeypatch, run_spec, tiny_dataset):
    opened = []
    original = feed.Path.open
    monkeypatch.setattr(feed.Path, "open", lambda path, *a, **b: opened.append(path) or original(path, *a, **b))
    feed.warm(run_spec, feed.pairs(run_spec))
    assert sorted(opened) == sorted(
        tiny_dataset / FOLDER / s / f"defocus{z}.jpg" for s in ("s16_l1", "s17_l1") for z in Z_NM
    )


def test_files_are_warmed_before_the_first_one_is_decoded(monkeypatch, run_spec):
    order = []
    warm, read_image = feed.warm, images.read_image
    monkeypatch.setattr(feed, "warm", lambda *given: order.append("warm") or warm(*given))
    monkeypatch.setattr(images, "read_image", lambda path: order.append("decode") or read_image(path))
    measured(monkeypatch, run_spec, mean_of_red)
    assert order == ["warm", *["decode"] * 2 * len(Z_NM)]


def test_the_rotation_says_where_each_patch_is_from(run_spec):
    patches, sources = feed.rotation(run_spec, 8)
    images_by = {(i.pair.stack.id, i.z_nm): i.patches() for i in feed.read(run_spec, feed.pairs(run_spec))}
    for patch, (name, z_nm, tile) in zip(patches, sources, strict=True):
        np.testing.assert_array_equal(patch, images_by[name, z_nm][tile])


def test_the_rotation_is_shorter_where_there_are_fewer_patches(run_spec):
    assert len(feed.rotation(run_spec, 1000)[0]) == 2 * PAIRS * TILES


def test_planes_without_a_partner_are_an_error_that_names_the_data(run_spec):
    with pytest.raises(DatasetError, match="no two planes 2100 nm apart"):
        feed.pairs(change(run_spec, delta_nm=2100))
    with pytest.raises(DatasetError, match="no two planes 2100 nm apart"):
        feed.rotation(change(run_spec, delta_nm=2100), 4)


@pytest.mark.parametrize("threads", [2, 3])
def test_several_threads_read_each_plane_once_and_give_the_same_answers(monkeypatch, run_spec, threads):
    read = []
    original = images.read_image
    monkeypatch.setattr(images, "read_image", lambda path: read.append(path) or original(path))
    one, _ = measured(monkeypatch, run_spec, mean_of_red)
    read.clear()
    many, _ = measured(monkeypatch, change(run_spec, threads=threads), mean_of_red)
    assert len(read) == len(set(read)) == 2 * len(Z_NM)
    answers = [{(e["stack"], e["z_nm"]): e["patches_um"] for e in of(events, "image")} for events in (one, many)]
    assert answers[0] == answers[1]
    assert of(many, "accuracy")[0]["workers"] == threads


def test_a_plane_that_cannot_be_read_ends_all_threads(monkeypatch, run_spec):
    def refuse(path):
        raise DatasetError(f"{path}: truncated")

    monkeypatch.setattr(images, "read_image", refuse)
    with pytest.raises(DatasetError, match="truncated"):
        measured(monkeypatch, change(run_spec, threads=3), mean_of_red)


# latency


def test_r8_calls_go_on_until_both_their_number_and_the_time_are_reached(monkeypatch, run_spec):
    """R8: at least so many inferences, and so many seconds."""

    def measure(**values):
        timed = change(run_spec, mode="latency", iterations=7, **values)
        events, _ = measured(monkeypatch, timed, mean_of_red, latency.measure)
        (found,) = of(events, "latency")
        return found

    assert len(measure()["samples_ns"]) == 7
    long = measure(seconds=0.2)
    assert len(long["samples_ns"]) > 7
    assert long["wall_ns"] >= 0.2e9


def test_r23_timed_answers_name_their_patches(monkeypatch, run_spec):
    """R23: at least 1 % of the timed outputs, to be compared with the accuracy run's."""
    events, _ = measured(monkeypatch, run_spec, mean_of_red)
    expected = {(e["stack"], e["z_nm"]): e["patches_um"] for e in of(events, "image")}
    timed = change(run_spec, mode="latency", iterations=250, rotation=5)
    events, _ = measured(monkeypatch, timed, mean_of_red, latency.measure)
    (found,) = of(events, "latency")
    assert len(found["outputs"]) == 3 * run_spec.batch_size
    for one in found["outputs"]:
        assert one["um"] == expected[one["stack"], one["z_nm"]][one["tile"]]


def test_latency_gives_as_many_samples_as_asked(run_spec):
    status, events, _ = process(change(run_spec, mode="latency"))
    (found,) = of(events, "latency")
    assert status == 0
    assert [event["event"] for event in events] == ["host", "load", "latency", "done"]
    assert len(found["samples_ns"]) == 7 and min(found["samples_ns"]) > 0
    assert sum(found["samples_ns"]) <= found["wall_ns"]
    assert found["distinct_patches"] == 2 * PAIRS * TILES


def test_the_patches_take_turns(monkeypatch, run_spec):
    _, fake = measured(monkeypatch, change(run_spec, batch_size=8, iterations=8), mean_of_red, latency.measure)
    assert all(not np.array_equal(a, b) for a, b in zip(fake.seen, fake.seen[1:]))
    assert len(np.unique(np.concatenate(fake.seen).reshape(-1, SIZE * SIZE * 3), axis=0)) == 32


def test_the_last_turn_is_filled_from_the_first_patches():
    turns = latency.batches(np.arange(5), 3)
    assert [turn.tolist() for turn in turns] == [[0, 1, 2], [3, 4, 0]]


def test_warm_up_stops_at_its_cap_and_says_that_time_did_not_settle(monkeypatch):
    times = itertools.accumulate(int(1000 * 1.01**i) for i in itertools.count())  # each window is slower
    monkeypatch.setattr(latency, "perf_counter_ns", times.__next__)
    monkeypatch.setattr(latency, "CAP_NS", 10**30)
    turns = itertools.repeat(np.zeros(1))
    assert latency.warm_up(Fake(lambda x: x), turns) == (latency.CAP_CALLS, False)


def test_r7_warm_up_ends_when_two_windows_agree(monkeypatch):
    monkeypatch.setattr(latency, "perf_counter_ns", itertools.count(0, 1000).__next__)
    turns = itertools.repeat(np.zeros(1))
    assert latency.warm_up(Fake(lambda x: x), turns) == (2 * latency.WINDOW, True)


@pytest.mark.parametrize(
    ("other_ns", "agree"),
    [
        ([109] * 5 + [100] * 15, True),
        ([100] * 19 + [500], False),  # one call: the mean is 20 % higher, the quartiles are the same
        ([100] * 12 + [106] * 8, False),  # the upper quartile is 6 % higher, the mean only 2 %
        ([94] * 8 + [100] * 12, False),
        ([105] * 20, True),
    ],
)
def test_r7_two_windows_agree_in_their_mean_and_both_quartiles(other_ns, agree):
    assert latency.agree([100] * 20, other_ns) is agree
    assert latency.agree(other_ns, [100] * 20) is agree


# memory


def test_r20_memory_has_every_stage_and_the_runtime_costs_something(run_spec):
    status, events, _ = process(change(run_spec, mode="memory"))
    (found,) = of(events, "memory")
    stages = found["stages"]
    assert status == 0
    assert list(stages) == ["interpreter", "imports", "load", "first", "steady"]
    assert stages["imports"]["rss_bytes"] > stages["interpreter"]["rss_bytes"]
    assert all(s["uss_bytes"] <= s["pss_bytes"] <= s["rss_bytes"] for s in stages.values())
    assert found["peak_rss_bytes"] >= stages["steady"]["rss_bytes"]


@pytest.fixture
def told(monkeypatch):
    """A backend that notes what it is asked, in order."""
    order = []

    class Told(Fake):
        def __init__(self, path, **settings):
            super().__init__(lambda x: order.append("call") or mean_of_red(x))

        def takes(self):
            return {"input_shape": [None, None, None, 3]}

        def executed(self):
            order.append("executed")
            return {}

        def versions(self):
            return {}

    monkeypatch.setattr(base, "load", lambda name: Told)
    return order


def test_what_ran_is_asked_only_after_the_last_stage_of_memory(monkeypatch, run_spec, told):
    resident = memory.resident
    monkeypatch.setattr(memory, "resident", lambda: told.append("stage") or resident())
    memory.measure(run_spec, lambda event, **values: told.append(event))
    assert [each for each in told if each != "call"] == [*["stage"] * 5, "executed", "load", "memory"]


def test_what_ran_is_asked_only_after_the_first_call(run_spec, told):
    _, load = start.start(run_spec, start.noise(run_spec))
    assert told == ["call", "executed"]
    assert load["executed"] == {"input_shape": [None, None, None, 3]}


def test_memory_does_without_a_c_library_that_trims(monkeypatch):
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: object())
    heap.give_back()


def test_resident_memory_grows_with_what_is_held():
    before = memory.resident()["rss_bytes"]
    held = np.ones(32 * 2**20, np.uint8)
    assert memory.resident()["rss_bytes"] - before > len(held) // 2


# protocol, threads, host


def test_what_a_runtime_prints_does_not_reach_the_protocol(run_spec):
    noisy = "import os, edgebench.focus.images as i; keep = i.read_image"
    noisy += "; i.read_image = lambda path: (print('Python noise'), os.write(1, b'C noise\\n'), keep(path))[-1]"
    status, events, said = process(run_spec, prelude=noisy)
    assert status == 0
    assert events[-1] == {"event": "done"}
    assert "C noise" in said and "Python noise" in said


def test_r4_threads_and_cores_are_set_before_numpy_is_imported(run_spec):
    watch = "import edgebench.runner.host as h; keep = h.apply_threads; h.apply_threads = "
    watch += "lambda n: (keep(n), sys.stderr.write(f'numpy {\"numpy\" in sys.modules}'))"
    _, events, said = process(change(run_spec, backend="null"), prelude=watch)
    assert said == "numpy False"
    assert events[0]["threads"] == 1
    assert len(events[0]["affinity"]) == 1


def test_more_threads_than_cores_are_refused():
    cores = len(os.sched_getaffinity(0))
    with pytest.raises(DeviceError, match=f"{cores + 1} threads asked, {cores} cores"):
        host.apply_threads(cores + 1)


def test_r19_the_host_facts_name_no_machine_and_no_user():
    facts = host.facts()
    words = re.split(r"\W+", json.dumps(facts))
    assert facts["cpu"] and facts["cores"] >= 1 and facts["memory_bytes"] > 2**20
    assert facts["versions"]["numpy"] == np.__version__
    assert socket.gethostname() not in words
    assert getpass.getuser() not in words


@pytest.mark.parametrize(
    ("change_to", "message"),
    [
        ("not json", "not JSON"),
        ("[]", "list found"),
        ({"batch": 8}, r"unknown \['batch'\]"),
        ({"batch_size": "8"}, "batch_size is '8', expected int"),
        ({"batch_size": True}, "batch_size is True, expected int"),
        ({"batch_size": 0}, "batch_size is 0, expected 1 or more"),
        ({"mode": "speed"}, "accuracy, latency, memory"),
        ({"stacks": []}, "no stacks"),
        ({"stacks": [{"id": "a"}]}, "stacks are not a list"),
    ],
)
def test_a_run_spec_is_read_strictly(run_spec, change_to, message):
    raw = dataclasses.asdict(run_spec)
    text = change_to if isinstance(change_to, str) else json.dumps(raw | change_to)
    with pytest.raises(UsageError, match=message):
        spec.parse(text)


def test_a_run_spec_survives_its_way_through_json(run_spec):
    assert spec.parse(json.dumps(dataclasses.asdict(run_spec))) == run_spec


def test_an_error_is_the_last_event_and_the_status_is_2():
    status, events, _ = process("nonsense")
    assert status == 2
    assert [event["event"] for event in events] == ["error"]
    assert events[0]["kind"] == "UsageError"
