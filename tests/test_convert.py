from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from fixtures_models import DATA, SIZE, exact_network, patch_set

from edgebench.backends import base as backends
from edgebench.convert import artifact, base, parity, source
from edgebench.errors import ConversionError, UsageError
from edgebench.focus.preprocess import model_input
from edgebench.models import store
from edgebench.quantise import calibration

FLOATS = ("tflite-float32", "onnx-float32", "openvino-float32")


@pytest.fixture(scope="module")
def patches():
    return calibration.of_patches([patch_set(400)], DATA, 0, SIZE)


@pytest.fixture(scope="module")
def probe(patches):
    return parity.probe(patches, parity.more_of(patch_set(64, seed=3), SIZE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "exact"
    store.save(folder, exact_network(), {"alpha": 0.4})
    return folder


@pytest.fixture(scope="module")
def made(folder, patches, probe):
    """Every target, converted once."""
    given = source.load(folder)
    return {name: artifact.make(folder, target, given, probe, patches) for name, target in base.TARGETS.items()}


def file_of(one):
    return one.sidecar.with_name(one.about["files"][0]["name"])


@pytest.mark.parametrize("target", base.TARGETS)
def test_a_sidecar_says_what_was_made_and_of_what(made, folder, target):
    about = json.loads((folder / f"{target}.json").read_text())
    card = store.load_card(folder)
    assert target.startswith(f"{about['format']}-{about['precision']}")
    assert (about["base"], about["recipe"]) == (target, {})
    assert about["target"] == target
    assert about["model"] == {
        "name": "exact",
        "sha256": card.sha256,
        "kind": None,
        "alpha": 0.4,
        "input_size": SIZE,
        "parameters": card.parameters,
        "macs": card.macs,
    }
    for file in about["files"]:
        data = (folder / file["name"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert about["files"][0]["name"] == target + base.TARGETS[target].suffix
    assert about["versions"]
    assert about["parity"]["patches"] + about["parity"]["turned"] >= parity.PATCHES
    assert artifact.load(folder / f"{target}.json") == made[target]


@pytest.mark.parametrize("target", FLOATS)
def test_a_float_artifact_is_the_same_function_for_any_batch(made, target):
    x = model_input(patch_set(12, seed=8).tiles, SIZE)
    expected = exact_network().predict_on_batch(x)[:, 0]
    backend = backends.load(base.TARGETS[target].backend)
    for batch in (1, 3, 12):
        runtime = backend(file_of(made[target]), batch_size=batch, threads=1)
        found = np.concatenate([runtime.predict(x[i : i + batch]) for i in range(0, 12, batch)])
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)  # um; a thousandth of the depth of field


def test_the_int8_artifact_computes_in_int8_alone(made):
    options = made["tflite-int8"].about["options"]
    touching_float = {name.split()[0] for name in options["operators"] if "float" in name}
    assert touching_float == {"QUANTIZE", "DEQUANTIZE"}
    assert options["operators"]["CONV_2D int8"] == 2
    assert made["tflite-int8"].about["calibration"]["count"] == calibration.COUNT
    assert len(made["tflite-int8"].about["calibration"]["patches_sha256"]) == 64


def test_the_int8_artifact_follows_keras(made):
    found = made["tflite-int8"].about["parity"]
    assert 0 < found["mean_um"] < 0.2  # the output step is 18 um / 255 = 0.07 um
    assert abs(found["slope"] - 1) < 0.02
    assert found["error_difference_um"] < parity.INT8_ERROR_UM


def test_an_int8_artifact_without_borders_has_no_float_at_all(made):
    operators = made["tflite-int8-io"].about["options"]["operators"]
    assert not [name for name in operators if "float" in name]
    assert operators["CONV_2D int8"] == 2


@pytest.mark.parametrize("batch", [1, 8])
def test_an_int8_input_quantised_outside_the_file_gives_the_same_bits(made, batch):
    """Standardised patches, and what no range of them covers: halves between two steps, huge values, zeros."""
    backend = backends.load("litert")
    plain, io = (backend(file_of(made[f"tflite-int8{end}"]), batch_size=batch, threads=1) for end in ("", "-io"))
    step = io.quantisation.scale
    x = model_input(patch_set(8, seed=5).tiles, SIZE)
    x[1] = np.random.default_rng(0).integers(-260, 260, x[1].shape) * np.float32(step) / 2
    x[2] *= 50
    x[3] = 0
    for i in range(0, 8, batch):
        part = x[i : i + batch]
        expected = plain.predict(part)
        np.testing.assert_array_equal(io.predict(part), expected)
        np.testing.assert_array_equal(io.predict(io.quantisation.quantise(part)), expected)


def test_calibration_patches_and_unseen_ones_are_told_apart(made):
    found = made["tflite-int8"].about["parity"]
    assert (found["patches"], found["turned"]) == (calibration.COUNT + 64, calibration.COUNT)
    assert (found["calibration"]["patches"], found["unseen"]["patches"]) == (calibration.COUNT, 64)
    for part in (found["calibration"], found["unseen"]):
        assert {"mean_um", "max_um", "slope", "error_difference_um"} <= set(part)
    assert found["max_um"] == max(found["calibration"]["max_um"], found["unseen"]["max_um"])


def test_float_artifacts_keep_names_and_openvino_keeps_float32_weights(made):
    import onnx

    network = onnx.load(str(file_of(made["onnx-float32"]))).graph
    assert [value.name for value in (*network.input, *network.output)] == [base.INPUT, base.OUTPUT]
    assert network.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    weights = file_of(made["openvino-float32"]).with_suffix(".bin")
    assert weights.stat().st_size >= 4 * store.load_card(weights.parent).parameters


def test_another_function_is_refused_and_nothing_is_left(made, folder, probe, patches):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    right = source.load(folder)
    wrong = dataclasses.replace(right, function=source.of_keras(exact_network(1.01), right.card).function)
    with pytest.raises(ConversionError, match=r"differs from Keras by .* um, allowed 0\.001"):
        artifact.make(folder, base.TARGETS["tflite-float32"], wrong, probe, patches)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_failing_converter_is_one_line(tmp_path, probe, patches):
    import keras

    image = keras.Input((SIZE, SIZE, 3))
    odd = keras.layers.Dense(1)(keras.ops.erfinv(keras.layers.Flatten()(image)))
    card = store.Card("odd", "0" * 64, SIZE, 1, 1)
    target = base.TARGETS["tflite-int8"]
    with pytest.raises(ConversionError, match=r"^tflite-int8: the converter failed \([^\n]+\)"):
        artifact.make(tmp_path / "odd", target, source.of_keras(keras.Model(image, odd), card), probe, patches)
    assert list((tmp_path / "odd").iterdir()) == []


def test_int8_without_calibration_is_refused(tmp_path, probe):
    card = store.Card("m", "0" * 64, SIZE, 1, 1)
    with pytest.raises(ConversionError, match="needs calibration patches"):
        artifact.make(tmp_path, base.TARGETS["tflite-int8"], source.of_keras(exact_network(), card), probe, None)


def test_what_a_killed_conversion_left_is_removed(folder, made, probe, patches):
    left = folder / ".tflite-float32.999999999.tmp"
    left.mkdir()
    artifact.make(folder, base.TARGETS["tflite-float32"], source.load(folder), probe, patches)
    assert not left.exists()


def test_files_of_a_conversion_killed_before_its_sidecar_count_as_nothing(
    tmp_path, folder, probe, patches, monkeypatch
):
    given = source.load(folder)
    target = base.TARGETS["openvino-float32"]
    whole = Path.replace

    def killed(self, to):
        if self.suffix == ".bin":
            raise KeyboardInterrupt
        return whole(self, to)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            artifact.make(tmp_path, target, given, probe, patches)
    assert (tmp_path / "openvino-float32.xml").is_file()
    assert artifact.existing(tmp_path, target, given.card.sha256) is None
    made = artifact.make(tmp_path, target, given, probe, patches)
    assert artifact.existing(tmp_path, target, given.card.sha256) == made
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".xml", ".bin"}


Z_UM = np.linspace(-8, 10, 300)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (1 + (Z_UM - 1) * 0.75, "slope 0.75"),  # shrinks towards the middle
        (np.ones(300), "slope 0,"),
        (Z_UM + 0.3, "by 0.3 um in the mean"),
        (Z_UM + 0.12, "mean error is 0.12 um above Keras's"),
        (Z_UM * np.nan, "not finite"),
    ],
)
def test_collapsed_shifted_and_infinite_answers_of_int8_are_refused(answers, words):
    found = parity.compare(Z_UM, answers, Z_UM) | {"batch_1_max_um": 0.0}
    if "slope" in words:
        found["mean_um"] = 0.1
    assert words in str(parity.refusal("int8", found))


