"""Answers of two devices side by side: how far they are apart, in which layer they part, and why."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from make_records import make_record
from test_backends import BATCH, patches
from test_foreign import edgebench as edgebench  # a fixture

from edgebench.backends import base, tapped
from edgebench.bench import layers
from edgebench.cli.run import read
from edgebench.convert import taps
from edgebench.devices.local import Local
from edgebench.errors import UsageError
from edgebench.records import store
from edgebench.records.agreement import agreement, parting

CASES = {
    "litert": ("tflite-float32", 4),
    "litert-int8": ("tflite-int8", 5),
    "litert-int8-io": ("tflite-int8-io", 4),
    "onnxruntime": ("onnx-float32", 5),
    "openvino": ("openvino-float32", 5),
}


@pytest.mark.parametrize("case", CASES)
def test_a_tapped_file_shows_what_every_operator_gives_and_ends_with_the_same_answer(case, tiny_artifacts, tmp_path):
    target, least = CASES[case]
    file = tiny_artifacts[target]
    backend = case.partition("-")[0]
    found = list(tapped.outputs(backend, taps.tap(file, tmp_path), patches(), 1))
    assert len(found) >= least
    assert len({one.name for one in found}) == len(found)
    answer = found[-1].values.reshape(-1).astype(np.float32)
    whole = base.load(backend)(file, batch_size=BATCH, threads=1).predict(patches())
    if found[-1].scale is not None:  # in steps, from an offset
        answer, whole = np.diff(answer) * found[-1].scale, np.diff(whole)
    np.testing.assert_allclose(answer, whole, rtol=0, atol=1e-5)


def test_other_files_cannot_be_tapped(tiny_artifacts, tmp_path):
    with pytest.raises(UsageError, match=r"no layers can be seen of a \.keras file"):
        taps.tap(tiny_artifacts["keras-float32"], tmp_path)
    with pytest.raises(UsageError, match="shows no layers"):
        tapped.outputs("keras", tiny_artifacts["keras-float32"], patches(), 1)


def layer(name, values, dtype="float32", sha256=None):
    kept = [float(value) for value in values]
    return {"name": name, "dtype": dtype, "sha256": sha256 or hashlib.sha256(repr(kept).encode()).hexdigest(),
            "values": kept}  # fmt: skip


SAME = layer("stem", [1.0, 2.0])


@pytest.mark.parametrize(
    ("base", "other", "dtype", "cause"),
    [
        ([10.0, 3.0], [10.000002, 3.0], "float32", "adds in another order"),
        ([10.0, 3.0], [10.01, 3.0], "float32", "fewer bits"),
        ([10, 3], [11, 3], "int8", "rounds otherwise: 1 step"),
        ([127, 3], [90, 3], "int8", "saturation: up to 37 steps"),
        ([100, 3], [90, 3], "int8", "rounds otherwise: 10 steps"),
    ],
)
def test_the_first_layer_that_differs_has_its_cause(base, other, dtype, cause):
    a = [SAME, layer("second", base, dtype), layer("last", [0.0])]
    b = [SAME, layer("second", other, dtype), layer("last", [9.0])]
    found = parting(a, b)
    assert (found.name, found.number, found.of) == ("second", 2, 3)
    assert cause in found.cause
    assert parting(a, a) is None


def test_a_tensor_of_which_only_values_that_were_not_kept_differ_is_found_by_its_hash():
    found = parting([layer("one", [1, 2], "int8", "a" * 64)], [layer("one", [1, 2], "int8", "b" * 64)])
    assert found.away == 0 and "1 step" in found.cause


def test_the_records_say_how_far_two_devices_are_apart():
    base, other = make_record(), make_record()
    image = other["accuracy"]["test-2"]["images"][3]
    image["patches_um"] = [um + 0.25 * (tile == 2) for tile, um in enumerate(image["patches_um"])]
    patches_there = sum(len(i["patches_um"]) for part in other["accuracy"].values() for i in part["images"])
    found = agreement(base, other)
    assert found.patches == patches_there
    assert found.max_um == pytest.approx(0.25)
    assert found.mean_um == pytest.approx(0.25 / patches_there)
    assert found.worst == f"test-2, {image['stack']}, z {image['z_nm']} nm, tile 2"
    for part in other["accuracy"].values():
        part["images"] = []
    assert agreement(base, other) is None


def test_the_runner_tells_each_layer_in_few_numbers(tiny_artifacts, tiny_dataset, tmp_path):
    file = taps.tap(tiny_artifacts["tflite-int8"], tmp_path)
    data = read(tiny_dataset, [])
    one, two = (layers.observe(Local(), file, "litert", None, 32, data) for _ in range(2))
    assert parting(one, two) is None
    assert {event["dtype"] for event in one} >= {"int8", "float32"}
    assert all(0 < len(event["values"]) <= 512 for event in one)
    assert any(event["scale"] for event in one)


def on(name, *, emulated=False, **changes):
    record = make_record(**changes)
    record["device"] |= {"name": name, "emulated": emulated}
    return record


def test_the_command_compares_all_that_two_devices_measured(edgebench, tmp_path):
    store.save(on("local"), tmp_path)
    store.save(on("pi4", emulated=True), tmp_path)
    code, out, err = edgebench("compare", "--device", "local", "pi4", "--results", tmp_path)
    assert code == 0, err
    assert "pi4 against local" in out and "0.0%" in out and "emulated: pi4" in out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--device", "local", "moon"), "no records of device 'moon'. Devices there: local"),
        (("--device", "local", "local", "no/such"), "have not both measured no/such"),
        (("one.json",), "compare takes two records"),
        (("--layers",), "compare takes two records"),
    ],
)
def test_what_cannot_be_compared_is_one_line(words, why, edgebench, tmp_path):
    store.save(on("local"), tmp_path)
    code, _, err = edgebench("compare", *words, "--results", tmp_path)
    assert code == 2 and why in err and len(err.strip().splitlines()) == 1
