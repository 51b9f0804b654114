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
from edgebench.report import material, numbers, pages, write
from edgebench.report.formats import markdown
from edgebench.report.markdown import footnotes, mark
from edgebench.report.pages.table7 import main_rows

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"
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


def each(paper, made):
    """Every page by its name."""
    found = material.of(paper, [summarise(record) for record in made])
    return {name: markdown.render(pages.document(name, found)) for name in pages.PAGES}


def page(name, paper, made):
    return markdown.render(pages.document(name, material.of(paper, [summarise(record) for record in made])))


def document(paper, made):
    """All pages, one after the other."""
    return "".join(each(paper, made).values())


def row(text, start):
    return next(line for line in text.splitlines() if line.startswith(f"| {start}"))


@pytest.mark.parametrize("name", pages.PAGES)
def test_r16_each_page_is_the_golden_one(paper, name):
    text, golden = page(name, paper, records()), GOLDEN / f"{name}.md"
    if os.environ.get("EDGEBENCH_UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "EDGEBENCH_UPDATE_GOLDEN=1 writes it anew"


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
    rows = 0
    for text in each(paper, records()).values():
        simulated = re.search(r"\[\^(\d+)\]: Simulated slides", text)[1]
        ours = [line for line in text.splitlines() if line.startswith("| reduced")]
        rows += len(ours)
        assert all(f"[^{simulated}]" in line for line in ours)
        assert "**The slides are simulated.**" in text
    assert rows > 60
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
    assert sum("RSS" in line for line in headers) == 2
    assert not any("GPU" in line and "RSS" in line for line in headers)


def test_r32_an_emulators_times_are_never_printed(paper):
    told = each(paper, records())
    for name, cells in (("table7", 2), ("devices", 3)):
        lines = [line for line in told[name].splitlines() if "pi (emulated)" in line and line.startswith("| reduced")]
        assert sum(line.count(" emulated ") for line in lines) == cells
    for title in ("Latency of a call", "Latency of a patch", "End to end", "Start", "Calls behind the latency"):
        assert "emulated" not in told["matrix"].split(f"## {title}\n")[1].split("\n## ")[0]
    assert "| emulated" not in told["table7"].split("## Where the time goes")[1].split("\n## ")[0]


def asked_for():
    energy = {"source": "rapl", "about": "package-0", "joules": 9.6, "seconds": 5.0, "samples": 2, "idle_watts": 1.5}
    minute = {"calls": 5000, "median_ns": 12_000_000, "p90_ns": 13_000_000, "wall_ns": 60 * 10**9}
    slow = minute | {"minute": 2, "median_ns": 18_000_000, "temperature_c": 81.0}
    record = make_record()
    for process in record["latency"]:
        process["energy"] = energy
    load = record["latency"][0]["load"]
    record["sustained"] = {"load": load, "before": {}, "warmup_calls": 40, "minutes": [minute | {"minute": 1}, slow]}
    record["memory_limit"] = {"limit_bytes": 60 * 2**20, "reason": None}
    return record


def test_what_was_asked_for_besides_has_tables_of_its_own(paper):
    text = document(paper, [asked_for()])
    assert re.search(r"\| +2 +\| +12\.0 +\| +18\.0 +\| +1\.500\[\^\d+\] +\| +81 \|", text)
    assert "DRIFT: after 2 minutes without rest a call takes 1.50 times as long as in the first" in text
    section = text.split("## The smallest limit of memory")[1]
    assert "60.0" in section.split("##")[0]
    assert "3.00 [3.00, 3.00]" in text.split("## Energy")[1].split("##")[0]  # 9.6 J over 400 calls of 8 patches
    plain = document(paper, [make_record()])
    assert not any(title in plain for title in ("## Minutes without rest", "## The smallest limit", "## Energy"))


def test_a_limit_that_could_not_be_set_says_why(paper):
    text = document(paper, [make_record() | {"memory_limit": {"limit_bytes": None, "reason": "no control groups"}}])
    note = re.search(r"\[\^(\d+)\]: Skipped: no control groups\.", text)[1]
    assert f"-[^{note}]" in text


def test_r32_an_emulator_has_neither_energy_nor_times_without_rest(paper):
    record = asked_for()
    record["device"] = make_record(device="pi", emulated=True)["device"]
    text = document(paper, [record])
    assert "## Energy" not in text
    assert text.split("## Minutes without rest")[1].split("##")[0].count(" emulated ") == 3


def test_another_number_of_patches_is_said_at_the_time(paper):
    text = document(paper, records())
    note = re.search(r"\[\^(\d+)\]: Time for 640 patches, not 26,240", text)[1]
    assert f"16.0[^{note}]" in text


def test_every_mark_has_its_footnote_and_numbers_rise_in_order_of_use(paper):
    for text in each(paper, records()).values():
        body, notes = text.split("## Notes")
        used = list(dict.fromkeys(re.findall(r"\[\^(\d+)\]", body)))
        defined = re.findall(r"^\[\^(\d+)\]:", notes, re.M)
        assert defined == [str(n + 1) for n in range(len(defined))]
        assert sorted(used, key=int) == defined


def test_r14_verdicts_are_marked_at_the_number_they_concern(paper):
    text = page("matrix", paper, records())
    short = re.search(r"\[\^(\d+)\]: SHORT: fewer than 1,024 timed calls", text)[1]
    assert re.search(rf"7\.00 \[[\d., ]+\]\[\^{short}\].*\| +SHORT\[\^{short}\] 300 in 75 s \|", text)
    assert "n<368" in text
    assert re.search(r"\| +SHORT: 300 timed calls .*\|", text.split("## Calls behind the latency")[1])


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
    text = page("devices", paper, records())
    assert len([line for line in text.splitlines() if line.startswith("| reduced") and "batch 1" in line]) == 1  # start
    calls = page("matrix", paper, records()).split("## Calls behind the latency")[1].split("##")[0]
    assert len(re.findall(r"\| reduced tflite-float32\S+ litert, local, 2 threads +\| +[18] \|", calls)) == 2
    alone = document(paper, [records()[-1]])
    assert row(page("table7", paper, [records()[-1]]), "reduced").count("not run") == 4
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
        rows = paper.tables[table]
        return sum(r["images"] * r[column]["mean"] for r in rows) / sum(r["images"] for r in rows)

    columns = {"table-3": "rgb", "table-4": "rgb", "table-5": "difference", "table-6": "difference"}
    means = [mean(table, column) for table, column in columns.items()]
    assert [f"{m:.3f}" for m in means] == ["0.261", "0.638", "0.239", "0.394"]
    assert all(f"{m:.3f}" in paper.remarks["means"] for m in means)
    assert sum(r["images"] for r in paper.tables["table-5"]) == 697
    assert sum(r["images"] for r in paper.tables["table-6"]) * 20 == 26_240
    original, reduced = paper.tables["table-7"]
    assert f"{original['cpu_time_s'] / reduced['cpu_time_s']:.1f}" in paper.remarks["work"]
    assert f"{299.5 / 21.2:.1f}" in paper.remarks["work"]
    overhead = original["cpu_time_s"] - 170 / (1 - 21.2 / 299.5)
    assert f"about {overhead:.0f} s" in paper.remarks["work"]
    assert f"({overhead / 1312 * 1000:.0f} ms an image)" in paper.remarks["work"]


@pytest.mark.parametrize("damage", ["{", "{}", '{"schema": 1}'])
def test_damaged_published_tables_are_named(tmp_path, damage):
    path = tmp_path / "published" / f"{material.PAPER}.json"
    path.parent.mkdir()
    path.write_text(damage)
    with pytest.raises(RecordError, match=r"rai-dastidar-2019\.json"):
        material.read(tmp_path)


def test_a_results_folder_without_published_tables_gets_those_that_edgebench_brings_along(tmp_path):
    found = material.read(tmp_path)
    assert found.paper == published.load(PAPER)
    assert (found.runs, found.evaluations) == ((), ())


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


def measured_again(**changes):
    """The usual record, a year later."""
    record = make_record(**changes) | {"created": "2026-01-02T03:04:05Z"}
    record["id"] = record["id"].replace("0123abcd", "89abcdef")
    return record


def rows_of_main_table(text):
    part = text.split("## Size, time and error")[1].split("## Where")[0]
    return [line for line in part.splitlines() if line.startswith("| reduced")]


def test_a_newer_run_of_the_same_cell_supersedes_the_older_one_and_that_is_said(paper):
    old, new = make_record(), measured_again(errors_um=(0.6, 0.8))
    new["artifact"]["sha256"] = new["model"]["sha256"] = "e" * 64  # trained and converted anew
    text = document(paper, [new, old])
    assert len(rows_of_main_table(text)) == 1
    assert "0.74 ± " in rows_of_main_table(text)[0]
    assert f"Superseded by a newer run of the same cell, in no table: `local/{old['id']}`." in text
    assert "uperseded" not in document(paper, [new])


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("settings", "threads", 1),
        ("settings", "batch_size", 1),
        ("settings", "images", 5),
        ("data", "sha256", "f" * 64),
    ],
)
def test_what_differs_in_its_cell_is_not_superseded(paper, part, key, value):
    other = measured_again()
    other[part][key] = value
    text = document(paper, [make_record(), other])
    assert len(rows_of_main_table(text)) == 2
    assert "uperseded" not in text


