"""A summary says of a record exactly what its raw samples say."""

from __future__ import annotations

import numpy as np
import pytest
from make_records import Z_NM, image, make_record, process

from edgebench.backends import base
from edgebench.records.statistics import constant_guess
from edgebench.records.summary import paired, summarise

SHAPES = {"STRIDED_SLICE int32": 1, "PACK int32": 1}


def names(record):
    return [verdict.name for verdict in summarise(record).verdicts]


def with_images(images):
    record = make_record()
    record["accuracy"]["test-1"]["images"] = images
    return summarise(record).errors["test-1"]


def test_r24_the_error_of_an_image_is_that_of_the_median_over_its_tiles():
    one = image("s1_l1", 1000, 0.0)
    one["patches_um"] = [1.2, 1.4, 1.3, 99.0, 1.3]
    errors = with_images([one])
    assert errors.mean_um == pytest.approx(0.3)
    assert errors.bias_um == pytest.approx(0.3)
    assert errors.patch_mean_um == pytest.approx((0.2 + 0.4 + 0.3 + 98 + 0.3) / 5)
    assert errors.interval is None  # one stack
    assert errors.slope is None


def test_bias_keeps_the_sign_that_the_error_drops():
    errors = with_images([image("s1_l1", z, -0.5) for z in Z_NM] + [image("s2_l1", z, 0.1) for z in Z_NM])
    assert errors.mean_um == pytest.approx(0.3)
    assert errors.bias_um == pytest.approx(-0.2)
    assert errors.std_um == pytest.approx(np.std([0.5] * 5 + [0.1] * 5, ddof=1))
    assert errors.worst_stack.name == "s1_l1"
    assert [(sample.name, sample.images, round(sample.mean_um, 6)) for sample in errors.samples] == [
        ("s1", 5, 0.5),
        ("s2", 5, 0.1),
    ]
    assert errors.constant_um == constant_guess([z / 1000 for z in Z_NM])


def test_the_p90_of_few_images_is_not_given():
    assert with_images([image("s1_l1", 500 * n, 0.1) for n in range(35)]).p90_um is None
    assert with_images([image("s1_l1", 500 * n, 0.1) for n in range(36)]).p90_um == pytest.approx(0.1)


def test_the_order_of_images_in_the_file_changes_nothing():
    record, turned = make_record(), make_record()
    turned["accuracy"]["test-2"]["images"].reverse()
    found, other = (summarise(one).errors["test-2"] for one in (record, turned))
    assert found == other
    assert found.images.error_um.tolist() == other.images.error_um.tolist()


def test_r30_the_parts_and_the_rest_are_the_whole_time():
    times = summarise(make_record()).times["test-2"]
    parts = (times.read_s, times.preprocess_s, times.predict_s, times.aggregate_s)
    assert parts == pytest.approx((4.8, 3.2, 6.4, 0.16))
    assert sum(parts) + times.rest_s == pytest.approx(times.wall_s)
    assert times.other_s == pytest.approx(times.aggregate_s + times.rest_s)
    assert (times.patches, times.cpu_s) == (640, pytest.approx(20.8))


def test_r10_latency_is_the_median_of_process_medians_and_a_patch_is_its_part_of_a_call():
    latency = summarise(make_record(call_ms=12, batch_size=8)).latency
    assert latency.p50_ms == pytest.approx(12)
    assert latency.patch_ms == pytest.approx(1.5)
    assert latency.p50.low < 12 < latency.p50.high
    assert latency.patch.high == pytest.approx(latency.p50.high / 8)
    assert (latency.processes, latency.calls) == (5, 2000)
    assert (latency.import_ms, latency.load_ms, latency.first_ms) == (250, 40, 30)


def test_r11_p99_needs_368_calls_of_each_of_4_processes():
    record = make_record()
    record["latency"] = [process(n, calls=400) for n in range(3)]
    short = summarise(record).latency
    assert (short.p50, short.p90, short.p99) == (None, None, None)
    record["latency"] = [process(n, calls=100) for n in range(4)]
    assert summarise(record).latency.p90 is not None
    assert summarise(record).latency.p99 is None
    record["latency"] = [process(n, calls=368) for n in range(4)]
    assert summarise(record).latency.p99 is not None


