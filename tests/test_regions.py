"""Regions of pages that people write, made again from the records."""

from __future__ import annotations

import pytest

from edgebench.errors import ReportError
from edgebench.report import regions

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