def test_unseen_patches_alone_must_keep_the_bounds_of_int8():
    good, bad = (parity.compare(Z_UM, Z_UM + off, Z_UM) for off in (0.01, 0.2))
    found = good | {"calibration": good, "unseen": bad, "batch_1_max_um": 0.0}
    assert "on the unseen patches, its mean error is 0.2 um" in str(parity.refusal("int8", found))
    assert parity.refusal("int8", found | {"unseen": None}) is None


def test_small_steps_of_int8_are_accepted():
    found = parity.compare(Z_UM, np.round(Z_UM / 0.07) * 0.07, Z_UM)
    assert parity.refusal("int8", found) is None


def test_few_patches_are_turned_and_said_to_be_few(folder, made):
    few = calibration.of_patches([patch_set(40)], DATA, 0, SIZE)
    made_of_few = parity.probe(few, None)
    assert len(made_of_few.x) == 280
    file = file_of(made["tflite-float32"])
    found = parity.check(base.TARGETS["tflite-float32"], source.load(folder), file, made_of_few)
    assert (found["patches"], found["turned"], found["unseen"]) == (40, 240, None)
    assert found["source"] == "40 calibration patches and 240 turned copies of them"


def test_r28_too_few_patches_are_refused():
    with pytest.raises(ConversionError, match="Give a data set with --data"):
        parity.probe(None, None)
    with pytest.raises(ConversionError, match="needs 256 patches, got 20"):
        parity.check(
            base.TARGETS["tflite-float32"], None, None, parity.probe(None, parity.more_of(patch_set(20), SIZE))
        )


def test_targets_are_each_taken_once_and_a_typo_lists_them():
    assert [target.name for target in base.targets(["onnx-float32", "onnx-float32"])] == ["onnx-float32"]
    assert [target.name for target in base.targets(["onnx-float32", "all"])] == list(base.TARGETS)
    with pytest.raises(UsageError, match=r"no target 'tflite-int4'\. Targets: tflite-float32, tflite-float16"):
        base.targets(["tflite-int4"])
