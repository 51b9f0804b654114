"""Regions of pages that people write, made again from the records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from make_records import make_record

from edgebench.cli.main import main
from edgebench.errors import ReportError
from edgebench.records import published, store
from edgebench.records.summary import summarise
from edgebench.report import material, readme, regions

BEGIN, END = "<!-- edgebench:region results -->", "<!-- /edgebench:region -->"
BLOCKS = {"results": "| a |\n| --- |\n| 1 |", "picture": "![x](y.svg)"}


@pytest.fixture
def page(tmp_path):
    file = tmp_path / "README.md"
    file.write_text(f"# Mine\n\nbefore  \n{BEGIN}\nold\n{END}\nafter\n")
    return file


def test_a_region_gets_its_block_and_what_is_around_it_stays(page):
    assert regions.update([page], BLOCKS) == [page]
    assert page.read_text() == f"# Mine\n\nbefore  \n{BEGIN}\n\n| a |\n| --- |\n| 1 |\n\n{END}\nafter\n"


def test_a_second_update_changes_nothing(page):
    regions.update([page], BLOCKS)
    assert regions.update([page], BLOCKS) == []
    assert regions.check([page], BLOCKS) == [page]


def test_an_old_region_fails_the_check_by_file_and_line(page):
    with pytest.raises(ReportError, match=r"README.md: a region is out of date from line 5 on"):
        regions.check([page], BLOCKS)


def test_an_unknown_region_is_one_line_with_the_known_ones_and_nothing_is_written(page, tmp_path):
    other = tmp_path / "other.md"
    other.write_text(f"{BEGIN.replace('results', 'reslts')}\n{END}\n")
    before = page.read_text()
    with pytest.raises(ReportError, match=r"no region 'reslts' is known. Regions: picture, results."):
        regions.update([page, other], BLOCKS)
    assert page.read_text() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{BEGIN}\nx\n", "region 'results' does not end"),
        (f"{END}\n", "line 1: a region ends, but none has begun"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", "line 2: a region begins inside region 'results'"),
    ],
)
def test_broken_marks_are_one_line(tmp_path, text, said):
    file = tmp_path / "a.md"
    file.write_text(text)
    with pytest.raises(ReportError, match=said):
        regions.update([file], BLOCKS)


def test_marks_in_a_code_block_are_text(tmp_path):
    file = tmp_path / "README.md"
    file.write_text(f"```\n{BEGIN}\n```\n")
    assert regions.pages(tmp_path) == []
    assert regions.update([file], BLOCKS) == []


def test_pages_with_regions_are_found_in_readme_and_docs(page, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text(f"{BEGIN}\n{END}\n")
    (tmp_path / "docs/b.md").write_text("nothing\n")
    assert regions.pages(tmp_path) == [page, tmp_path / "docs/a.md"]


@pytest.fixture
def edgebench(monkeypatch, capsys, tmp_path):
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["edgebench", *map(str, arguments), "--results", str(tmp_path / "results")])
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capsys.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return call


def test_report_writes_the_regions_beside_its_results_and_check_sees_an_old_one(edgebench, page, tmp_path):
    store.save(make_record(), tmp_path / "results")
    write = ("report", "--format", "markdown")
    code, out, err = edgebench(*write)
    assert (code, err) == (0, "")
    assert "README.md" in out
    assert "Nothing has been measured yet." in page.read_text()  # of the paper's models, on every image
    assert edgebench(*write, "--check")[0] == 0
    page.write_text(page.read_text().replace("Nothing", "Much"))
    code, _, err = edgebench(*write, "--check")
    assert code == 2
    assert "README.md: a region is out of date" in err
    edgebench(*write, "--out", tmp_path / "elsewhere")
    assert "Much has been measured" in page.read_text()  # a report elsewhere is not this page's


def measured(**more):
    found = summarise(make_record(threads=1, **more))
    return replace(found, times={split: replace(one, patches=26_240) for split, one in found.times.items()})


def test_the_short_table_has_the_paper_and_what_was_measured_on_every_image_in_a_board_s_format():
    runs = (
        measured(),
        measured(target="tflite-int8"),
        measured(target="onnx-float32", backend="onnxruntime"),
        measured(device="pi4", emulated=True),
        summarise(make_record(threads=1, model="original")),  # fewer patches
    )
    paper = published.load(published.find(material.PAPER, Path("none")))
    blocks = readme.blocks(material.of(paper, runs))
    rows = [line for line in blocks["results"].splitlines() if line.startswith("|")][2:]
    assert [row.split("|")[2].split(",")[0].strip() for row in rows] == [
        "the paper's machine",
        "the paper's machine",
        "tflite-float32",
        "tflite-int8",
    ]
    assert "**Our slides are simulated**" in blocks["results"]
    assert "](results/reports/error-latency.svg)" in blocks["picture"]


def test_the_times_are_the_sums_of_the_processes_of_each_device():
    record = {**make_record(), "processes": [{"seconds": 90.0}, {"seconds": 150.0}]}
    runs = (replace(summarise(make_record()), record=record), measured(target="tflite-int8"))  # one without processes
    paper = published.load(published.find(material.PAPER, Path("none")))
    found = readme.blocks(material.of(paper, runs))["times"].splitlines()
    assert [cell.strip() for cell in found[-1].split("|")[1:-1]] == ["local", "reduced", "all", "1", "4"]
