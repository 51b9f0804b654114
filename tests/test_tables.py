"""The report on Tables 1 to 6 is a function of results/ alone; its text is compared with a golden file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from make_evaluations import make_evaluation
from pages import PAPER, cells, constant, document, one_wrong, other_set, row, section

from edgebench.errors import ReportError
from edgebench.records import evaluation
from edgebench.records.evaluation_summary import summarise
from edgebench.report import build, comparisons, evaluated, tables, write
from edgebench.report.charts import defocus, sensitivities

GOLDEN = Path(__file__).parent / "golden" / "tables-1-6.md"


def records():
    return [
        make_evaluation(),
        make_evaluation("original-single", (0.3, 0.6), kind="single"),
        make_evaluation("alpha-0.4", (0.25, 0.4), alpha=0.4),
        make_evaluation("alpha-0.25", (0.4, 0.5), alpha=0.25),
        make_evaluation("reduced", (0.24, 0.33), alpha=0.4, input_size=112),
        make_evaluation("reduced", (0.28, 0.36), alpha=0.4, input_size=112, target="tflite-int8"),
        make_evaluation("size-56", (0.5, 0.7), alpha=0.4, input_size=56),
        make_evaluation("reduced", (0.4, 0.6), alpha=0.4, input_size=112, quality=75),
        make_evaluation("reduced", (0.7,), alpha=0.4, input_size=112, set="made-up-objects"),
        make_evaluation("original", (9.0,), set="made-up-objects", of=constant),
    ]


@pytest.fixture(scope="module")
def summaries():
    return [summarise(record) for record in records()]


def test_the_report_is_the_golden_one(summaries):
    text = tables.document(PAPER, summaries)
    if os.environ.get("EDGEBENCH_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "EDGEBENCH_UPDATE_GOLDEN=1 writes it anew"


def test_the_order_in_which_records_are_read_changes_nothing(summaries):
    assert tables.document(PAPER, summaries) == tables.document(PAPER, summaries[::-1])


def test_without_a_record_the_papers_figures_stand_beside_cells_that_say_not_evaluated():
    text = document()
    assert "Nothing has been evaluated yet" in text
    assert "simulated" not in text
    assert cells(row(section(text, "Table 2"), "Different"))[1:5] == [
        "0.36 ± 0.37",
        "1.94 ± 1.91",
        "0.53 ± 0.59",
        "not evaluated",
    ]
    assert row(section(text, "Table 6"), "Sample 13").count("not evaluated") == 3
    assert not re.search(r"\| +(passes|fails)", text)
    assert section(text, "Models against each other").count("not evaluated") == 2 * len(comparisons.PAIRS)
    assert len(re.findall(r"^\| Sample \d+ ", text, re.M)) == 26
    assert "Nothing to choose from: no model of the grid is evaluated" in text


def test_tables_of_single_images_and_of_differences_have_models_of_their_own(summaries):
    text = tables.document(PAPER, summaries)
    for number in (1, 3, 4):
        assert "Ours: original-single[^" in section(text, f"Table {number}")
    for number in (2, 5, 6):
        assert "Ours: original[^" in section(text, f"Table {number}")


def test_samples_get_the_papers_names_from_the_record_alone():
    record = make_evaluation()
    assert "| Sample 13 (s207)" in section(document(record), "Table 6")
    record["sample_name"] = {"test-1": {}, "test-2": {}}
    text = document(record)
    assert "s207" not in section(text, "Table 6")
    assert "not counted as the paper's samples" in text
    assert "| s207 " in section(text, "Sample by sample: Set 2")


def test_the_grid_has_a_row_for_every_model_that_the_paper_tried(summaries):
    text = section(tables.document(PAPER, summaries), "Section 4.5: width and input size")
    assert cells(row(text, "alpha-0.25"))[-2:] == ["-", "0.61 ± 0.53"]
    assert cells(row(text, "alpha-0.4"))[-2:] == ["0.31 ± 0.24", "0.50 ± 0.44"]
    assert cells(row(text, "size-56"))[-2:] == ["-", "0.65 ± 0.81"]
    assert cells(row(text, "reduced"))[-2:] == ["0.32 ± 0.27", "0.43 ± 0.36"]
    assert cells(row(text, "original"))[-2:] == ["0.22 ± 0.25", "0.36 ± 0.37"]
    assert row(text, "size-168").count("not evaluated") == 4
    assert row(text, "original").count(" 299.5 ") == 1


def test_simulated_is_said_in_the_title_and_in_every_caption_above_figures_of_ours(summaries):
    text = tables.document(PAPER, summaries)
    assert text.splitlines()[0].endswith("on simulated slides")
    blocks = text.split("\n\n")
    ours = [n for n, block in enumerate(blocks) if block.startswith("|") and "[^" in block]
    assert len(ours) > 20
    for n in ours:
        headings = [block for block in blocks[:n] if block.startswith("## ")]
        start = blocks.index(headings[-1])
        assert any("**simulated**" in block for block in blocks[start:n]), blocks[n][:200]
    footnotes = text.split("## Notes")[1]
    assert "Simulated slides, not tissue" in footnotes


def test_real_slides_are_not_called_simulated_and_stand_beside_the_papers_before_simulated_ones():
    real = make_evaluation(errors_um=(0.9, 0.9), simulated=False, set="jiang2018")
    text = document(real)
    assert "imulated" not in text.split("## The paper's tables, checked")[0]
    both = document(real, make_evaluation())
    assert "Ours: original[^1]" in section(both, "Table 2")
    assert "[^1]: Real slides: data set jiang2018" in both
    assert "Some of the slides are simulated" in both
    assert "### made-up-slides, test-1" in both
    assert "real slides" not in row(section(both, "Other data sets"), "made-up-slides")


def test_other_data_sets_have_a_row_a_stack_and_say_where_a_model_collapses(summaries):
    text = section(tables.document(PAPER, summaries), "Other data sets")
    assert len(re.findall(r"^\| s\d+_l\d ", text, re.M)) == 2 * 17
    original, reduced = text.split("`original` on")[1].split("`reduced` on")
    assert original.count("**yes**") == 17
    assert "**yes**" not in reduced
    assert "17 of 17 stacks" in row(text, "original")


def test_other_data_sets_say_how_they_were_made_and_mark_what_a_model_was_trained_on():
    exact_optics = {"optics": "exact", "source_points": 37, "field": "small", "format": "jpeg"}
    known = other_set("reduced")
    known["seen_stacks"] = {"test-1": ["s16_l1", "s17_l2"]}
    made = [
        make_evaluation(),
        known,
        other_set("student"),
        other_set("student", name="b-exact", setup=exact_optics),
        other_set("student", name="c-outside", setup={"optics": "linear", "microscope": "outside"}),
        other_set("student", name="d-old", setup={}),
    ]
    text = section(document(*made), "Other data sets")
    assert "saw" not in text
    for start, expected in {
        "made-up-objects": ["linear", "1 real image", "the test sets'", "as stored (PNG, lossless)", "17"],
        "b-exact": ["exact, 37 source points", "procedural tissue", "the test sets'", "as stored (JPEG)", "17"],
        "c-outside": ["linear", "procedural tissue", "outside", "as stored", "17"],
        "d-old": ["-", "-", "-", "as stored", "17"],
    }.items():
        assert cells(row(text, start))[2:] == expected
    reduced, student = text.split("`reduced` on")[1].split("`student` on")[:2]
    assert reduced.count("**its object**") == 2
    assert cells(row(reduced, "s17_l2"))[1] == "**its object**"
    assert "**its object**" not in student
    assert "2 of 17 stacks" in document(*made).split("## Notes")[1]


def test_every_model_of_the_zoo_is_drawn_and_has_its_stacks_listed():
    names = ("original-single", "original", "reduced", "reduced-single", "student", "alpha-0.4")
    main = [make_evaluation(each, kind="single" if "single" in each else "difference") for each in names]
    made = [summarise(record) for record in [*main, *map(other_set, names)]]
    view = evaluated.view(made)
    points = [one.labels[0] for one in sensitivities.macs(view).chart.panels[0].series]
    assert sorted(points) == sorted(names)
    assert {one.name for one in defocus.of_evaluations(view).chart.panels[0].series} == set(names[:-1])
    listed = set(re.findall(r"^`([a-z-]+)` on made-up-objects", tables.document(PAPER, made), re.M))
    assert listed == set(names[:-1])


def test_collapsed_stacks_of_the_papers_sets_are_named():
    text = document(make_evaluation(of=constant))
    assert "`original` collapses on s101_l1, s102_l1" in section(text, "All figures: Set 1")
    assert "No model collapses" in section(document(make_evaluation()), "All figures: Set 1")


def test_shares_have_intervals_over_stacks():
    text = section(document(make_evaluation("original", (0.4, 0.4), of=one_wrong)), "All figures: Set 1")
    right, collapsed = (cells(row(text.split("Within 0.5 um")[1], "original"))[place] for place in (4, 8))
    assert re.fullmatch(r"94\.1 % \[7\d\.\d, 100\.0\]", right)
    assert collapsed == "1 of 17 stacks"


def test_a_sample_whose_number_is_no_number_stands_in_the_table():
    record = make_evaluation()
    record["splits"]["test-1"] = [image | {"sample": "s\u00b2"} for image in record["splits"]["test-1"]]
    record["sample_name"] = {"test-1": {}, "test-2": {}}
    assert "| s\u00b2 " in section(document(record), "Sample by sample: Set 1")


def test_a_newer_model_or_data_set_replaces_the_older_and_a_whole_evaluation_a_quick_look():
    old = make_evaluation("reduced", set="made-up-objects")
    old["model"] = old["model"] | {"sha256": "e" * 64}
    new = make_evaluation("reduced", created="2026-01-02T03:04:05Z")
    quick = make_evaluation("reduced", limit=2, created="2026-01-03T03:04:05Z")
    text = document(old, new, quick)
    assert "in no table: `reduced_made-up-objects`, `reduced_made-up-slides_n2`." in text
    assert "Other data sets" not in text
    stale = make_evaluation("alpha-0.4")
    stale["data"]["sha256"] = "f" * 64
    assert "in no table: `alpha-0.4_made-up-slides`." in document(stale, new)


def test_a_quick_look_says_so_at_every_figure():
    record = make_evaluation(limit=1)
    record["splits"] = {split: of[:5] for split, of in record["splits"].items()}
    text = document(record)
    note = re.search(r"\[\^(\d+)\]: A quick look: 5 of 85 images, of 1 stacks\.", text)[1]
    assert f"[^{note}]" in row(section(text, "Table 2"), "Same")


def test_every_mark_has_its_footnote_and_every_footnote_its_mark(summaries):
    body, notes = tables.document(PAPER, summaries).split("## Notes")
    assert sorted(set(re.findall(r"\[\^(\d+)\]", body)), key=int) == re.findall(r"^\[\^(\d+)\]:", notes, re.M)


def test_many_models_are_spread_over_several_tables():
    made = [make_evaluation(f"m{n}", (0.3,)) for n in range(8)]
    made = [record | {"data": make_evaluation()["data"]} for record in made]
    text = section(document(*made), "By defocus: Set 1")
    assert text.count("| Defocus (um)") == 2


def test_figures_are_drawn_where_there_is_enough_for_them(summaries):
    names = ["error-macs", "error-defocus", "error-jpeg"]
    assert [one.name for one in build.charts([tables.page(PAPER, summaries)])] == names
    assert [one.name for one in build.charts([tables.page(PAPER, summaries[:1])])] == names[1:2]


def test_the_report_on_disk_is_checked_with_its_figures(tmp_path):
    results, reports = tmp_path / "results", tmp_path / "results" / "reports"
    for record in records()[:2]:
        evaluation.save(record, results)
    with pytest.raises(ReportError, match="missing"):
        write.check_evaluations(results, reports)
    path = write.tables(results, reports)
    assert write.check_evaluations(results, reports) == [path]
    (reports / "error-defocus.svg").unlink()
    with pytest.raises(ReportError, match=r"error-defocus\.svg"):
        write.check_evaluations(results, reports)
    write.tables(results, reports)
    evaluation.save(make_evaluation(errors_um=(0.5, 0.5)), results)
    with pytest.raises(ReportError, match="out of date"):
        write.check_evaluations(results, reports)
