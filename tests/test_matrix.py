"""The extended table: readable as plain text in tables by question, whole in one wide table and for machines."""

from __future__ import annotations

import json
import math
import re

import pytest
from make_records import make_record

from edgebench.records.summary import summarise
from edgebench.report import matrix, rows
from edgebench.report.columns import BY_KEY, COLUMNS
from edgebench.report.document import Heading, Table, Text, text_of
from edgebench.report.markdown import render
from edgebench.report.names import names

COLUMNS_AT_MOST = 8


def emulated(**changes):
    record = make_record(device="pi4", emulated=True, threads=1, **changes)
    record["count"] = {"instructions": [{"total": 80e6, "f32_mul_add": 80e6, "l1_misses": 1e6, "l2_misses": 1e5}]}
    return record


def runs(*made):
    return rows.current([summarise(record) for record in made])[0]


@pytest.fixture(scope="module")
def usual():
    int8 = make_record(target="tflite-int8", errors_um=(0.31, 0.42), call_ms=7.0, calls=60)
    return runs(make_record(), int8, emulated(), make_record(model="original"))


def titles(found):
    return [group.title for group, _ in found]


def table(found, title):
    return next(table for group, table in found if group.title == title)


def column(table, header):
    place = table.headers.index(header)
    return [text_of(row[place]) for row in table.rows]


def test_every_group_asks_for_columns_that_are_there_and_every_number_is_in_a_group():
    asked = {name for group in matrix.GROUPS for name in group.keys}
    assert asked <= set(BY_KEY)
    left_out = {one.key for one in COLUMNS} - asked
    assert left_out == {
        "model",
        "target",
        "device",
        "data",
        "record",
        "sha256",
    }  # in the name, and on a page of records


def test_tables_have_few_columns_and_the_name_of_the_run_first(usual):
    for _, found in matrix.tables(usual, {}):
        assert found.headers[0] == "Run"
        assert len(found.headers) <= COLUMNS_AT_MOST
        assert all(len(row) == len(found.headers) for row in found.rows)


def test_lines_of_the_tables_end_before_they_cannot_be_read(usual):
    for _, found in matrix.tables(usual, {}):
        assert max(map(len, render(found).splitlines())) < 200


def test_r32_an_emulated_run_stands_in_no_table_of_times_and_its_estimate_in_a_table_of_its_own(usual):
    found = matrix.tables(usual, {})
    for title in ("Latency of a call", "Latency of a patch", "End to end", "Start"):
        assert not any("pi4" in name for name in column(table(found, title), "Run")), title
    boards = table(found, "Emulated boards")
    assert len(boards.rows) == 1
    assert column(boards, "Est. of a patch, 1 thread (ms)")[0].startswith("est. ")


def test_a_row_without_a_number_and_a_column_without_a_cell_are_left_out(usual):
    found = matrix.tables(usual, {})
    against = table(found, "Against float32: error")
    assert [re.sub(r"\[\^\d+\]", "", name) for name in column(against, "Run")] == ["reduced tflite-int8, local"]
    assert "Smallest limit (MiB)" not in table(found, "Memory").headers
    assert "Energy" not in titles(found)


def test_a_table_that_nobody_measured_is_named_at_the_end(usual):
    said = matrix.blocks(usual, {})[-1]
    assert isinstance(said, Text)
    assert said.markdown == "Measured in no run: energy."
    assert matrix.blocks((), {}) == []


def test_a_run_stands_only_in_the_tables_of_what_it_measured():
    without = make_record(threads=1) | {"memory": None}
    del without["accuracy"]["test-1"]
    found = matrix.tables(runs(make_record(), without), {})
    rows_of = {group.title: len(one.rows) for group, one in found}
    assert (rows_of["Memory"], rows_of["Focusing error: Set 1"], rows_of["Focusing error: Set 2"]) == (1, 1, 2)


def test_every_row_on_simulated_slides_is_marked_and_real_ones_are_not(usual):
    notes = {}
    found = matrix.tables(usual, notes)
    mark = next(number for text, number in notes.items() if text.startswith("Simulated slides"))
    assert all(f"[^{mark}]" in text_of(row[0]) for _, one in found for row in one.rows)
    assert "Simulated" not in str(matrix.tables(runs(make_record(simulated=False)), {}))


def test_each_mark_has_its_footnote_and_each_footnote_its_mark(usual):
    notes = {}
    text = "\n".join(render(found) for _, found in matrix.tables(usual, notes))
    assert {int(number) for number in re.findall(r"\[\^(\d+)\]", text)} == set(notes.values())


def test_the_depth_of_field_says_which_it_is_and_from_what(usual):
    said = " ".join(block.markdown for block in matrix.blocks(usual, {}) if isinstance(block, Text))
    assert "0.55 um x 1 / 0.75^2 = 0.98 um" in said
    assert "at most 0.49 um off" in said


def test_each_table_has_a_heading_and_a_key_of_its_own(usual):
    blocks = matrix.blocks(usual, {})
    tables = [block for block in blocks if isinstance(block, Table)]
    assert len({one.key for one in tables}) == len(tables)
    assert sum(isinstance(block, Heading) for block in blocks) == len(tables)


