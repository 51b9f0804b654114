"""With --json a command prints one document on standard output, with the exit code it has anyhow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from make_records import make_record

from edgebench.cli.about import commands
from edgebench.cli.commands import COMMANDS
from edgebench.cli.main import app, main
from edgebench.records import store

WITHOUT = {"train", "sweep", "prune", "data show", "devices calibrate"}  # their result is a file, or a text for eyes


@pytest.fixture
def edgebench(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, object]:
        monkeypatch.setattr("sys.argv", ["edgebench", *map(str, arguments), "--json"])
        with pytest.raises(SystemExit) as exit:
            main()
        out = capsys.readouterr().out
        return exit.value.code or 0, json.loads(out, parse_constant=pytest.fail)

    return call


@pytest.fixture
def record(tmp_path) -> Path:
    return store.save(make_record(), tmp_path / "results")


def test_every_command_with_a_result_has_json_and_says_what_is_in_it():
    for path, info in commands(app):
        names = {name for name in info.callback.__annotations__ if name in ("json", "as_json")}
        assert bool(names) is (path not in WITHOUT), path
        assert bool(COMMANDS[path].machine) is (path not in WITHOUT), path


def test_check_has_the_numbers_of_a_record_without_its_raw_samples(edgebench, record):
    code, found = edgebench("check", record)
    assert code == (1 if found[0]["verdicts"] else 0)
    assert found[0]["id"] == record.stem
    assert found[0]["errors"]["test-1"]["mean_um"] > 0
    assert "samples_ns" not in json.dumps(found)


def test_compare_of_a_record_with_itself_finds_nothing_worse(edgebench, record):
    code, found = edgebench("compare", record, record)
    assert (code, found["regressions"]) == (0, [])
    assert found["base"]["id"] == found["other"]["id"]
    assert "samples_ns" not in json.dumps(found)


def test_inspect_tells_the_operators_that_run(edgebench, tiny_models):
    code, found = edgebench("inspect", "tiny/tflite-int8", "--models", tiny_models)
    assert (code, found["backend"]) == (0, "litert")
    assert found["executed"]["operators"]


def test_a_plan_has_its_cells_and_processes(edgebench, tiny_models, tiny_dataset):
    code, found = edgebench("run", "tiny/tflite-int8", "--models", tiny_models, "--data", tiny_dataset, "--plan")
    assert code == 0
    assert len(found["cells"]) == 1
    assert {process["cell"] for process in found["left"]} == {found["cells"][0]["id"]}


def test_data_are_counted(edgebench, tiny_dataset):
    code, found = edgebench("data", "check", tiny_dataset)
    assert (code, found["findings"]) == (0, [])
    assert found["splits"]["test-1"]["stacks"] == 2
    assert len(edgebench("data", "list", tiny_dataset, "--split", "test-1")[1]["stacks"]) == 2


def test_what_is_wrong_with_data_is_in_the_document_and_the_exit_code(edgebench, tiny_dataset, tmp_path):
    copy = tmp_path / "copy"
    for file in tiny_dataset.rglob("*.jpg"):
        to = copy / file.relative_to(tiny_dataset)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(file.read_bytes())
    next(iter(sorted(copy.rglob("s16_l1/*.jpg")))).write_bytes(b"no image")
    code, found = edgebench("data", "check", copy)
    assert code == 2
    assert [one["split"] for one in found["findings"]] == ["test-1"]


def test_devices_are_listed_shown_and_examined(edgebench):
    assert "local" in edgebench("devices", "list")[1]["devices"]
    assert edgebench("devices", "show", "local")[1]["cores"] >= 1
    assert "load" in edgebench("devices", "state", "local")[1]
    code, found = edgebench("devices", "doctor", "local")
    assert code == (0 if any(line["good"] for line in found["lines"]) else 1)
