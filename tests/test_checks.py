"""Each rule by its name: what a record says against itself."""

from __future__ import annotations

import pytest
from make_records import make_record, process

from edgebench.records.summary import summarise


def verdicts(record):
    return {verdict.name: verdict.reason for verdict in summarise(record).verdicts}


def states(before, after, phase="latency 1/5"):
    return [{"phase": phase, "place": 1, "started": "", "seconds": 1.0, "before": before, "after": after}]


@pytest.mark.parametrize(("call_ms", "cached"), [(12.0, False), (11.0, False), (10.0, True)])
def test_r9_a_run_on_one_patch_that_is_much_faster_is_cache(call_ms, cached):
    record = make_record() | {"one_patch": process(0, call_ms=call_ms)}
    assert ("CACHE" in verdicts(record)) is cached


def test_r9_one_fast_process_among_slow_and_fast_ones_is_not_cache():
    record = make_record()
    record["latency"] = [process(i, call_ms=ms) for i, ms in enumerate((9.9, 12.0, 12.0, 12.0, 12.0))]
    assert "CACHE" not in verdicts(record | {"one_patch": process(5, call_ms=10.0)})


def answered(um):
    record = make_record()
    image = record["accuracy"]["test-1"]["images"][3]
    at = {"stack": image["stack"], "z_nm": image["z_nm"]}
    record["latency"][0]["outputs"] = [
        {**at, "tile": tile, "um": answer + um} for tile, answer in enumerate(image["patches_um"])
    ]
    return record


def test_r23_timed_answers_must_be_those_of_the_accuracy_run():
    assert "MISMATCH" not in verdicts(answered(0.0005))
    assert "4 of 4 timed answers" in verdicts(answered(0.01))["MISMATCH"]


def test_r23_timed_answers_of_other_images_alone_are_said_to_be_unchecked():
    record = answered(1.0)
    for one in record["latency"][0]["outputs"]:
        one["stack"] = "s99_l1"
    assert "MISMATCH" not in verdicts(record)
    assert "no timed answer" in verdicts(record)["UNCHECKED"]
    assert "UNCHECKED" not in verdicts(answered(0.0))


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ({"swap_used_bytes": 0}, {"swap_used_bytes": 2**22}, "SWAPPED"),
        ({"swap_used_bytes": 2**22}, {"swap_used_bytes": 2**22}, None),
        ({"throttle_count": 3}, {"throttle_count": 4}, "THROTTLED"),
        ({"throttle_count": 3}, {"throttle_count": 3}, None),
        ({"throttle_count": None}, {"throttle_count": None}, None),
        ({"throttled": 0}, {"throttled": 0x10001}, "THROTTLED"),
        ({"throttled": 0x40004}, {"throttled": 0x40000}, "THROTTLED"),
        ({"throttled": 0}, {"throttled": 0x10000}, "THROTTLED"),
        ({"throttled": 0x40000}, {"throttled": 0x50000}, "THROTTLED"),
        ({"throttled": 0x50000}, {"throttled": 0x50000}, None),
        ({"throttled": None}, {"throttled": 0x50000}, None),
    ],
)
def test_r17_a_disturbed_device_is_said(before, after, name):
    found = verdicts(make_record() | {"processes": states(before, after)})
    assert {"SWAPPED", "THROTTLED"} & found.keys() == ({name} if name else set())
    assert name is None or "latency 1/5" in found[name]


@pytest.mark.parametrize(
    ("shards", "found"),
    [
        ([("lab-1", 0, 0), ("lab-2", 0, 0x50005), ("lab-1", 0, 0)], {"THROTTLED": "s17_l1 on lab-2"}),
        ([("lab-1", 0, 0), ("lab-2", 0x50000, 0x50000)], {}),
    ],
)
def test_r17_each_board_of_a_fleet_is_compared_with_itself(shards, found):
    stacks = ("s16_l1", "s17_l1", "s101_l1")
    ends = {"throttled": shards[0][1]}, {"throttled": shards[-1][2]}
    record = make_record() | {"processes": states(*ends, "accuracy test-1")}
    each = [
        {"stack": stack, "device": device, "before": {"throttled": before}, "after": {"throttled": after}}
        for stack, (device, before, after) in zip(stacks, shards)
    ]
    record["accuracy"]["test-1"]["fleet"] = {"stacks": {}, "states": each, "checked": []}
    said = verdicts(record)
    assert {"THROTTLED"} & said.keys() == found.keys()
    assert all(where in said[name] for name, where in found.items())


def test_r17_swap_of_a_board_of_a_fleet_is_compared_with_that_boards():
    record = make_record() | {"processes": states({}, {}, "accuracy test-1")}
    used = [("lab-1", 0, 0), ("lab-2", 2**30, 2**30), ("lab-3", 0, 2**22)]
    each = [
        {"stack": "s16_l1", "device": name, "before": {"swap_used_bytes": a}, "after": {"swap_used_bytes": b}}
        for name, a, b in used
    ]
    record["accuracy"]["test-1"]["fleet"] = {"stacks": {}, "states": each, "checked": []}
    assert "during 1 processes (accuracy test-1: s16_l1 on lab-3)" in verdicts(record)["SWAPPED"]
