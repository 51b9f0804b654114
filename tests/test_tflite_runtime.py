"""The runtime that needs an environment of its own: NumPy 1, named by --python, with this edgebench in it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from test_foreign import edgebench as edgebench  # a fixture

from edgebench.backends import base
from edgebench.devices.local import Local
from edgebench.emulation import wheels
from edgebench.errors import BackendError, DeviceError

NEEDS = ("tflite-runtime", "numpy<2", "opencv-python-headless<4.12", "psutil")


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Python of such an environment."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("tflite-runtime has no wheel for this Python")
    folder = tmp_path_factory.mktemp("old")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    uv = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python, *NEEDS]
    done = subprocess.run(uv, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"its packages cannot be had: {done.stderr.strip()[-200:]}")
    return python


def test_a_run_in_it_is_a_record_with_its_versions_and_answers_near_those_of_litert(
    old, edgebench, tiny_artifacts, tiny_dataset, tmp_path
):
    options = ["run", tiny_artifacts["tflite-float32"], "--data", tiny_dataset, "--repeats", "1", "--iterations", "20"]
    code, _, err = edgebench(*options, "--backend", "tflite-runtime", "--python", old)
    assert code == 0, err
    code, _, err = edgebench(*options)
    assert code == 0, err
    files = {backend: next(tmp_path.glob(f"results/runs/local/*_{backend}_*.json"))
             for backend in ("tflite-runtime", "litert")}  # fmt: skip
    records = {backend: json.loads(file.read_text()) for backend, file in files.items()}
    versions = records["tflite-runtime"]["device"]["host"]["versions"]
    assert versions["numpy"].startswith("1.") and "edgebench" not in versions
    assert records["tflite-runtime"]["backend"]["versions"] == {"tflite-runtime": "2.14.0"}
    assert any(
        name.startswith("CONV_2D float32") for name in records["tflite-runtime"]["backend"]["executed"]["operators"]
    )
    answers = [np.array([i["patches_um"] for i in r["accuracy"]["test-1"]["images"]]) for r in records.values()]
    np.testing.assert_allclose(*answers, rtol=0, atol=1e-3)


def test_the_doctor_says_what_is_in_it(old, edgebench):
    code, out, _ = edgebench("devices", "doctor", "local", "--python", old)
    assert code == 0 and "tflite-runtime: tflite-runtime 2.14.0" in out
    assert f"Install it: {old} -m pip install onnxruntime" in out


def test_with_numpy_2_the_reason_and_the_way_out_are_told(monkeypatch):
    monkeypatch.delitem(sys.modules, "edgebench.backends.tflite_runtime", raising=False)
    with pytest.raises(BackendError, match=r"needs NumPy 1, here is 2\..* --python"):
        base.load("tflite-runtime")


def test_what_is_sent_to_a_board_fits_together():
    wanted = wheels.wanted(["tflite-runtime"], "3.11")
    assert "numpy<2" in wanted and "opencv-python-headless<4.12" in wanted
    assert not any(one.startswith("numpy<") for one in wheels.wanted(["ai-edge-litert"], "3.11"))


def test_a_python_that_is_not_there_is_told():
    with pytest.raises(DeviceError, match="no Python '/no/python' here"):
        Local(python="/no/python")
