from __future__ import annotations

import numpy as np
import pytest

from edgebench.backends import profiling
from edgebench.backends.profiling import Timed
from edgebench.errors import UsageError


@pytest.mark.parametrize(("backend", "target"), [("onnxruntime", "onnx-float32"), ("openvino", "openvino-float32")])
def test_the_time_of_a_network_is_told_by_operator(tiny_artifacts, backend, target):
    x = np.random.default_rng(0).standard_normal((2, 32, 32, 3)).astype(np.float32)
    found = profiling.profile(backend, tiny_artifacts[target], x, 1, calls=5)
    assert [one.ns for one in found] == sorted((one.ns for one in found), reverse=True)
    shares = profiling.kinds(found)
    assert sum(shares.values()) == pytest.approx(1)
    assert any("conv" in kind.lower() for kind in shares)


def test_a_runtime_that_tells_nothing_gives_none_and_an_unknown_one_is_named(tiny_artifacts):
    assert profiling.profile("litert", tiny_artifacts["tflite-float32"], np.zeros((1, 32, 32, 3)), 1) is None
    with pytest.raises(UsageError, match="no backend 'tflight'"):
        profiling.profile("tflight", tiny_artifacts["tflite-float32"], np.zeros((1, 32, 32, 3)), 1)


def test_reasons_name_borders_reference_kernels_floats_and_a_missing_instruction_set():
    found = (
        Timed("a", "Convolution", "brgconv_avx512_f32", 500),
        Timed("b", "Reorder", "jit_uni_i8", 300),
        Timed("c", "Add", "ref_any_f32", 200),
    )
    text = " / ".join(profiling.reasons(found, ["avx2"]))
    assert "1 conversions between types and layouts take 30%" in text
    assert "1 operators run on reference kernels, 20% of the time" in text
    assert "1 convolutions run in float, 50% of the time" in text
    assert "no VNNI" in text


def test_all_int8_on_a_cpu_with_vnni_has_no_reason_to_be_slow():
    found = (Timed("a", "Convolution", "brgconv_avx512_i8", 500),)
    assert not list(profiling.reasons(found, ["avx2", "avx512_vnni"]))
    assert not list(profiling.reasons(found, ["neon"]))
