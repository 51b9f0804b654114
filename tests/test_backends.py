from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgebench.backends import base
from edgebench.errors import BackendError, UsageError

SIZE, BATCH = 32, 4
CASES = {
    "litert": "tflite-float32",
    "litert-int8": "tflite-int8",
    "litert-int8-io": "tflite-int8-io",
    "onnxruntime": "onnx-float32",
    "openvino": "openvino-float32",
    "openvino-onnx": "onnx-float32",
    "keras": "keras-float32",
    "null": "tflite-float32",
}
RUNTIMES = {"litert": "ai_edge_litert", "onnxruntime": "onnxruntime", "openvino": "openvino", "keras": "keras"}
EXACT = [case for case in CASES if case != "null" and "int8" not in case]


def loaded(case, artifacts, batch_size=BATCH):
    name = case.partition("-")[0]
    if name in RUNTIMES and importlib.util.find_spec(RUNTIMES[name]) is None:
        pytest.skip(f"{RUNTIMES[name]} is not installed")
    return base.load(name)(artifacts[CASES[case]], batch_size=batch_size, threads=1)


@pytest.fixture(params=CASES)
def case(request):
    return request.param


@pytest.fixture
def backend(case, tiny_artifacts):
    return loaded(case, tiny_artifacts)


def patches(count=BATCH, seed=0):
    return np.random.default_rng(seed).standard_normal((count, SIZE, SIZE, 3), np.float32)


def test_a_batch_gives_one_float32_a_patch(backend):
    y = backend.predict(patches())
    assert y.shape == (BATCH,)
    assert y.dtype == np.float32


def test_each_patch_is_predicted_on_its_own(backend):
    x = patches()
    order = np.random.default_rng(1).permutation(BATCH)
    y = backend.predict(x).copy()
    np.testing.assert_allclose(backend.predict(x[order]), y[order], rtol=0, atol=1e-6)  # um: rounding alone


def test_an_answer_is_not_overwritten_by_the_next_call(backend):
    y = backend.predict(patches())
    kept = y.copy()
    backend.predict(patches(seed=5))
    np.testing.assert_array_equal(y, kept)


@pytest.mark.parametrize("case", EXACT[:-1])
def test_float32_runtimes_agree_with_keras(case, tiny_artifacts):
    expected = loaded("keras", tiny_artifacts).predict(patches())
    y = loaded(case, tiny_artifacts).predict(patches())
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-3)  # um: the limit of parity for float32


def test_the_null_backend_answers_zero(tiny_artifacts):
    np.testing.assert_array_equal(loaded("null", tiny_artifacts).predict(patches()), np.zeros(BATCH))


@pytest.mark.parametrize("case", [case for case in CASES if case != "null"])
def test_a_backend_names_the_input_that_the_artifact_takes(case, backend):
    takes = backend.takes()
    assert takes["input_shape"] in ([BATCH, SIZE, SIZE, 3], [None, SIZE, SIZE, 3])
    assert takes["input_dtype"] == ("int8" if case.endswith("-io") else "float32")
    assert backend.versions()


def test_litert_says_that_xnnpack_took_the_operators(tiny_artifacts):
    executed = loaded("litert", tiny_artifacts).executed()
    assert executed["delegate"] == "XNNPACK"
    assert 0 < executed["operators_delegated"] <= executed["operators_total"]
    assert executed["operators"]["CONV_2D float32"] == 1


def test_litert_counts_int8_operators_as_int8(tiny_artifacts):
    operators = loaded("litert-int8", tiny_artifacts).executed()["operators"]
    assert operators["CONV_2D int8"] == 1
    assert "CONV_2D float32" not in operators


def test_onnxruntime_runs_on_the_cpu_provider_alone(tiny_artifacts):
    executed = loaded("onnxruntime", tiny_artifacts).executed()
    assert executed["providers"] == ["CPUExecutionProvider"]
    assert list(executed["operators_by_provider"]) == ["CPUExecutionProvider"]
    assert executed["operators"]["Conv"] == 2
    assert executed["intra_op_threads"] == 1


