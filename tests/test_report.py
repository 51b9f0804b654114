"""The report is a function of results/ alone; its text is compared with a golden file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from make_records import make_record

from edgebench.errors import RecordError, ReportError
from edgebench.records import published
from edgebench.records.summary import summarise
from edgebench.report import numbers, table7, write
from edgebench.report.markdown import footnotes, mark

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden" / "table7.md"
PAPER = ROOT / "results" / "published" / "rai-dastidar-2019.json"


@pytest.fixture(scope="module")
def paper():
    return published.load(PAPER)


def records():
    return [
        make_record(),
        make_record(target="tflite-int8", errors_um=(0.32, 0.43), call_ms=7.0, calls=60),
        make_record(target="onnx-float32", backend="onnxruntime", threads=1, processes=3),
        make_record(target="openvino-float32", backend="openvino", errors_um=(6.0, 0.4), device="pi", emulated=True),
        make_record(batch_size=1, call_ms=1.8) | {"accuracy": {}, "memory": None},
    ]


def document(paper, made):
    return table7.document(paper, [summarise(record) for record in made])


def row(text, start):
    return next(line for line in text.splitlines() if line.startswith(f"| {start}"))


def test_the_report_is_the_golden_one(paper):
    text = document(paper, records())
    if os.environ.get("EDGEBENCH_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "EDGEBENCH_UPDATE_GOLDEN=1 writes it anew"


def test_the_order_in_which_records_are_read_changes_nothing(paper):
    assert document(paper, records()) == document(paper, records()[::-1])


def test_without_a_record_our_cells_say_not_run_and_the_papers_stay(paper):
    text = document(paper, [])
    assert "Nothing has been measured yet" in text
    for model in ("original", "reduced"):
        assert row(text, model).count("not run") == 9
    cells = [cell.strip() for cell in row(text, "Original model (paper)").split("|")]
    assert "0.22 ± 0.25" in cells
    assert "simulated" not in text


def test_the_papers_two_rows_come_first(paper):
    lines = document(paper, records()).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("| Model"))
    assert [re.sub(r"[^\w() ].*", "", line[2:26]).strip() for line in lines[first + 2 : first + 6]] == [
        "Original model (paper)",
        "Reduced model (paper)",
        "original",
        "reduced",
    ]


def test_every_row_on_simulated_slides_is_marked_and_real_ones_are_not(paper):
    text = document(paper, records())
    simulated = re.search(r"\[\^(\d+)\]: Simulated slides", text)[1]
    ours = [line for line in text.splitlines() if line.startswith("| reduced")]
    assert len(ours) > 20
    assert all(f"[^{simulated}]" in line for line in ours)
    assert "**The slides are simulated.**" in text
    real = document(paper, [make_record(simulated=False)])
    assert "imulated slides" not in real
    assert "slides are simulated" not in real


def test_simulated_beside_real_slides_is_said(paper):
    text = document(paper, [make_record(), make_record(simulated=False, threads=1)])
    assert "**Some of the slides are simulated.**" in text


def test_gpu_memory_never_shares_a_column_with_resident_memory(paper):
    text = document(paper, records())
    headers = [line for line in text.splitlines() if line.startswith(("| Model", "| Run", "| Sample"))]
    assert sum("GPU memory (GB)" in line for line in headers) == 1
    assert sum("RSS" in line for line in headers) == 1
    assert not any("GPU" in line and "RSS" in line for line in headers)


def test_an_emulators_times_are_never_printed(paper):
    text = document(paper, records())
    lines = [line for line in text.splitlines() if line.startswith("| reduced") and "pi (emulated)" in line]
    assert sum(line.count(" emulated ") for line in lines) == 2 + 6 + 7 + 3


def test_another_number_of_patches_is_said_at_the_time(paper):
    text = document(paper, records())
    note = re.search(r"\[\^(\d+)\]: Time for 640 patches, not 26,240", text)[1]
    assert f"16.0[^{note}]" in text


def test_every_mark_has_its_footnote_and_numbers_rise_in_order_of_use(paper):
    body, notes = document(paper, records()).split("## Notes")
    used = list(dict.fromkeys(re.findall(r"\[\^(\d+)\]", body)))
    defined = re.findall(r"^\[\^(\d+)\]:", notes, re.M)
    assert defined == [str(n + 1) for n in range(len(defined))]
    assert sorted(used, key=int) == defined


def test_verdicts_are_marked_at_the_number_they_concern(paper):
    text = document(paper, records())
    short = re.search(r"\[\^(\d+)\]: SHORT: 300 timed calls", text)[1]
    assert re.search(rf"7\.00 \[[\d., ]+\]\[\^{short}\]", text)
    assert "n<368" in text


def test_samples_get_the_papers_numbers_only_where_the_stacks_agree(paper):
    assert "| Sample 13 (s207)" in document(paper, records())
    record = make_record()
    images = record["accuracy"]["test-2"]["images"]
    record["accuracy"]["test-2"]["images"] = [image for image in images if image["stack"] != "s203_l1"]
    text = document(paper, [record])
    assert "| s203 " in text
    assert "Sample 13" not in text
    assert "Sample 6 (s104)" in text


def test_quantised_runs_are_compared_with_float32_of_the_same_format(paper):
    text = document(paper, records())
    assert re.search(r"tflite-int8.*\| tflite-float32 \|\s+\+0\.025 \[\+0\.02\d, \+0\.02\d\]", text)
    assert "quantisation costs" not in document(paper, [make_record()])


def test_a_run_stands_only_in_the_tables_of_what_it_measured(paper):
    text = document(paper, records())
    assert len([line for line in text.splitlines() if line.startswith("| reduced") and "batch 1" in line]) == 2
    alone = document(paper, [records()[-1]])
    assert row(alone, "reduced").count("not run") == 4
    assert "Focusing error in detail" not in alone


def test_a_peak_that_includes_reading_is_marked(paper):
    record = make_record()
    record["memory"]["peak_reset"] = False
    assert re.search(r"85\.0\[\^\d+\]", document(paper, [record]))


def test_the_same_note_has_one_number():
    notes = {}
    assert [mark(notes, text) for text in ("b", "a", "b")] == ["[^1]", "[^2]", "[^1]"]
    assert footnotes(notes) == "[^1]: b\n[^2]: a"


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1,234"), (123.4, "123"), (12.345, "12.3"), (1.2345, "1.23"), (0.12345, "0.123")]
)
def test_milliseconds_have_three_digits(value, text):
    assert numbers.ms(value) == text


def test_the_published_numbers_are_those_that_the_remarks_say(paper):
    def mean(table, column):
        rows = paper.tables[table].rows
        return sum(r["images"] * r[column]["mean"] for r in rows) / sum(r["images"] for r in rows)

    columns = {"table-3": "rgb", "table-4": "rgb", "table-5": "difference", "table-6": "difference"}
    means = [mean(table, column) for table, column in columns.items()]
    assert [f"{m:.3f}" for m in means] == ["0.261", "0.638", "0.239", "0.394"]
    assert all(f"{m:.3f}" in paper.remarks["means"] for m in means)
    assert sum(r["images"] for r in paper.tables["table-5"].rows) == 697
    assert sum(r["images"] for r in paper.tables["table-6"].rows) * 20 == 26_240
    original, reduced = paper.tables["table-7"].rows
    assert f"{original['cpu_time_s'] / reduced['cpu_time_s']:.1f}" in paper.remarks["work"]
    assert f"{299.5 / 21.2:.1f}" in paper.remarks["work"]
    overhead = original["cpu_time_s"] - 170 / (1 - 21.2 / 299.5)
    assert f"about {overhead:.0f} s" in paper.remarks["work"]
    assert f"({overhead / 1312 * 1000:.0f} ms an image)" in paper.remarks["work"]


@pytest.mark.parametrize("damage", ["{", "{}", '{"schema": 1}'])
def test_damaged_published_tables_are_named(tmp_path, damage):
    path = tmp_path / "published" / f"{write.PAPER}.json"
    path.parent.mkdir()
    path.write_text(damage)
    with pytest.raises(RecordError, match=r"rai-dastidar-2019\.json"):
        write.read(tmp_path)


def test_a_results_folder_without_published_tables_gets_those_that_edgebench_brings_along(tmp_path):
    paper, summaries = write.read(tmp_path)
    assert paper == published.load(PAPER)
    assert summaries == ()


def test_a_published_row_without_a_column_is_named(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(PAPER.read_text().replace('"sample": "Sample 3", "images": 41,', '"sample": "Sample 3",', 1))
    with pytest.raises(RecordError, match="table-3, row 2"):
        published.load(path)


def test_a_report_is_checked_against_its_file(tmp_path):
    path = tmp_path / "reports" / "table7.md"
    with pytest.raises(ReportError, match="missing"):
        write.check(path, "a\nb\n")
    write.write(path, "a\nb\n")
    write.check(path, "a\nb\n")
    with pytest.raises(ReportError, match="from line 2"):
        write.check(path, "a\nc\n")
    assert [entry.name for entry in path.parent.iterdir()] == ["table7.md"]
