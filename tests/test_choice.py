"""What is chosen under limits: only what is shown to meet them, and why not the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_choice import BEFORE_MS, FIELD, emulated, record, summaries

from edgebench.errors import UsageError
from edgebench.records import estimate
from edgebench.records.candidates import find, paired
from edgebench.records.choice import SIZE, SPEED, choose
from edgebench.records.judged import judge
from edgebench.records.limits import MET, MISSED, OPEN, UNKNOWN, Limits, Quantity
from edgebench.records.statistics import Estimate

SET = "test-2"
positive = st.floats(0.001, 1e6)


def quantity(value, below, above, **rest):
    return Quantity(value, Estimate(value, value - below, value + above), **rest)


def local(*records, device="local"):
    return find(summaries(*records), device, SET)


@given(positive, positive, positive, positive)
def test_a_wider_interval_never_turns_open_into_met(value, above, wider, limit):
    narrow, wide = quantity(value, 0, above), quantity(value, 0, above + wider)
    if narrow.status(limit) == OPEN:
        assert wide.status(limit) == OPEN
    assert not (narrow.status(limit) == MISSED and wide.status(limit) != MISSED)


@given(positive, positive, positive)
def test_met_is_only_what_lies_below_with_its_whole_interval(value, above, limit):
    status = quantity(value, 0, above).status(limit)
    assert (status == MET) is (value + above < limit)
    assert (status == MISSED) is (value >= limit)


@pytest.mark.parametrize("flaw", [{"lacks": "preprocessing"}, {"void": "THROTTLED"}])
def test_a_number_that_lacks_something_or_is_void_is_open_at_best(flaw):
    assert quantity(1.0, 0.1, 0.1, **flaw).status(2.0) == OPEN
    assert quantity(1.0, 0.1, 0.1, **flaw).status(0.9) == MISSED


def test_a_number_without_an_interval_is_open_at_best():
    assert Quantity(1.0).status(2.0) == OPEN


def test_a_decision_is_preprocessing_and_as_many_calls_as_the_field_fills_and_the_median():
    one, other = local(record(), record("b", target="tflite-int8", call_ms=5.0))
    assert one.decision.value == pytest.approx(BEFORE_MS + 12.0)  # 4 patches: one call of 8
    assert other.decision.value == pytest.approx(BEFORE_MS + 5.0)
    assert one.decision.high > one.decision.value
    small, _ = local(record(batch_size=3), record("b", batch_size=3, target="tflite-int8"))
    assert small.decision.value == pytest.approx(BEFORE_MS + 2 * 12.0)  # 4 patches: two calls of 3


def test_one_record_has_too_few_accuracy_processes_for_the_interval_of_a_decision():
    (one,) = local(record())
    assert one.decision.interval is None
    assert one.patch.interval is not None
    assert judge(one, Limits(decision_ms=1000.0)).verdict == OPEN


def test_a_decision_on_an_emulated_board_is_its_calls_and_the_preprocessing_on_one_thread_whatever_theirs():
    widest = max(board["interval"] for board in estimate.fit()["boards"].values())
    for one in local(emulated(), device="pi4"):
        known = estimate.counted(one.record)
        call, before = known.latency_ms[one.threads], known.preprocessing_ms
        assert before.value == pytest.approx(estimate.estimates("pi4", FIELD["preprocessing"][0])[1].value)
        assert (before.low, before.high) == pytest.approx((before.value / (1 + widest), before.value * (1 + widest)))
        assert one.decision.value == pytest.approx(call.value + before.value)  # 4 patches: one call of 8
        assert one.decision.high == pytest.approx(call.high + before.high)
        assert (one.decision.estimated, one.decision.lacks) == (True, "")
        assert judge(one, Limits(decision_ms=1e6)).verdict == MET


def test_a_decision_lacks_preprocessing_that_was_not_counted_and_is_never_shown_to_be_short_enough():
    every = local(emulated(field=False), device="pi4")
    assert [one.threads for one in every] == [1, 4]
    assert all(one.decision.estimated and one.decision.lacks for one in every)
    assert {judge(one, Limits(decision_ms=1e6)).verdict for one in every} == {OPEN}
    assert {judge(one, Limits(patch_ms=1e6)).verdict for one in every} == {MET}


def test_errors_of_a_few_images_are_replaced_by_those_of_the_same_file_elsewhere():
    one = local(emulated(images=10), record(threads=1), device="pi4")[0]
    assert len(one.answers) == 160
    assert "local, 160 images" in one.errors_from


@pytest.mark.parametrize(("off_um", "own"), [(0.0005, False), (0.01, True)])
def test_errors_from_elsewhere_count_only_where_the_answers_agree(off_um, own):
    board = emulated(images=10)
    image = board["accuracy"][SET]["images"][0]
    image["patches_um"] = [um + off_um for um in image["patches_um"]]
    one = local(board, record(threads=1), device="pi4")[0]
    assert (one.errors_from == "") is own
    if not own:
        (whole,) = local(record(threads=1))
        assert one.error.high == pytest.approx(whole.error.high + off_um)


def test_errors_of_another_artifact_are_not_taken():
    assert local(emulated("a", images=10), record("b", threads=1), device="pi4")[0].errors_from == ""


def test_a_real_board_goes_before_an_emulated_one():
    board = record(device="raspberrypi", threads=1)
    board["device"]["host"]["board"] = {"model": "Raspberry Pi 4 Model B Rev 1.4"}
    for asked in ("raspberrypi", "pi4"):
        assert {one.estimated for one in local(board, emulated("b"), device=asked)} == {False}
    assert {one.estimated for one in local(board, emulated("b", board="pi5"), device="pi5")} == {True}


def test_without_a_device_no_emulated_one_counts():
    assert [one.record["device"]["name"] for one in local(record(), emulated("b"), device=None)] == ["local"]
    with pytest.raises(UsageError, match="no record of a real device"):
        local(emulated(), device=None)


def test_an_unknown_device_is_refused_with_those_that_are_there():
    with pytest.raises(UsageError, match=r"no record of device 'pi9'\. Devices with records: local"):
        local(record(), device="pi9")


def test_real_slides_go_before_simulated_ones():
    other = record("b", target="tflite-int8", simulated=False)
    other["data"]["sha256"] = "9" * 64
    assert [one.record["data"]["simulated"] for one in local(record(), other)] == [False]


def test_only_the_newest_record_of_a_cell_can_be_chosen():
    new = record("b", call_ms=9.0) | {"created": "2026-01-01T00:00:00Z", "id": "newer"}
    assert [one.record["id"] for one in local(record(), new)] == ["newer"]


def test_the_preprocessing_of_superseded_records_does_not_count():
    old = record("b") | {"id": "old"}
    for part in old["accuracy"].values():
        part["images"] = [image | {"preprocess_ns": 10**9} for image in part["images"]]
    new = record("c") | {"created": "2026-01-01T00:00:00Z"}
    (one,) = local(old, new)
    assert one.decision.value == pytest.approx(BEFORE_MS + 12.0)


def test_a_lower_error_that_is_shown_wins_though_it_is_slower():
    made = choose(local(record(call_ms=30.0), record("b", target="tflite-int8", errors_um=(0.9, 0.9))), Limits())
    assert made.chosen.record["artifact"]["target"] == "tflite-float32"
    assert "Of these 2 it has the lowest error; the others are shown to err more." in made.reason
    assert [why.partition(":")[2].split(";")[0] for _, why in made.runners_up] == [" worse"]


def test_where_no_error_is_shown_to_be_worse_the_fastest_wins():
    fast = record("b", target="tflite-int8", call_ms=6.0, errors_um=(0.3, 0.41))
    made = choose(local(record(), fast), Limits())
    assert made.chosen.record["artifact"]["target"] == "tflite-int8"
    assert "2 of 2 are not shown to err more than the best. Of these 2 it is the fastest" in made.reason


def test_where_neither_is_shown_to_be_slower_the_smaller_file_wins():
    made = choose(local(record(), record("b", target="tflite-int8")), Limits())
    assert made.chosen.record["artifact"]["target"] == "tflite-int8"
    assert "Of these 2 it is the smallest" in made.reason


def test_where_nothing_decides_that_is_said_with_the_value_that_did():
    every = local(record("a", threads=1, errors_um=(0.3, 0.401)), record("b", batch_size=4))
    same = [replace(one, size=every[0].size, decision=None, decision_runs=()) for one in every]
    assert (
        "Nothing that is shown decides between these 2; by value it has the lowest error."
        in choose(same, Limits()).reason
    )


def test_what_is_asked_first_can_be_chosen():
    sharp, fast = record(call_ms=30.0), record("b", target="tflite-int8", errors_um=(0.9, 0.9))
    every = local(sharp, fast)
    assert choose(every, Limits(), SPEED).chosen.record["artifact"]["target"] == "tflite-int8"
    assert choose(every, Limits(), SIZE).chosen.record["artifact"]["target"] == "tflite-int8"


def test_what_is_open_is_never_chosen_over_what_is_proven():
    proven = record("a", call_ms=12.0, errors_um=(0.6, 0.6))
    best = record("b", target="tflite-int8", call_ms=6.0, processes=3)  # no interval
    made = choose(local(proven, best), Limits(patch_ms=10.0))
    assert made.chosen.record["artifact"]["target"] == "tflite-float32"
    assert [one.candidate.record["artifact"]["target"] for one in made.open] == ["tflite-int8"]


def test_nothing_is_chosen_where_everything_is_open():
    made = choose(local(record(processes=3), record("b", target="tflite-int8", processes=3)), Limits(patch_ms=10.0))
    assert made.chosen is None
    assert len(made.open) == 2 and made.relief is not None


def test_what_was_not_measured_meets_no_limit():
    bare = record() | {"memory": None}
    (one,) = choose(local(bare), Limits(memory_bytes=1e12)).refused
    assert one.status == {"memory_bytes": UNKNOWN}


def test_a_single_peak_of_memory_counts_with_the_floor():
    (one,) = local(record())
    peak = 85 * 2**20
    assert judge(one, Limits(memory_bytes=peak * 1.02)).verdict == OPEN
    assert judge(one, Limits(memory_bytes=peak * 1.04)).verdict == MET


def test_the_increase_against_float32_is_paired_with_the_models_own():
    plain, eighth = local(record(), record("b", target="tflite-int8", errors_um=(0.3, 0.5)))
    assert plain.increase == Quantity(0.0, Estimate(0.0, 0.0, 0.0))
    assert eighth.increase.value == pytest.approx(eighth.error.value - plain.error.value)
    assert judge(eighth, Limits(increase_um=0.05)).verdict == MISSED


def test_where_nothing_meets_the_narrowest_limit_is_named_and_what_it_would_have_to_be():
    every = local(record(), record("b", target="tflite-int8", call_ms=6.0))
    limits = Limits(error_um=2.0, patch_ms=0.1, size_bytes=5e6)
    made = choose(every, limits)
    assert made.chosen is None and made.relief.narrowest == "patch_ms"
    ((name, needed, best),) = made.relief.alone
    assert name == "patch_ms" and best.record["artifact"]["target"] == "tflite-int8"
    assert choose(every, replace(limits, patch_ms=needed * 1.001)).chosen.name == best.name


def test_where_no_single_limit_is_enough_the_nearest_is_named_with_all_it_would_take():
    every = local(record(), record("b", target="tflite-int8", call_ms=6.0))
    limits = Limits(patch_ms=0.1, size_bytes=1e5)
    made = choose(every, limits)
    best, needs = made.relief.nearest
    assert made.relief.alone == () and set(needs) == {"patch_ms", "size_bytes"}
    assert choose(every, Limits(**{name: value * 1.001 for name, value in needs.items()})).chosen.name == best.name


def test_estimates_whose_intervals_overlap_are_not_shown_to_differ():
    every = local(emulated("a"), emulated("b", target="tflite-int8"), device="pi4")
    made = choose([one for one in every if one.threads == 1], Limits())
    assert "2 of 2 are not shown to be slower than the fastest. Of these 2 it is the smallest" in made.reason


def test_errors_are_paired_on_the_images_that_both_have_seen():
    few, many = local(emulated(images=30), device="pi4")[0], local(record("b", threads=1))[0]
    found = paired(many.answers, few.answers)
    assert found.images == 30 and found.mean_um == pytest.approx(0.0)
    other = replace(few.answers, stacks=("elsewhere",) * 30)
    assert paired(many.answers, other) is None