def test_openvino_computes_in_float32_even_where_the_cpu_has_bfloat16(tiny_artifacts):
    executed = loaded("openvino", tiny_artifacts).executed()
    assert executed["inference_precision_hint"] == "f32"
    assert executed["inference_num_threads"] == 1
    assert executed["performance_hint"] == "LATENCY"
    assert executed["operators"]["Convolution f32"] == 2
    assert not any("bf16" in name for name in executed["operators"])


def test_openvino_does_not_start_its_telemetry():
    code = "import sys; import edgebench.backends.openvino; print(sys.modules['openvino_telemetry'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


def test_keras_says_which_call_is_timed(tiny_artifacts):
    assert "tf.function" in loaded("keras", tiny_artifacts).executed()["call"]


def test_keras_says_in_which_types_the_layers_compute(tiny_artifacts, tmp_path):
    assert loaded("keras", tiny_artifacts).executed()["precision"] == "float32"
    code = "import sys, keras; inner = keras.Sequential([keras.layers.Flatten(dtype='mixed_bfloat16')])"
    code += "; keras.Sequential([keras.Input((32, 32, 3)), inner, keras.layers.Dense(1)]).save(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "mixed.keras")], check=True, capture_output=True)
    mixed = base.load("keras")(tmp_path / "mixed.keras", batch_size=1, threads=1)
    assert mixed.executed()["precision"] == "bfloat16+float32"


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "gone"])
@pytest.mark.parametrize("case", [case for case in CASES if case not in ("null", "litert-int8")])
def test_a_damaged_file_is_one_line_that_names_it(case, damage, tiny_artifacts, tmp_path):
    whole = tiny_artifacts[CASES[case]]
    path = tmp_path / f"broken{whole.suffix}"
    if damage != "gone":
        data = {"empty": b"", "text": b"not a model\n" * 9, "cut": whole.read_bytes()[: whole.stat().st_size // 2]}
        path.write_bytes(data[damage])
    with pytest.raises(BackendError) as caught:
        base.load(case.partition("-")[0])(path, batch_size=1, threads=1)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_openvino_refuses_weights_that_are_cut(tiny_artifacts, tmp_path):
    whole = tiny_artifacts["openvino-float32"]
    path = tmp_path / whole.name
    path.write_bytes(whole.read_bytes())
    path.with_suffix(".bin").write_bytes(whole.with_suffix(".bin").read_bytes()[:100])
    with pytest.raises(BackendError, match="refuses"):
        base.load("openvino")(path, batch_size=1, threads=1)


def test_an_unknown_backend_lists_the_names():
    with pytest.raises(UsageError, match="litert, tflite-runtime, onnxruntime, openvino, keras, null"):
        base.load("tflight")


def test_a_runtime_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.delitem(sys.modules, "edgebench.backends.onnxruntime", raising=False)
    with pytest.raises(BackendError, match=r"'onnxruntime' needs onnxruntime, which .* cannot import"):
        base.load("onnxruntime")


@pytest.mark.parametrize(
    ("name", "backend"),
    [("a.tflite", "litert"), ("a.onnx", "onnxruntime"), ("a.xml", "openvino"), ("a.keras", "keras")],
)
def test_the_suffix_names_the_backend(name, backend):
    assert base.for_artifact(Path(name)) == backend


def test_a_suffix_that_no_backend_reads_lists_those_they_read():
    with pytest.raises(UsageError, match=r"'\.pt'.*\.tflite \(litert\)"):
        base.for_artifact(Path("a.pt"))


def test_a_backend_that_does_not_read_a_file_says_what_it_reads():
    with pytest.raises(UsageError, match=r"'litert' reads \.tflite only"):
        base.check_reads("litert", Path("a.onnx"))
    base.check_reads("null", Path("a.anything"))