def test_r12_an_outlier_is_counted_and_stays_among_the_calls():
    record = make_record()
    record["latency"][0]["samples_ns"][0] *= 100
    latency = summarise(record).latency
    assert latency.outliers == 1
    assert latency.calls == 2000


def test_memory_is_printed_in_mib():
    memory = summarise(make_record()).memory
    assert (memory.peak_mib, memory.steady_mib) == (85, 82)


def test_what_was_not_run_is_none():
    record = make_record() | {"accuracy": {}, "latency": [], "memory": None}
    summary = summarise(record)
    assert (summary.errors, summary.times, summary.latency, summary.memory) == ({}, {}, None, None)
    assert summary.verdict == "OK"


def test_a_good_record_is_ok():
    summary = summarise(make_record())
    assert summary.verdicts == ()
    assert summary.verdict == "OK"


def test_processes_that_disagree_are_noisy():
    record = make_record()
    record["latency"] = [process(n, call_ms=ms) for n, ms in enumerate((10, 10, 12, 10, 10))]
    (verdict,) = summarise(record).verdicts
    assert (verdict.name, verdict.about) == ("NOISY", "latency")
    assert "limit 5%" in verdict.reason


@pytest.mark.parametrize(("calls", "wall_s", "short"), [(400, 15, False), (100, 15, True), (400, 5, True)])
def test_too_few_calls_or_seconds_are_short(calls, wall_s, short):
    record = make_record()
    record["latency"] = [process(n, calls=calls, wall_s=wall_s) for n in range(5)]
    assert names(record) == ["SHORT"] * short


def test_a_warm_up_that_did_not_settle_is_unsteady():
    record = make_record()
    record["latency"][2]["steady"] = False
    (verdict,) = summarise(record).verdicts
    assert (verdict.name, verdict.about) == ("UNSTEADY", "latency")


@pytest.mark.parametrize("errors_um", [(5.0, 0.4), (0.3, 5.0)])
def test_r26_a_model_no_better_than_a_constant_has_collapsed(errors_um):
    (verdict,) = summarise(make_record(errors_um=errors_um)).verdicts
    assert verdict.name == "COLLAPSED"
    assert verdict.about == ("test-1" if errors_um[0] > 1 else "test-2")


def test_answers_that_follow_without_sense_have_collapsed_by_the_same_rule_as_in_evaluations():
    answers = {z: abs(z / 1000) + 0.6 * z / 1000 for z in Z_NM}  # slope 0.6
    record = make_record()
    images = [image("s1_l1", z, answers[z] - z / 1000) for z in Z_NM]
    record["accuracy"]["test-1"]["images"] = images
    found = summarise(record)
    assert [(verdict.name, verdict.about) for verdict in found.verdicts] == [("COLLAPSED", "test-1")]
    assert found.errors["test-1"].canary.reason == found.verdicts[0].reason


def test_a_flat_answer_has_collapsed_even_where_its_error_is_small_enough():
    flat = [image("s1_l1", z, -0.6 * z / 1000) for z in Z_NM]  # slope 0.4, error 60 % of a constant's
    record = make_record()
    record["accuracy"]["test-1"]["images"] = flat
    (verdict,) = summarise(record).verdicts
    assert "slope" in verdict.reason


@pytest.mark.parametrize(
    ("target", "backend"),
    [
        ("tflite-float32", "litert"),
        ("tflite-int8", "litert"),
        ("onnx-float32", "onnxruntime"),
        ("openvino-float32", "openvino"),
    ],
)
def test_no_backend_is_taken_for_a_fallback_where_all_is_well(tiny_artifacts, target, backend):
    executed = base.load(backend)(tiny_artifacts[target], batch_size=8, threads=2).executed()
    assert [verdict.reason for verdict in judged(target, executed)] == []


def judged(target, executed):
    record = make_record(target=target)
    record["backend"]["executed"] = executed
    return summarise(record).verdicts


