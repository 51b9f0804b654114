"""The report on Tables 1 to 6 is a function of results/ alone; its text is compared with a golden file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from make_evaluations import images, make_evaluation

from edgebench.errors import ReportError
from edgebench.records import evaluation, published
from edgebench.records.evaluation_summary import summarise
from edgebench.report import evaluated, grid, plots, tables, write

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden" / "tables-1-6.md"
PAPER = ROOT / "results" / "published" / "rai-dastidar-2019.json"


@pytest.fixture(scope="module")
def paper():
    return published.load(PAPER)


def constant(split, error_um):
    """The answers of a network that has collapsed."""
    return [image | {"patches_um": [0.5] * 5} for image in images(split, error_um)]


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


def document(paper, *made):
    return tables.document(paper, [summarise(record) for record in made])


def section(text, title):
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def row(text, start):
    return next(line for line in text.splitlines() if line.startswith(f"| {start}"))


def cells(line):
    return [re.sub(r"\[\^\d+\]", "", cell).strip() for cell in line.strip("|").split("|")]


def test_the_report_is_the_golden_one(paper, summaries):
    text = tables.document(paper, summaries)
    if os.environ.get("EDGEBENCH_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "EDGEBENCH_UPDATE_GOLDEN=1 writes it anew"


def test_the_order_in_which_records_are_read_changes_nothing(paper, summaries):
    assert tables.document(paper, summaries) == tables.document(paper, summaries[::-1])


def test_without_a_record_the_papers_figures_stand_beside_cells_that_say_not_evaluated(paper):
    text = document(paper)
    assert "Nothing has been evaluated yet" in text
    assert "simulated" not in text
    assert cells(row(section(text, "Table 2"), "Different"))[1:5] == [
        "0.36 ± 0.37",
        "1.94 ± 1.91",
        "0.53 ± 0.59",
        "not evaluated",
    ]
    assert row(section(text, "Table 6"), "Sample 13").count("not evaluated") == 3
    assert len(re.findall(r"^\| Sample \d+ ", text, re.M)) == 26
    assert "Nothing to choose from" in text


def test_tables_of_single_images_and_of_differences_have_models_of_their_own(paper, summaries):
    text = tables.document(paper, summaries)
    for number in (1, 3, 4):
        assert "Ours: original-single[^" in section(text, f"Table {number}")
    for number in (2, 5, 6):
        assert "Ours: original[^" in section(text, f"Table {number}")


def test_samples_get_the_papers_names_from_the_record_alone(paper):
    record = make_evaluation()
    assert "| Sample 13 (s207)" in section(document(paper, record), "Table 6")
    record["sample_name"] = {"test-1": {}, "test-2": {}}
    text = document(paper, record)
    assert "s207" not in section(text, "Table 6")
    assert "not counted as the paper's samples" in text
    assert "| s207 " in section(text, "Sample by sample: Set 2")


def test_the_grid_has_a_row_for_every_model_that_the_paper_tried(paper, summaries):
    text = section(tables.document(paper, summaries), "Section 4.5: width and input size")
    assert cells(row(text, "alpha-0.25"))[-2:] == ["-", "0.61 ± 0.53"]
    assert cells(row(text, "alpha-0.4"))[-2:] == ["0.31 ± 0.24", "0.50 ± 0.44"]
    assert cells(row(text, "size-56"))[-2:] == ["-", "0.65 ± 0.81"]
    assert cells(row(text, "reduced"))[-2:] == ["0.32 ± 0.27", "0.43 ± 0.36"]
    assert cells(row(text, "original"))[-2:] == ["0.22 ± 0.25", "0.36 ± 0.37"]
    assert row(text, "size-168").count("not evaluated") == 4
    assert row(text, "original").count(" 299.5 ") == 1


def rule(paper, *made):
    return " ".join(grid.rule(paper, evaluated.view([summarise(record) for record in made])))


def exact(split, error_um):
    """Every answer off by exactly error_um."""
    return [image | {"patches_um": [image["z_nm"] / 1000 + error_um] * 5} for image in images(split, 0)]


def test_the_smallest_width_that_is_no_worse_than_jiangs_best_is_chosen_and_then_the_smallest_size(paper):
    made = [
        make_evaluation("original", (0.2, 0.3), of=exact),
        make_evaluation("alpha-0.4", (0.2, 0.53), alpha=0.4, of=exact),  # no worse
        make_evaluation("alpha-0.25", (0.2, 0.531), alpha=0.25, of=exact),
        make_evaluation("reduced", (0.2, 0.5), alpha=0.4, input_size=112, of=exact),
        make_evaluation("size-56", (0.2, 0.6), alpha=0.4, input_size=56, of=exact),
    ]
    assert "Chosen of ours: `reduced`** (alpha 0.4, 112 px): 0.50 um" in rule(paper, *made)
    assert "`alpha-0.4`** (alpha 0.4, 224 px)" in rule(paper, *made[:2])
    missing = "`alpha-0.75`, `alpha-0.6`, `alpha-0.5`, `size-168`"
    assert f"Not evaluated, so not in the choice: {missing}." in rule(paper, *made)
    assert "No width passes." in rule(paper, *made[2:3])
    assert "this limit is nominal" in rule(paper, *made)
    real = [record | {"data": record["data"] | {"simulated": False}} for record in made]
    assert "nominal" not in rule(paper, *real)


def test_where_a_smaller_width_passes_it_is_said_that_sizes_were_tried_at_another(paper):
    made = [
        make_evaluation("alpha-0.25", (0.2, 0.4), alpha=0.25, of=exact),
        make_evaluation("reduced", (0.2, 0.4), alpha=0.4, input_size=112, of=exact),
    ]
    text = rule(paper, *made)
    assert "Chosen of ours: `alpha-0.25`**" in text
    assert "there the smallest that passes is `reduced` (112 px)" in text


def test_models_are_compared_with_the_original_image_by_image(paper):
    made = [make_evaluation(of=exact), make_evaluation("reduced", (0.25, 0.3), alpha=0.4, input_size=112, of=exact)]
    text = document(paper, *made).split("### Against the original model")[1].split("##")[0]
    assert cells(row(text, "reduced"))[1:] == ["+0.050 [+0.050, +0.050]", "-0.050 [-0.050, -0.050]"]


def test_simulated_is_said_in_the_title_and_in_every_caption_above_figures_of_ours(paper, summaries):
    text = tables.document(paper, summaries)
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


def test_real_slides_are_not_called_simulated_and_stand_beside_the_papers_before_simulated_ones(paper):
    real = make_evaluation(errors_um=(0.9, 0.9), simulated=False, set="jiang2018")
    text = document(paper, real)
    assert "imulated" not in text.split("## The paper's tables, checked")[0]
    both = document(paper, real, make_evaluation())
    assert "Ours: original[^1]" in section(both, "Table 2")
    assert "[^1]: Real slides: data set jiang2018" in both
    assert "Some of the slides are simulated" in both
    assert "### made-up-slides, test-1" in both


def test_what_a_model_never_saw_has_a_row_a_stack_and_says_where_it_collapses(paper, summaries):
    text = section(tables.document(paper, summaries), "What it never saw")
    assert len(re.findall(r"^\| s\d+_l\d ", text, re.M)) == 2 * 17
    original, reduced = text.split("`original` on")[1].split("`reduced` on")
    assert original.count("**yes**") == 17
    assert "**yes**" not in reduced
    assert "17 of 17 stacks" in row(text, "original")


def test_collapsed_stacks_of_the_papers_sets_are_named(paper):
    text = document(paper, make_evaluation(of=constant))
    assert "`original` collapses on s101_l1, s102_l1" in section(text, "All figures: Set 1")
    assert "No model collapses" in section(document(paper, make_evaluation()), "All figures: Set 1")


def test_jpeg_qualities_stand_beside_one_another_only_where_there_are_several(paper, summaries):
    text = section(tables.document(paper, summaries), "Sensitivity to JPEG compression")
    assert cells(row(text, "Model")) == ["Model", "as stored", "75"]
    assert not re.search(r"^\| original", text, re.M)
    assert "Sensitivity" not in document(paper, make_evaluation())


def test_a_newer_model_or_data_set_replaces_the_older_and_a_whole_evaluation_a_quick_look(paper):
    old = make_evaluation("reduced", set="made-up-objects")
    old["model"] = old["model"] | {"sha256": "e" * 64}
    new = make_evaluation("reduced", created="2026-01-02T03:04:05Z")
    quick = make_evaluation("reduced", limit=2, created="2026-01-03T03:04:05Z")
    text = document(paper, old, new, quick)
    assert "in no table: `reduced_made-up-objects`, `reduced_made-up-slides_n2`." in text
    assert "never saw" not in text
    stale = make_evaluation("alpha-0.4")
    stale["data"]["sha256"] = "f" * 64
    assert "in no table: `alpha-0.4_made-up-slides`." in document(paper, stale, new)


def test_a_quick_look_says_so_at_every_figure(paper):
    record = make_evaluation(limit=1)
    record["splits"] = {split: of[:5] for split, of in record["splits"].items()}
    text = document(paper, record)
    note = re.search(r"\[\^(\d+)\]: A quick look: 5 of 85 images, of 1 stacks\.", text)[1]
    assert f"[^{note}]" in row(section(text, "Table 2"), "Same")


def test_every_mark_has_its_footnote_and_every_footnote_its_mark(paper, summaries):
    body, notes = tables.document(paper, summaries).split("## Notes")
    assert sorted(set(re.findall(r"\[\^(\d+)\]", body)), key=int) == re.findall(r"^\[\^(\d+)\]:", notes, re.M)


def test_many_models_are_spread_over_several_tables(paper):
    made = [make_evaluation(f"m{n}", (0.3,)) for n in range(8)]
    made = [record | {"data": make_evaluation()["data"]} for record in made]
    text = section(document(paper, *made), "By defocus: Set 1")
    assert text.count("| Defocus (um)") == 2


def test_figures_are_drawn_where_there_is_enough_for_them_and_are_the_same_twice(tmp_path, summaries):
    view = evaluated.view(summaries)
    assert plots.names(view) == (plots.MACS, plots.DEFOCUS, plots.JPEG)
    assert plots.names(evaluated.view(summaries[:1])) == (plots.DEFOCUS,)
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        plots.draw(view, tmp_path / name)
        found.append({path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())})
    assert found[0] == found[1]
    assert all(b"tEXt" not in png and b"tIME" not in png for png in found[0].values())


def test_the_report_on_disk_is_checked_with_its_figures(tmp_path):
    results, reports = tmp_path / "results", tmp_path / "results" / "reports"
    for record in records()[:2]:
        evaluation.save(record, results)
    assert write.has_tables(results, reports)
    with pytest.raises(ReportError, match="missing"):
        write.check_tables(results, reports)
    path = write.tables(results, reports)
    assert write.check_tables(results, reports) == path
    (reports / plots.DEFOCUS).unlink()
    with pytest.raises(ReportError, match=plots.DEFOCUS):
        write.check_tables(results, reports)
    write.tables(results, reports)
    evaluation.save(make_evaluation(errors_um=(0.5, 0.5)), results)
    with pytest.raises(ReportError, match="out of date"):
        write.check_tables(results, reports)
