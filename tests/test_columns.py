"""Every column of the extended table: its number, its interval, its text; what was not measured is never a zero."""

from __future__ import annotations

import math

import pytest
from make_records import make_record, process

from edgebench.files import sha256
from edgebench.records import against, depth, store
from edgebench.records.summary import summarise
from edgebench.report.columns import BY_KEY, COLUMNS, Context
from edgebench.report.markdown import plain

MIB = 2**20
LATENCY = ("call_p50_ms", "call_p90_ms", "call_p99_ms", "patch_p50_ms", "patch_p90_ms", "patch_p99_ms", "patches_per_s")
START = ("import_ms", "load_ms", "first_ms")
END_TO_END = ("wall_s", "cpu_s", "read_s", "preprocess_s", "predict_s", "rest_s")
TIMES = (*LATENCY, *START, *END_TO_END)
MEMORY = ("steady_mib", "peak_mib", "load_rss_mib", "load_uss_mib", "first_rss_mib", "first_uss_mib")


def cells(record, *others):
    """Of the first record, with the others in the same report; by the keys of the columns."""
    runs = tuple(summarise(one) for one in (record, *others))
    context = Context(runs, {})
    return {column.key: column.of(runs[0], context) for column in COLUMNS}


@pytest.fixture(scope="module")
def whole():
    return cells(make_record())


@pytest.fixture(scope="module")
def emulated():
    record = make_record(device="pi4", emulated=True, threads=1)
    record["count"] = {"instructions": [{"total": 80e6, "f32_mul_add": 80e6, "l1_misses": 1e6, "l2_misses": 1e5}]}
    return cells(record)


def test_no_two_columns_have_one_key_or_one_header():
    assert len(BY_KEY) == len(COLUMNS) == len({column.header for column in COLUMNS})


def test_a_unit_stands_in_the_header_and_in_the_key_and_not_in_a_cell(whole):
    for column in COLUMNS:
        if column.unit in ("ms", "s", "um", "MiB", "MB", "mJ", "W"):
            assert column.header.endswith(f"({column.unit})")
            assert column.key.endswith(f"_{column.unit.lower()}")
        assert column.unit == "" or column.unit not in plain(whole[column.key]).split()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("model", "reduced"),
        ("target", "tflite-float32"),
        ("backend", "litert"),
        ("device", "local"),
        ("data", "made-up slides (simulated)"),
        ("verdicts", "OK"),
        ("record", "local/reduced_tflite-float32_litert_b8_t2_0123abcd"),
        ("base", "-"),
    ],
)
def test_words_say_which_run_it_is(whole, key, text):
    assert plain(whole[key]) == text
    assert whole[key].value is None


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("threads", 2, "2"),
        ("batch", 8, "8"),
        ("file_mb", 2.1, "2.10"),
        ("parameters", 525_809, "525,809"),
        ("macs_m", 21.2, "21.2"),
        ("images_1", 85, "85"),
        ("images_2", 160, "160"),
        ("import_ms", 250, "250"),
        ("load_ms", 40, "40.0"),
        ("first_ms", 30, "30.0"),
        ("patches", 640, "640"),
        ("wall_s", 16, "16.0"),  # 160 images of 100 ms: 30 of reading, 20, 40 of prediction, 1, and 9 without a name
        ("cpu_s", 20.8, "20.8"),
        ("read_s", 4.8, "4.8"),
        ("preprocess_s", 3.2, "3.2"),
        ("predict_s", 6.4, "6.4"),
        ("rest_s", 1.6, "1.6"),
        ("steady_mib", 82, "82.0"),
        ("peak_mib", 85, "85.0"),
        ("load_rss_mib", 10, "10.0"),  # 70 - 60: of the stages load and imports
        ("load_uss_mib", 10, "10.0"),
        ("first_rss_mib", 20, "20.0"),  # 80 - 60, and not the peak's 85 - 60
        ("first_uss_mib", 20, "20.0"),
        ("patches_per_s", 213.333, "213"),  # 400 calls of 8 in 15 s
    ],
)
def test_a_single_number_has_no_interval(whole, key, value, text):
    assert whole[key].value == pytest.approx(value, rel=1e-5)
    assert whole[key].text == text
    assert whole[key].low is None and whole[key].high is None


def test_the_median_of_a_call_has_an_interval_over_processes_and_that_of_a_patch_is_an_eighth(whole):
    call, patch = whole["call_p50_ms"], whole["patch_p50_ms"]
    assert call.value == pytest.approx(12)  # medians of 12 ms x (1 - 0.008, ... , 1 + 0.008)
    half = 2.7764 * 12 * 0.004 * math.sqrt(2.5) / math.sqrt(5)  # Student, 4 degrees of freedom
    assert (call.low, call.high) == (pytest.approx(12 - half, abs=1e-4), pytest.approx(12 + half, abs=1e-4))
    assert call.text == "12.0 [11.9, 12.1]"
    assert (patch.value, patch.low, patch.high) == tuple(
        pytest.approx(one / 8) for one in (call.value, call.low, call.high)
    )
    assert patch.text == "1.50 [1.49, 1.51]"


