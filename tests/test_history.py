"""A cell over time: what stands in it, in which order, and where a change is marked."""

from __future__ import annotations

import json
from functools import partial

import pytest
from make_choice import record, summaries

from edgebench.errors import UsageError
from edgebench.records import store
from edgebench.records.history import find
from edgebench.report import history as report
from edgebench.report.document import text_of

CELL = "local/reduced_tflite-float32_litert_b8_t2"


def day(number, *, hash=None, **changes):
    made = record(**changes)
    made["id"] = made["id"][:-8] + (hash or f"0000000{number}")
    return made | {"created": f"2025-01-0{number}T00:00:00Z"}


def points(*records):
    return find([("results", summaries(*records))], CELL)[1]


def test_records_stand_in_the_order_of_their_making():
    assert [one.summary.record["created"][9] for one in points(day(3), day(1), day(2))] == ["1", "2", "3"]


def test_only_a_change_that_is_shown_is_marked():
    found = points(day(1), day(2, call_ms=12.1), day(3, call_ms=20.0), day(4, call_ms=12.0, errors_um=(0.3, 0.9)))
    assert [one.marks for one in found] == [
        (),
        (),
        ("latency slower",),
        ("latency faster", "error, test-2 worse"),
    ]


def test_what_does_not_compare_with_the_one_before_says_why_and_has_no_mark():
    other = day(2, call_ms=99.0)
    other["data"]["sha256"] = "9" * 64
    found = points(day(1), other)
    assert found[1].change is None and found[1].marks == ()
    assert found[1].reason.startswith("differ in data")


def test_a_record_in_two_folders_counts_once_and_is_of_the_first():
    both = [("old", summaries(day(1))), ("new", summaries(day(1), day(2)))]
    assert [one.folder for one in find(both, CELL)[1]] == ["old", "new"]


@pytest.mark.parametrize(
    "asked",
    [CELL, CELL[6:], f"{CELL}_00000001", f"{CELL[6:]}_00000001", "reduced_tflite-f", "local/reduced_tflite-f"],
)
def test_a_cell_is_named_by_its_id_with_or_without_device_and_hash_or_by_its_start(asked):
    made = summaries(day(1), record("b", target="tflite-int8"))
    assert find([("results", made)], asked)[0] == CELL


@pytest.mark.parametrize(("asked", "said"), [("reduced", "is the name of 2 cells"), ("wide", "no cell 'wide'")])
def test_a_name_of_none_or_of_several_is_refused_with_those_that_are_there(asked, said):
    with pytest.raises(UsageError, match=f"{said}.*{CELL}"):
        find([("results", summaries(day(1), record("b", target="tflite-int8")))], asked)


def test_the_table_has_numbers_with_their_intervals_and_the_code():
    first, second = report.table(points(day(1), day(2, call_ms=20.0))).rows
    assert second[0] == "2025-01-02 00:00" and len(second[1]) == 8
    assert second[2].low < second[2].value < second[2].high
    assert "slower" in second[3] and text_of(first[3]) == "-"
    assert "latency slower" in map(text_of, second)


def test_the_picture_joins_only_what_compares():
    other = day(2)
    other["data"]["sha256"] = "9" * 64
    drawn = report.drawing(CELL, points(day(1), other, day(3) | {"data": other["data"]}))
    latency = drawn.chart.panels[0]
    assert [one.x for one in latency.series] == [(0.0,), (1.0, 2.0)]
    assert [one.name for one in latency.series] == ["p50 of a call", ""]
    assert "simulated slides" in drawn.chart.labels


def test_one_record_alone_has_no_picture():
    assert report.drawing(CELL, points(day(1))) is None


@pytest.fixture
def edgebench(command):
    return partial(command, "history")


@pytest.fixture
def folders(tmp_path):
    for name, made in (("old", day(1)), ("new", day(2, call_ms=20.0))):
        store.save(made, tmp_path / name)
    return tmp_path / "old", tmp_path / "new"


def test_the_command_takes_several_folders_after_results_and_ends_with_1_where_the_newest_is_worse(edgebench, folders):
    code, out, _ = edgebench(CELL, "--results", *folders)
    assert code == 1
    assert "2 records" in out and "latency slower" in out and "simulated" in out
    assert edgebench(CELL, "--results", folders[0])[0] == 0


def test_the_command_gives_one_json_document(edgebench, folders):
    found = json.loads(edgebench(CELL, *folders, "--json")[1])
    assert [one["changed"] for one in found["records"]] == [[], ["latency slower"]]
    assert found["records"][1]["ratio"]["found"]["low"] > 1.03


@pytest.mark.parametrize("suffix", ["md", "html", "svg"])
def test_the_command_writes_a_page_or_a_picture_by_its_suffix(edgebench, folders, tmp_path, suffix):
    page = tmp_path / f"cell.{suffix}"
    assert f"page: {page}" in edgebench(CELL, *folders, "--out", page)[1]
    assert page.stat().st_size > 500


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((CELL, "nowhere"), "nowhere: no such folder"),
        (("wide", "{old}"), "no cell 'wide'"),
        ((CELL, "{old}", "--out", "{old}/page.pdf"), "the suffix says the format"),
        ((CELL, "{old}", "--out", "{old}/page.svg"), "the suffix says the format"),
    ],
)
def test_a_wrong_line_is_one_message_and_2(edgebench, folders, options, said):
    code, out, err = edgebench(*(one.format(old=folders[0]) for one in options))
    assert (code, out) == (2, "")
    assert said in err and len(err.splitlines()) == 1
