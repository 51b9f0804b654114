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