def test_percentiles_need_calls_enough_in_each_process(whole):
    assert whole["call_p99_ms"].value == pytest.approx(12.15, abs=0.1)
    assert whole["patch_p99_ms"].value == pytest.approx(whole["call_p99_ms"].value / 8)
    few = cells(make_record(calls=60))
    assert few["call_p90_ms"].value is not None
    assert (few["call_p99_ms"].text, few["call_p99_ms"].value) == ("n<368", None)
    assert cells(make_record(calls=20))["patch_p90_ms"].text == "n<36"
    assert cells(make_record(processes=3))["call_p90_ms"].text == "<4 processes"


def test_the_error_has_its_interval_over_stacks(whole):
    summary = summarise(make_record())
    for place, split in (("1", "test-1"), ("2", "test-2")):
        found, cell = summary.errors[split], whole[f"error_{place}_um"]
        assert (cell.value, cell.low, cell.high) == (found.mean_um, found.interval.low, found.interval.high)
        assert plain(cell) == f"{found.mean_um:.2f} [{cell.low:.2f}, {cell.high:.2f}]"
        assert whole[f"std_{place}_um"].value == found.std_um


def with_errors(errors_um, z_nm=(-8000, -500, 4000)):
    """One stack for each error, the same at every plane."""
    record = make_record()
    image = record["accuracy"]["test-1"]["images"][0]
    record["accuracy"]["test-1"]["images"] = [
        image | {"stack": f"s1_l{place}", "sample": "s1", "z_nm": z, "patches_um": [z / 1000 + um]}
        for place, um in enumerate(errors_um)
        for z in z_nm
    ]
    return record


def test_the_depth_of_field_is_wavelength_times_index_by_the_square_of_the_aperture():
    assert pytest.approx(0.55 / 0.5625) == depth.DEPTH_UM
    assert pytest.approx(0.48889, abs=1e-5) == depth.HALF_UM


def test_in_focus_is_half_a_depth_of_field_to_each_side():
    found = cells(with_errors([0.48, -0.48, 0.49, -0.49]))["in_focus_1"]
    assert found.value == pytest.approx(50)
    assert found.low < 50 < found.high


def test_the_right_side_is_asked_beyond_1_um_alone():
    found = cells(with_errors([-9.0, -0.1, -0.1, -0.1, -0.1]))["direction_1"]  # at +4 um the first says -5 um
    assert found.value == pytest.approx(90)  # 9 of 10: the plane at -0.5 um is not asked
    nobody = cells(with_errors([0.1] * 4, z_nm=(-900, 100, 1000)))["direction_1"]
    assert (nobody.text, nobody.value) == ("-", None)


def test_a_share_of_all_answers_reaches_as_far_as_with_one_that_is_otherwise():
    found = cells(with_errors([0.1] * 8))["direction_1"]
    assert (found.value, found.high) == (100, 100)
    assert found.low == pytest.approx(75)  # the stack of the one wrong answer of 16 drawn four times
    assert found.text == "100.0 [75.0, 100.0]"
    none = cells(with_errors([3.0] * 8))["in_focus_1"]
    assert (none.value, none.low, none.high) == (0, 0, pytest.approx(100 / 6))  # 4 of 24


def test_a_quantised_run_is_compared_with_float32_of_its_format():
    base = make_record()
    int8 = make_record(target="tflite-int8", errors_um=(0.31, 0.6), call_ms=6.0)
    other = make_record(target="onnx-float32", backend="onnxruntime", errors_um=(3.0, 3.0))
    found = cells(int8, other, base)
    runs = summarise(base), summarise(int8)
    cost = against.cost(*runs, "test-2")
    assert found["base"].text == "tflite-float32"
    assert (found["added_2_um"].value, found["added_2_um"].low) == (cost.mean_um, cost.interval.low)
    assert found["added_2_um"].value == pytest.approx(0.2 * (1 + 15.5 / 64))  # errors grow by half along 32 stacks
    assert (found["shown_1"].text, found["shown_2"].text) == ("equivalent", "worse")
    assert found["detectable_2_um"].value == cost.detectable_um > 0
    assert found["size_ratio"].value == pytest.approx(1 / 3)
    assert found["time_ratio"].value == pytest.approx(0.5)
    assert found["time_ratio"].low < 0.5 < found["time_ratio"].high
    assert found["time_shown"].text == "faster"


def test_float32_itself_is_compared_with_nothing(whole):
    for key in ("added_1_um", "shown_1", "detectable_1_um", "size_ratio", "time_ratio", "time_shown"):
        assert (whole[key].text, whole[key].value) == ("-", None)


def test_a_quantised_run_without_float32_is_compared_with_nothing():
    found = cells(make_record(target="tflite-int8"))
    assert found["base"].text == found["added_1_um"].text == "-"


def test_times_of_other_settings_are_not_compared():
    found = cells(make_record(target="tflite-int8", threads=1), make_record())
    assert found["added_1_um"].value is not None
    assert (found["time_ratio"].text, found["time_ratio"].value) == ("not run", None)