@pytest.mark.parametrize(
    ("target", "executed"),
    [
        ("tflite-int8", {"operators": {"CONV_2D float32": 35}}),
        ("tflite-float32", {"delegate": None, "operators": {"CONV_2D float32": 35}}),
        ("openvino-float32", {"operators": {"Convolution BF16": 35}}),
        ("openvino-float32", {"precision": "float16"}),
        ("tflite-int8", {"operators": {"CONV_2D int8": 34, "DEPTHWISE_CONV_2D float32": 1}}),
        ("tflite-int8", {"operators": {"CONV_2D int8": 35, "FULLY_CONNECTED float32": 1}}),
        ("openvino-int8", {"operators": {"Convolution u8": 34, "Convolution f32": 1}}),
        (
            "tflite-float32",
            {"operators": {"CONV_2D float32": 3, "SHAPE float32": 1}, "operators_total": 4, "operators_delegated": 2},
        ),
    ],
)
def test_r29_what_ran_other_than_asked_is_a_fallback(target, executed):
    record = make_record(target=target)
    record["backend"]["executed"] = executed
    (verdict,) = summarise(record).verdicts
    assert (verdict.name, verdict.about) == ("FALLBACK", "backend")


@pytest.mark.parametrize(
    ("target", "executed"),
    [
        ("tflite-int8", {"delegate": "XNNPACK", "operators": {"CONV_2D int8": 35, "DEQUANTIZE float32": 1}}),
        ("tflite-float32", {"delegate": "XNNPACK", "operators": {"CONV_2D float32": 35, "RESHAPE int32": 1}}),
        ("onnx-int8", {"operators": {"QLinearConv": 35}}),
        ("openvino-int8", {"operators": {"Convolution I8": 35, "Input FP32": 1}}),
        ("openvino-float32", {"operators": {"Convolution FP32": 35}}),
        ("tflite-float32", {}),
        (  # as LiteRT 2 reports a float32 and an int8 file: the shape of the flattening stays outside the delegate
            "tflite-float32",
            {
                "delegate": "XNNPACK",
                "operators_total": 7,
                "operators_delegated": 3,
                "operators": {"CONV_2D float32": 2, "FULLY_CONNECTED float32": 1, **SHAPES, "SHAPE float32": 2},
            },
        ),
        (
            "tflite-int8",
            {
                "delegate": "XNNPACK",
                "operators_total": 9,
                "operators_delegated": 5,
                "operators": {
                    "QUANTIZE float32": 1,
                    "CONV_2D int8": 3,
                    **SHAPES,
                    "SHAPE int8": 1,
                    "RESHAPE int8": 1,
                    "DEQUANTIZE int8": 1,
                },
            },
        ),
    ],
)
def test_what_ran_as_asked_is_no_fallback(target, executed):
    record = make_record(target=target)
    record["backend"]["executed"] = executed
    assert names(record) == []


def test_a_paired_difference_is_taken_image_by_image():
    base, worse = (summarise(make_record(errors_um=(um, 0.4))).errors["test-1"] for um in (0.3, 0.33))
    found = paired(base, worse)
    assert found.mean_um == pytest.approx(worse.mean_um - base.mean_um)
    assert found.interval.low > 0  # resolved, though the two means' own intervals overlap
    assert base.interval.high > worse.interval.low


def test_other_images_cannot_be_paired():
    errors = summarise(make_record()).errors
    assert paired(errors["test-1"], errors["test-2"]) is None


def test_r5_throughput_is_patches_over_the_wall_time_of_the_loop():
    record = make_record(batch_size=8, calls=400)
    for process_, wall_s in zip(record["latency"], (10, 20, 16, 10, 20), strict=True):
        process_["wall_ns"] = wall_s * 10**9
    assert summarise(record).latency.patches_per_s == pytest.approx(400 * 8 / 16)


def test_r6_import_load_and_first_call_stand_apart_from_the_steady_state():
    record = make_record()
    for number, one in enumerate(record["latency"]):
        one["load"] |= {"import_ns": (100 + number) * 10**6, "load_ns": 20 * 10**6, "first_ns": 900 * 10**6}
    found = summarise(record).latency
    assert (found.import_ms, found.load_ms, found.first_ms) == (102, 20, 900)
    assert found.p50_ms == summarise(make_record()).latency.p50_ms
    assert found.p99.value < 100


def test_r20_every_stage_of_the_memory_process_is_kept():
    record = make_record()
    record["memory"]["stages"]["load"] = {"rss_bytes": 3 * 2**20, "pss_bytes": 2**21, "uss_bytes": None}
    stages = {stage.name: stage for stage in summarise(record).memory.stages}
    assert list(stages) == ["interpreter", "imports", "load", "first", "steady"]
    assert (stages["load"].rss_mib, stages["load"].pss_mib, stages["load"].uss_mib) == (3, 2, None)
