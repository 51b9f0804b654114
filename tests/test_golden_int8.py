"""The shipped models in int8: operators as golden numbers, and answers that are as far from float32 as they were.

Both sides of the window count: a difference far below the golden one means that something else was measured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench.backends import base as backends
from edgebench.convert import base, parity, source
from edgebench.models.quiet import quiet
from edgebench.quantise import answers, calibration, ir, onnx, recipe

MODELS = Path(__file__).parents[1] / "models"
WINDOW = 1.6  # kernels of another CPU round otherwise
AWAY_UM = {
    "tflite-int8": 0.137,
    "onnx-int8": 0.136,
    "openvino-int8": 0.081,
}  # mean |difference|, calibration patches and turned ones
OPERATORS = {
    "tflite-int8": {"CONV_2D int8": 35, "DEPTHWISE_CONV_2D int8": 17, "ADD int8": 10, "FULLY_CONNECTED int8": 1},
    "onnx-int8": {"QLinearConv": 52, "QLinearAdd": 10, "QGemm": 1},
    "openvino-int8": {"Convolution u8": 52, "FullyConnected u8": 1},
}
KEPT = {  # of the original, whose own recipe keeps two layers
    "tflite-int8": {"CONV_2D int8": 33, "DEPTHWISE_CONV_2D int8": 17, "ADD int8": 10, "FULLY_CONNECTED int8": 1},
    "onnx-int8": {"QLinearConv": 50, "QLinearAdd": 10, "QGemm": 1},
    "openvino-int8": {"Convolution u8": 50, "FullyConnected u8": 1},
}
IN_FLOAT = {  # of it, too
    "tflite-int8": {"CONV_2D float32": 2},
    "onnx-int8": {"Conv": 1, "FusedConv": 1},
    "openvino-int8": {"Convolution f32": 2},
}
KINDS = ("Convolution", "GroupConvolution", "MatMul", "Add", "Parameter", "Result")
SIXTEEN_BITS = "without VNNI ONNX Runtime gets weights of 7 bits, and OpenVINO other kernels"

pytestmark = pytest.mark.skipif(not onnx.vnni(), reason=SIXTEEN_BITS)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(model, target) to file, and the calibration patches of each model."""
    found, patches = {}, {}
    for model in ("reduced", "original"):
        given = source.load(MODELS / model)
        patches[model] = calibration.load(MODELS / model / calibration.NAME)
        folder = tmp_path_factory.mktemp(model)
        for name in AWAY_UM:
            target, how = base.TARGETS[name], recipe.of_model(MODELS / model)
            file = folder / f"{name}{target.suffix}"
            base.convert(target, given, file, patches[model].x, how, folder)
            plain = base.floats(target.format, given, how.batch, folder)
            found[model, name] = (target.backend, file, plain)
    return found, patches


def executed(backend, file):
    with quiet():
        return backends.load(backend)(file, batch_size=8, threads=1).executed()["operators"]


@pytest.mark.parametrize("target", AWAY_UM)
def test_every_operator_that_computes_runs_in_int8(made, target):
    backend, file, _ = made[0]["reduced", target]
    ran = executed(backend, file)
    assert {name: ran.get(name) for name in OPERATORS[target]} == OPERATORS[target]
    assert not {"Conv", "FusedConv", "Gemm", "CONV_2D float32", "Convolution f32"} & set(ran)


@pytest.mark.parametrize("target", AWAY_UM)
def test_a_models_own_recipe_keeps_its_two_layers_in_every_runtime(made, target):
    backend, file, _ = made[0]["original", target]
    ran = executed(backend, file)
    wanted = KEPT[target] | IN_FLOAT[target]
    assert {name: ran.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("target", AWAY_UM)
def test_answers_are_as_far_from_float32_as_they_were(made, target):
    backend, file, plain = made[0]["reduced", target]
    x = parity.probe(made[1]["reduced"], None).x
    away = np.abs(answers.predict(backend, file, x)[0] - answers.predict(backend, plain, x)[0]).mean()
    assert AWAY_UM[target] / WINDOW < away < AWAY_UM[target] * WINDOW


@pytest.mark.parametrize("target", AWAY_UM)
@pytest.mark.parametrize("model", ["reduced", "original"])
def test_an_int8_file_has_at_most_two_fifths_of_the_bytes_of_the_float_file(made, model, target):
    _, file, plain = made[0][model, target]
    assert size(file) <= 0.4 * size(plain)


def size(path):
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.stem}.*"))


def test_openvino_files_lose_text_and_no_name_of_a_layer(made, tmp_path):
    ov = pytest.importorskip("openvino")
    backend, _, plain = made[0]["reduced", "openvino-int8"]
    wordy = tmp_path / "wordy.xml"
    network = ov.Core().read_model(plain)
    ov.save_model(network, wordy, compress_to_fp16=False)
    terse = tmp_path / "terse.xml"
    ir.save(network, terse, final=True)
    assert size(terse) < size(wordy) - 0.2 * wordy.stat().st_size
    x = made[1]["reduced"].x[:16]
    np.testing.assert_array_equal(answers.predict(backend, terse, x)[0], answers.predict(backend, wordy, x)[0])
    names = [{op.get_friendly_name() for op in ov.Core().read_model(file).get_ops()} for file in (terse, wordy)]
    layers = {op.get_friendly_name() for op in ov.Core().read_model(wordy).get_ops() if op.get_type_name() in KINDS}
    assert layers <= names[0] & names[1]
