"""What the page says to take, for three uses, and how long each cell needs to focus a field."""

from __future__ import annotations

from make_choice import emulated, record, summaries

from edgebench.report import choice
from edgebench.report.document import Bullets, Document, Notes, Table, Value, text_of
from edgebench.report.formats import markdown


def made(*records):
    notes = Notes()
    runs = summaries(*records)
    blocks = [*choice.recommendation(runs, notes), *choice.outcomes(runs, notes)]
    return blocks, notes


def tables(blocks):
    return {one.key: one for one in blocks if isinstance(one, Table)}


def text(*records):
    blocks, notes = made(*records)
    return markdown.render(Document("choice", "Choice", tuple(blocks), notes))


def fast(name="b", **changes):
    return record(name, target="tflite-int8", threads=1, **{"call_ms": 6.0, **changes})


def test_each_use_has_its_choice_and_the_command_that_gives_it():
    blocks, _ = made(record(threads=1), fast(), emulated("b", target="tflite-int8"))
    rows = tables(blocks)["recommendation"].rows
    assert [text_of(row[1]).partition("[^")[0] for row in rows] == [
        "reduced tflite-int8, litert, 1 thread, batch 8, local",
        "reduced tflite-int8, litert, 1 thread, batch 8, local",
        "reduced tflite-int8, litert, 4 threads, batch 8, pi4 (emulated)",
    ]
    lines = next(one for one in blocks if isinstance(one, Bullets)).lines
    assert all(use.command in line for use, line in zip(choice.USES, lines))
    assert "rests on an estimate" in lines[2] and "rests on an estimate" not in lines[0]


def test_the_fastest_is_not_one_whose_error_is_not_shown_to_stay_near_float32s():
    blocks, _ = made(record(threads=1), fast(errors_um=(0.3, 0.45)))
    rows = tables(blocks)["recommendation"].rows
    assert "tflite-float32" in text_of(rows[1][1])


def test_a_device_that_nobody_measured_is_not_run():
    rows = tables(made(record(), fast())[0])["recommendation"].rows
    assert text_of(rows[2][1]) == "not run"


def test_without_records_the_page_says_so():
    assert choice.NOTHING in text()


def test_cells_stand_by_their_time_to_focus_with_a_sweep_at_the_end():
    rows = tables(made(record(threads=1), fast(), emulated("b", target="tflite-int8"))[0])["outcome"].rows
    seconds = [row[2].value for row in rows[:-1] if isinstance(row[2], Value)]
    assert seconds == sorted(seconds) and len(seconds) == len(rows) - 1 == 4
    assert text_of(rows[-1][0]).startswith("sweep of 21 planes")


def test_estimates_are_marked_where_they_stand():
    for field, marks in ((True, ("est. ", "est. ")), (False, ("more than est. ", "fewer than est. "))):
        rows = tables(made(emulated(field=field))[0])["outcome"].rows[:-1]
        assert all(text_of(cell).startswith(mark) for row in rows for cell, mark in zip(row[2:4], marks))


def test_the_page_says_that_slides_are_simulated_and_the_outcome_a_model():
    page = text(record(), fast())
    assert "The slides are simulated" in page and "A model, not a measurement" in page


def test_the_same_records_give_the_same_bytes_in_any_order():
    every = record(threads=1), fast(), emulated("b", target="tflite-int8")
    assert text(*every) == text(*reversed(every))