def test_names_hold_only_what_tells_runs_apart():
    def of(*made):
        return [re.sub(r"\[\^\d+\]", "", name) for name in names(runs(*made), {})]

    assert of(make_record()) == ["reduced tflite-float32, local"]
    assert of(make_record(), make_record(target="tflite-int8")) == [
        "reduced tflite-float32, local",
        "reduced tflite-int8, local",
    ]
    assert of(make_record(), make_record(threads=1)) == [
        "reduced tflite-float32, local, 1 thread",
        "reduced tflite-float32, local, 2 threads",
    ]
    assert of(make_record(), make_record(batch_size=1)) == [
        "reduced tflite-float32, local, batch 1",
        "reduced tflite-float32, local, batch 8",
    ]
    assert of(emulated()) == ["reduced tflite-float32, pi4 (emulated)"]


def test_names_differ_even_where_only_the_record_does():
    one, two = make_record(), make_record()
    two["accuracy"] = {"test-1": two["accuracy"]["test-1"]}
    two["id"] = two["id"].replace("0123abcd", "89abcdef")
    found = names(runs(one, two), {})
    assert len(set(found)) == 2
    assert found[0].endswith("0123abcd")


def test_the_wide_table_has_every_column_of_every_run_once(usual):
    found = matrix.wide(usual, {})
    assert found.headers == tuple(one.header for one in COLUMNS)
    assert len(found.rows) == len(usual)
    assert found.left == 4  # model, target, backend, device


def test_rows_for_machines_hold_every_number_with_its_interval(usual):
    found = matrix.rows(usual)
    assert len(found) == len(usual)
    one = next(row for row in found if row["target"] == "tflite-int8")
    assert one["error_1_um_low"] < one["error_1_um"] < one["error_1_um_high"]
    assert one["added_1_um"] is not None and one["shown_1"] == "equivalent"
    assert re.fullmatch(r"[0-9a-f]{64}", one["sha256"])
    assert one["record"] == "local/reduced_tflite-int8_litert_b8_t2_0123abcd"
    assert [verdict["name"] for verdict in one["verdicts"]] == ["SHORT"]
    assert one["simulated"] is True and one["emulated"] is False


def test_r32_rows_for_machines_have_no_time_of_an_emulator_and_nothing_unmeasured_is_zero(usual):
    board = next(row for row in matrix.rows(usual) if row["emulated"])
    assert all(board[f"{name}_ms"] is None for name in ("call_p50", "patch_p99", "load", "first"))
    assert board["wall_s"] is None and board["patches"] is None
    assert board["est_1_thread_ms"] > 0
    empty = matrix.rows(runs(make_record() | {"accuracy": {}, "latency": [], "memory": None}))[0]
    measured = [key for key, value in empty.items() if isinstance(value, (int, float)) and not isinstance(value, bool)]
    assert measured == ["threads", "batch", "file_mb", "parameters", "macs_m"]


def test_rows_for_machines_are_json_without_marks(usual):
    text = json.dumps(matrix.rows(usual), allow_nan=False)
    assert "[^" not in text
    assert all(value is None or math.isfinite(value) for row in matrix.rows(usual) for value in floats(row))


def floats(row):
    return [value for value in row.values() if isinstance(value, float)]


def test_a_pipe_or_a_newline_in_a_name_ends_no_cell():
    record = make_record(device="a|b\nc")
    text = render(table(matrix.tables(runs(record), {}), "What was run"))
    assert len(text.splitlines()) == 3


def test_the_order_in_which_records_are_read_changes_nothing():
    made = [make_record(), make_record(target="tflite-int8"), emulated()]
    assert matrix.rows(runs(*made)) == matrix.rows(runs(*made[::-1]))


def test_a_table_of_a_whole_set_takes_the_run_of_most_images_and_not_a_newer_one_of_a_few():
    few = make_record(device="pi4", emulated=True) | {"created": "2026-01-02T03:04:05Z"}
    few["settings"]["images"] = 5
    for part in few["accuracy"].values():
        part["images"] = part["images"][:5]
    older, newer = make_record(threads=1), make_record() | {"created": "2025-06-02T03:04:05Z"}
    found = rows.fullest(runs(older, few, newer), "test-1")
    assert [(run.record["device"]["name"], run.record["settings"]["threads"]) for run in found] == [("local", 2)]


def test_a_table_of_a_whole_set_is_of_one_data_set_that_of_the_newest_run_which_saw_all_of_it():
    other = make_record(simulated=False, target="tflite-int8") | {"created": "2026-01-02T03:04:05Z"}
    other["data"]["sha256"] = "f" * 64
    assert rows.fullest(runs(make_record(), other), "test-1") == runs(other)
    other["accuracy"]["test-1"]["images"] = other["accuracy"]["test-1"]["images"][:5]
    assert rows.fullest(runs(make_record(), other), "test-1") == runs(make_record())
    assert rows.fullest((), "test-1") == ()