def test_two_cpu_models_under_one_device_name_are_told_apart_also_without_footnotes(paper):
    other = measured_again()
    other["device"]["host"]["cpu"] = "Other CPU"
    summaries = [summarise(record) for record in (make_record(), other)]
    places = {row[2] for row in main_rows(material.of(paper, summaries)) if row[0] == "reduced"}
    assert places == {"litert, local (Other CPU), 2 threads", "litert, local (Example CPU @ 2.00GHz), 2 threads"}
    assert "(Example CPU" not in document(paper, [make_record()])


@pytest.mark.parametrize("simulated", [True, False])
def test_two_data_sets_are_told_apart(paper, simulated):
    other = measured_again(simulated=simulated)
    other["data"]["sha256"] = "f" * 64
    text = document(paper, [make_record(simulated=simulated), other])
    marks = {re.match(r"\| (reduced\[\^\d+\])", line)[1] for line in rows_of_main_table(text)}
    assert len(marks) == 2
    assert re.search(r"\[\^\d+\]: .*SHA-256 `ffffffffffff`", text)
    assert "SHA-256 `cccccccccccc`." in text.split("## Notes")[1]


def test_slide_by_slide_shows_the_newest_run_and_among_equals_the_one_of_fewest_threads(paper):
    records = [make_record(threads=1), measured_again(threads=4, errors_um=(0.6, 0.8)), measured_again(threads=2)]
    part = document(paper, records).split("## Slide by slide: Set 1")[1]
    assert "0.31 ± 0.01" in row(part, "Sample 1")
    assert "0.63 ± " not in row(part, "Sample 1")


