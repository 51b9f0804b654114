"""Two sets of records cell by cell: what is shown, how often, and what cannot be compared and why."""

from __future__ import annotations

import json
from functools import partial

import pytest
from make_choice import emulated, record, summaries

from edgebench.errors import RecordError
from edgebench.records import store
from edgebench.records.set_comparison import NO_TIMES, compare, load
from edgebench.report import changes
from edgebench.report.document import text_of
from edgebench.report.formats import markdown

LATER = {"created": "2026-01-01T00:00:00Z"}


def eighth(**changes):
    return record("b", target="tflite-int8", **changes)


def after(made):
    return made | LATER


def reasons(found):
    return {one.name.split(",")[0]: one.reason for one in found.cells if one.compared is None}


def test_cells_are_matched_by_name_and_each_has_its_verdicts():
    found = compare(
        summaries(record(), eighth()),
        summaries(after(record(call_ms=20.0)), after(eighth(errors_um=(0.3, 0.6)))),
    )
    assert {one.name.split(",")[0]: (one.latency, one.error("test-2")) for one in found.compared} == {
        "reduced tflite-float32": ("slower", "equivalent"),
        "reduced tflite-int8": ("same within floor", "worse"),
    }
    assert found.counted()["latency"] == {"slower": 1, "same within floor": 1}
    assert len(found.regressions) == 2


def test_what_only_one_set_has_is_said_of_which():
    found = compare(summaries(record()), summaries(after(eighth())))
    assert reasons(found) == {
        "reduced tflite-float32": "only in the base",
        "reduced tflite-int8": "only in the other",
    }
    assert found.counted()["not comparable"] == {"only in the base": 1, "only in the other": 1}


def test_a_record_that_is_in_both_is_not_compared_with_itself():
    found = compare(summaries(record()), summaries(record()))
    assert reasons(found) == {"reduced tflite-float32": "the same record in both"}


@pytest.mark.parametrize(
    ("part", "key", "value", "said"),
    [
        ("data", "sha256", "9" * 64, "differ in data"),
        ("settings", "images", 7, "differ in settings.images (0 and 7)"),
        ("settings", "delta_nm", 1000, "differ in settings.delta_nm (2000 and 1000)"),
    ],
)
def test_what_was_measured_otherwise_is_not_comparable_and_the_reason_is_said(part, key, value, said):
    other = after(record())
    other[part] = other[part] | {key: value}
    (one,) = compare(summaries(record()), summaries(other)).cells
    assert one.compared is None and one.reason.startswith(said)


def test_the_newest_of_several_records_of_a_cell_is_taken():
    found = compare(summaries(record(call_ms=30.0), after(record())), summaries(record(call_ms=12.1)))
    assert found.compared[0].latency == "same within floor"


def test_two_devices_are_compared_only_where_that_is_asked_for():
    board = after(record(device="board", call_ms=60.0))
    apart = compare(summaries(record()), summaries(board))
    assert not apart.compared
    across = compare(summaries(record()), summaries(board), across_devices=True)
    assert [one.latency for one in across.compared] == ["slower"]
    assert "local" not in across.compared[0].name


def test_a_set_of_several_devices_is_no_board():
    both = summaries(record(), record(device="board"))
    (one,) = compare(both, summaries(after(record(device="other"))), across_devices=True).cells
    assert one.reason == "of several devices in one set"


def test_emulated_boards_have_no_times_and_an_estimate_that_is_marked():
    found = compare(summaries(emulated()), summaries(after(emulated(board="pi5"))), across_devices=True)
    (one,) = found.compared
    assert one.latency == NO_TIMES
    assert one.estimated.low < one.estimated.value < one.estimated.high
    assert text_of(changes.table(found).rows[0][1]).startswith("est. ")
    assert changes.ESTIMATED in markdown.render(changes.document(found, "a", "b"))


def test_one_emulated_board_has_no_ratio_of_estimates():
    (one,) = compare(summaries(emulated()), summaries(after(emulated()))).compared
    assert one.estimated is None


def test_the_summary_never_calls_two_equal():
    lines = " ".join(changes.summary(compare(summaries(record()), summaries(after(record(call_ms=12.4))))))
    assert "no difference shown" in lines
    assert "equal" not in lines


def test_a_results_folder_what_holds_one_and_a_devices_folder_are_read(tmp_path):
    results = tmp_path / "results"
    path = store.save(record(), results)
    assert len(load(results)) == len(load(path.parent)) == len(load(tmp_path)) == 1
    with pytest.raises(RecordError, match="no records in it"):
        load(results / "runs")


@pytest.fixture
def edgebench(command):
    return partial(command, "compare")


@pytest.fixture
def two(tmp_path):
    for name, made in (("a", record()), ("b", after(record(call_ms=20.0)))):
        store.save(made, tmp_path / name)
    return tmp_path / "a", tmp_path / "b"


def test_the_command_says_what_is_worse_and_ends_with_1(edgebench, two):
    code, out, _ = edgebench("--sets", *two)
    assert code == 1
    assert "1 cells, 1 compared." in out and "Latency: 1 slower." in out
    assert "worse: reduced tflite-float32" in out
    assert "simulated" in out
    assert edgebench("--sets", two[1], two[0])[0] == 0


def test_the_command_gives_one_json_document(edgebench, two):
    found = json.loads(edgebench("--sets", *two, "--json")[1])
    assert found["counted"]["latency"] == {"slower": 1}
    assert found["cells"][0]["latency_verdict"] == "slower"


@pytest.mark.parametrize("suffix", ["md", "html", "csv", "json", "tex"])
def test_the_command_writes_a_page_in_the_format_of_its_suffix(edgebench, two, tmp_path, suffix):
    page = tmp_path / f"changes.{suffix}"
    assert f"page: {page}" in edgebench("--sets", *two, "--out", page)[1]
    assert "slower" in page.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--sets", "nowhere", "results"), "nowhere: no such folder"),
        (("--across", "devices"), "--across and --out are of --sets"),
        (("--sets", "{a}", "{b}", "--layers"), "--sets compares two folders"),
        (("--sets", "{a}", "{b}", "--out", "{a}/page.docx"), "the suffix says the format"),
    ],
)
def test_a_wrong_line_is_one_message_and_2(edgebench, two, options, said):
    code, out, err = edgebench(*(one.format(a=two[0], b=two[1]) for one in options))
    assert (code, out) == (2, "")
    assert said in err and len(err.splitlines()) == 1