def test_what_was_not_measured_says_so_and_is_no_number():
    found = cells(make_record() | {"accuracy": {}, "latency": [], "memory": None})
    for key in (*TIMES, *MEMORY, "images_1", "error_1_um", "std_2_um", "direction_1", "in_focus_2", "patches"):
        assert (found[key].text, found[key].value, found[key].low) == ("not run", None, None), key
    for key in ("limit_mib", "energy_mj", "idle_w", "instructions_m", "est_1_thread_ms"):
        assert (found[key].text, found[key].value) == ("-", None), key


def test_a_model_of_unknown_size_has_no_number():
    record = make_record()
    record["model"] |= {"parameters": None, "macs": None}
    found = cells(record)
    assert [(found[key].text, found[key].value) for key in ("parameters", "macs_m")] == [("-", None)] * 2


def test_private_pages_that_the_kernel_does_not_tell_are_no_number():
    record = make_record()
    for stage in record["memory"]["stages"].values():
        del stage["uss_bytes"]
    found = cells(record)
    assert (found["load_uss_mib"].text, found["load_uss_mib"].value) == ("-", None)
    assert found["load_rss_mib"].value == 10


def test_r32_an_emulated_run_has_no_time(emulated):
    for key in TIMES:
        assert (emulated[key].text, emulated[key].value, emulated[key].low) == ("emulated", None, None), key
    assert emulated["device"].text == "pi4 (emulated)"
    assert emulated["error_1_um"].value is not None


def test_an_estimate_stands_in_a_column_of_its_own_and_is_marked_in_the_cell(emulated, whole):
    for key in ("est_1_thread_ms", "est_4_threads_ms"):
        cell = emulated[key]
        assert plain(cell).startswith("est. ")
        assert cell.low < cell.value < cell.high
        assert whole[key].text == "-"
    assert emulated["instructions_m"].value == pytest.approx(10)  # 80 M a call of 8 patches


def test_r32_an_emulator_has_no_energy_and_no_ratio_of_times():
    record = make_record(device="pi4", emulated=True, target="tflite-int8")
    energy = {"source": "rapl", "about": "", "joules": 9.6, "seconds": 5.0, "samples": 2, "idle_watts": 1.5}
    record["latency"] = [one | {"energy": energy} for one in record["latency"]]
    found = cells(record, make_record(device="pi4", emulated=True))
    assert found["energy_mj"].text == found["idle_w"].text == "-"
    assert (found["time_ratio"].text, found["time_ratio"].value) == ("emulated", None)
    assert found["time_shown"].text == "-"


def test_energy_stands_where_a_source_gave_it():
    record = make_record()
    energy = {"source": "rapl", "about": "", "joules": 9.6, "seconds": 5.0, "samples": 2, "idle_watts": 1.5}
    record["latency"] = [one | {"energy": energy} for one in record["latency"]]
    found = cells(record)
    assert found["energy_mj"].value == pytest.approx(3)  # 9.6 J over 400 calls of 8 patches
    assert found["idle_w"].value == pytest.approx(1.5)


def test_verdicts_have_their_number_in_the_cell_and_a_footnote_a_kind():
    noisy = make_record(processes=4)
    noisy["latency"] = [process(place, call_ms=ms) for place, ms in enumerate((10, 12, 14, 16))]
    runs = tuple(map(summarise, (noisy, make_record(calls=100, threads=1))))
    notes = {}
    found = [BY_KEY["verdicts"].of(run, Context(runs, notes)).text for run in runs]
    assert found[0].startswith("NOISY[^1] ")
    assert found[1] == "SHORT[^2] 500 in 75 s"
    assert [text.split(":")[0] for text in notes] == ["NOISY", "SHORT"]
    assert BY_KEY["call_p50_ms"].of(runs[1], Context(runs, notes)).text.endswith("[^2]")


def test_r14_a_collapsed_error_is_marked_with_its_reason():
    notes = {}
    run = summarise(make_record(errors_um=(6.0, 0.4)))
    assert BY_KEY["error_1_um"].of(run, Context((run,), notes)).text.endswith("[^1]")
    assert next(iter(notes)).startswith("COLLAPSED: the error of ")


def test_a_limit_that_could_not_be_set_has_its_reason():
    notes = {}
    run = summarise(make_record() | {"memory_limit": {"limit_bytes": None, "reason": "no control groups"}})
    assert BY_KEY["limit_mib"].of(run, Context((run,), notes)).text == "-[^1]"
    assert list(notes) == ["Skipped: no control groups."]
    run = summarise(make_record() | {"memory_limit": {"limit_bytes": 60 * MIB, "reason": None}})
    assert BY_KEY["limit_mib"].of(run, Context((run,), {})).value == 60


def test_a_record_is_cited_by_the_hash_of_its_file(whole, tmp_path):
    path = store.save(make_record(), tmp_path)
    assert whole["sha256"].text == sha256(path)
