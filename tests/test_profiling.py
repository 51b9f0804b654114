from __future__ import annotations

import numpy as np
import pytest

from edgebench.backends import profiling
from edgebench.errors import UsageError
from edgebench.records import profile
from edgebench.records.profile import Group


@pytest.mark.parametrize(("backend", "target"), [("onnxruntime", "onnx-float32"), ("openvino", "openvino-float32")])
def test_the_time_of_a_network_is_told_by_operator(tiny_artifacts, backend, target):
    x = np.random.default_rng(0).standard_normal((2, 32, 32, 3)).astype(np.float32)
    found = [Group(**one) for one in profiling.profile(backend, tiny_artifacts[target], x, 1, calls=5)]
    assert [one.ns for one in found] == sorted((one.ns for one in found), reverse=True)
    assert sum(one.count for one in found if "conv" in one.kind.lower()) == 2
    shares = profile.kinds(found)
    assert sum(shares.values()) == pytest.approx(1)
    assert any("conv" in kind.lower() for kind in shares)


def test_a_runtime_that_tells_nothing_gives_nothing_and_an_unknown_one_is_named(tiny_artifacts):
    assert profiling.profile("litert", tiny_artifacts["tflite-float32"], np.zeros((1, 32, 32, 3)), 1) == []
    assert [profiling.tells(name) for name in ("litert", "onnxruntime", "openvino")] == [False, True, True]
    with pytest.raises(UsageError, match="no backend 'tflight'"):
        profiling.profile("tflight", tiny_artifacts["tflite-float32"], np.zeros((1, 32, 32, 3)), 1)


def test_reasons_name_borders_reference_kernels_floats_and_a_missing_instruction_set():
    found = (
        Group("Convolution", "brgconv_avx512_f32", 3, 500),
        Group("Reorder", "jit_uni_i8", 7, 300),
        Group("Add", "ref_any_f32", 1, 200),
    )
    assert list(profile.reasons(found, ["avx2"])) == [
        "7 conversions between types and layouts take 30%",
        "1 operators on reference kernels take 20%",
        "3 convolutions and products in float take 50%",
        "the CPU has no VNNI: products of 8 bits are summed by three instructions in place of one",
    ]


def test_where_no_kernel_is_told_the_kind_says_what_ran_in_float():
    found = (Group("QLinearConv", "", 30, 900), Group("FusedConv", "", 2, 100))
    assert list(profile.reasons(found, [])) == ["2 convolutions and products in float take 10%"]


def test_all_int8_on_a_cpu_with_vnni_has_no_reason_to_be_slow():
    found = (Group("Convolution", "brgconv_avx512_i8", 30, 960), Group("Reorder", "jit_uni_i8", 2, 40))
    assert not list(profile.reasons(found, ["avx2", "avx512_vnni"]))
    assert not list(profile.reasons(found, ["neon"]))
