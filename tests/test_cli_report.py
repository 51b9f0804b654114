"""edgebench report: exit codes and one-line errors."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from make_classical import changed, lorentzian, make_classical
from make_records import make_record

from edgebench.cli.main import main
from edgebench.records import classical, store

PAPER = Path(__file__).parents[1] / "results" / "published"


@pytest.fixture
def results(tmp_path):
    shutil.copytree(PAPER, tmp_path / "results" / "published")
    return tmp_path / "results"


@pytest.fixture
def edgebench(monkeypatch, capsys, results):
    def run(*options):
        monkeypatch.setattr(sys, "argv", ["edgebench", "report", "--results", str(results), *options])
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capsys.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run


def test_the_report_is_written_and_its_path_said(edgebench, results):
    store.save(make_record(), results)
    code, out, _ = edgebench()
    assert code == 0
    assert "records: 1" in out
    assert "simulated" in out
    assert (results / "reports" / "table7.md").read_text().startswith("# Table 7")
    index = results / "reports" / "index.html"
    assert out.splitlines()[-1] == f"the report, to be opened in a browser: {index}"
    assert index.read_text().startswith("<!doctype html>")


def test_another_folder_can_be_named(edgebench, tmp_path, results):
    code, _, _ = edgebench("--out", str(tmp_path / "there"))
    assert code == 0
    assert (tmp_path / "there" / "table7.md").exists()
    assert not (results / "reports").exists()


def test_without_records_the_report_is_still_made_and_says_so(edgebench, results):
    code, out, _ = edgebench()
    assert code == 0
    assert "not run" in out
    assert "not run" in (results / "reports" / "table7.md").read_text()


def test_check_says_up_to_date_and_writes_nothing(edgebench, results):
    store.save(make_record(), results)
    edgebench()
    path = results / "reports" / "table7.md"
    before = path.stat().st_mtime_ns
    code, out, _ = edgebench("--check")
    assert code == 0
    assert "up to date" in out
    assert path.stat().st_mtime_ns == before


def test_the_page_on_classical_autofocus_is_made_and_checked_where_there_is_a_record(edgebench, results):
    edgebench()
    assert not (results / "reports" / "classical.md").exists()
    classical.save(make_classical(), results)
    code, _, error = edgebench("--check")
    assert code == 2
    assert "classical.md: missing" in error
    assert edgebench()[0] == 0
    code, out, _ = edgebench("--check")
    assert code == 0
    assert "classical.md: up to date" in out
    assert not (results / "reports" / "tables-1-6.md").exists()
    classical.save(changed(make_classical(), brenner=lorentzian(1.5)), results)
    code, _, error = edgebench("--check")
    assert code == 2
    assert "classical.md: out of date" in error


def test_check_fails_where_the_report_is_missing(edgebench, results):
    code, _, error = edgebench("--check")
    assert code == 2
    assert error.startswith("edgebench: error: ")
    assert "missing" in error
    assert error.count("\n") == 1
    assert not (results / "reports").exists()


def test_check_fails_after_a_new_record(edgebench, results):
    edgebench()
    store.save(make_record(), results)
    code, _, error = edgebench("--check")
    assert code == 2
    assert "out of date" in error


def test_a_damaged_record_is_named_with_exit_code_2(edgebench, results):
    path = store.save(make_record(), results)
    path.write_text(path.read_text()[:1000])
    code, _, error = edgebench()
    assert code == 2
    assert path.name in error
    assert "Traceback" not in error


def test_a_record_of_a_newer_schema_asks_for_a_newer_edgebench(edgebench, results):
    path = store.save(make_record(), results)
    raw = json.loads(path.read_text()) | {"schema": 2, "edgebench": "0.7.0"}
    path.write_text(json.dumps(raw))
    code, _, error = edgebench()
    assert code == 2
    assert "Install edgebench 0.7.0 or later" in error


def test_a_results_folder_that_is_not_there_is_named(edgebench, results):
    shutil.rmtree(results)
    code, _, error = edgebench()
    assert code == 2
    assert str(results) in error
    assert "--results" in error
    assert not results.exists()


def test_one_page_in_the_formats_asked_for_is_all_that_is_written(edgebench, results):
    store.save(make_record(), results)
    code, out, _ = edgebench("samples", "--format", "csv", "--format", "json")
    assert code == 0
    assert {path.name for path in (results / "reports").iterdir()} == {"samples.csv", "samples.json"}
    assert "samples.json" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["table8"], "no page 'table8' of a report. Pages: table7, matrix, samples, quantisation, devices, all."),
        (["--format", "pdf"], "no format 'pdf' of a report. Formats: markdown, html, csv, json, latex."),
    ],
)
def test_a_wrong_page_or_format_is_one_line_before_a_record_is_read(edgebench, results, options, said):
    store.save(make_record(), results).write_text("{")
    code, _, error = edgebench(*options)
    assert code == 2
    assert error == f"edgebench: error: {said}\n"


@pytest.mark.parametrize("name", ["index.md", "matrix.md", "samples.md", "quantisation.md", "devices.md", "index.html"])
def test_check_covers_every_page_that_is_written(edgebench, results, name):
    store.save(make_record(), results)
    edgebench()
    path = results / "reports" / name
    path.write_text(path.read_text().replace("simulated", "real", 1))
    code, _, error = edgebench("--check")
    assert code == 2
    assert f"{name}: out of date" in error


def test_check_asks_for_every_page_but_for_index_html_which_is_not_kept(edgebench, results):
    store.save(make_record(), results)
    edgebench()
    (results / "reports" / "index.html").unlink()
    assert edgebench("--check")[0] == 0
    (results / "reports" / "error-latency.svg").unlink()
    code, _, error = edgebench("--check")
    assert code == 2
    assert "error-latency.svg: missing" in error


def test_as_json_the_files_are_listed(edgebench, results):
    store.save(make_record(), results)
    code, out, _ = edgebench("devices", "--format", "latex", "--json")
    assert code == 0
    assert json.loads(out) == {
        "files": [str(results / "reports" / "devices.tex")],
        "records": 1,
        "simulated": True,
    }