def test_slide_by_slide_a_newer_run_of_a_few_images_never_stands_for_one_of_all(paper):
    few = measured_again(device="pi", emulated=True, errors_um=(0.6, 0.8))
    few["settings"]["images"] = 2
    for part in few["accuracy"].values():
        part["images"] = part["images"][:2]
    text = page("samples", paper, [make_record(), few])
    assert "| Sample 1 (s16)" in text
    assert re.search(r"\| Sample 1 \(s16\) +\| +4 \| +20 \| +0\.31 ± 0\.01 \|", text)


def test_the_range_of_the_labels_is_that_of_the_runs_of_all_images_or_said_to_be_of_a_part(paper):
    few = measured_again(device="pi", emulated=True)
    for part in few["accuracy"].values():
        part["images"] = part["images"][:2]
    data = next(line for line in page("table7", paper, [make_record(), few]).splitlines() if "Labels of" in line)
    assert data.count("Labels of test-1") == 1
    assert "Labels of test-1 as measured: -8.00 to +9.00 um." in data
    assert "Labels of test-1 as measured (2 of 85 images): -8.00 to -3.00 um." in page("table7", paper, [few])


def test_an_emulated_run_has_no_row_in_where_the_time_goes(paper):
    text = page("table7", paper, [make_record(device="pi", emulated=True)])
    assert "## Where the time goes" not in text


def test_errors_of_a_part_of_the_images_say_so(paper):
    record = make_record()
    record["settings"]["images"] = 20
    part = record["accuracy"]["test-2"]
    part["images"] = part["images"][:20]
    text = document(paper, [record])
    note = re.search(r"\[\^(\d+)\]: 20 of 160 images\.", text)[1]
    assert rows_of_main_table(text)[0].rstrip(" |").endswith(f"[^{note}]")
    assert "85 of 85" not in text


def test_values_of_one_process_say_so(paper):
    def marked(name):
        text = page(name, paper, records())
        note = re.search(r"\[\^(\d+)\]: Our value is of n = 1 process", text)[1]
        return note, [line for line in text.splitlines() if line.startswith(("| Model", "| Run"))]

    note, headers = marked("table7")
    assert all(any(f"{name}[^{note}]" in line for line in headers) for name in ("Wall (s)", "CPU (s)"))
    note, headers = marked("devices")
    assert any(re.search(rf"Peak RSS \(MiB\)(\[\^\d+\])?\[\^{note}\]", line) for line in headers)


def test_how_an_artifact_was_made_and_how_much_a_delegate_took_is_said_where_it_is_known(paper):
    text = document(paper, records())
    line = next(line for line in text.splitlines() if line.startswith("- `reduced/tflite-int8`"))
    assert "tensorflow 2.19.0; calibrated on 256 patches of the split train; differs from Keras by 0.061 um" in line
    record = make_record()
    record["backend"]["executed"] |= {"operators_total": 69, "operators_delegated": 65}
    assert "litert, `local`: 65 of 69 operators ran in XNNPACK." in document(paper, [record])
    del record["artifact"]["made"]
    assert "made with" not in document(paper, [record])


def test_what_the_paper_leaves_open_and_what_came_after_it_is_carried(paper):
    text = document(paper, [])
    assert "sensitive to JPEG compression, without numbers" in text
    assert "DeepAf (2025) 0.18 um" in text
