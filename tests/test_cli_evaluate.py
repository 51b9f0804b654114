"""edgebench evaluate: exit codes, what is printed, and one whole run with real runtimes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import make_stacks
import pytest
from make_evaluations import make_evaluation

from edgebench.cli.main import main
from edgebench.evaluation import subjects
from edgebench.records import evaluation

PAPER = Path(__file__).parents[1] / "results" / "published"


@pytest.fixture
def results(tmp_path):
    shutil.copytree(PAPER, tmp_path / "results" / "published")
    return tmp_path / "results"


@pytest.fixture
def edgebench(monkeypatch, capsys, results, tmp_path):
    (tmp_path / "models").mkdir()

    def run(command, *options):
        folders = ["--results", str(results)]
        folders += ["--models", str(tmp_path / "models")] if command == "evaluate" else []
        monkeypatch.setattr(sys, "argv", ["edgebench", command, *folders, *options])
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capsys.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run


def test_models_and_artifacts_are_evaluated_and_reported_and_the_second_call_skips(tiny_models, tiny_dataset, results):
    command = [sys.executable, "-c", "from edgebench.cli.main import main; main()", "evaluate"]
    command += ["tiny", "tiny/tflite-int8", "--models", str(tiny_models), "--data", str(tiny_dataset)]
    command += ["--results", str(results), "--jpeg-quality", "stored", "--jpeg-quality", "60"]
    env = os.environ | {"COLUMNS": "80"}
    first = subprocess.run(command, capture_output=True, text=True, env=env)
    assert first.returncode == 0, first.stderr[-2000:]
    found = {record["id"]: record for record in evaluation.load_each(results)}
    assert set(found) == {
        "tiny_jiang2018",
        "tiny_jiang2018_q60",
        "tiny_jiang2018_tflite-int8",
        "tiny_jiang2018_tflite-int8_q60",
    }
    trained, quantised = found["tiny_jiang2018"], found["tiny_jiang2018_tflite-int8"]
    assert (trained["backend"]["name"], quantised["backend"]["name"]) == ("keras", "litert")
    for one, other in zip(trained["splits"]["test-1"], quantised["splits"]["test-1"], strict=True):
        assert one["contrast"] == other["contrast"]
        assert one["patches_um"] == pytest.approx(other["patches_um"], abs=0.5)  # um; 8 bits of an untrained network
    assert "simulated" not in first.stdout
    for word in ("tiny/", "tflite-int8", "test-2 q60", "collapsed"):
        assert word in first.stdout
    assert "tiny tflite-int8" in (results / "reports" / "tables-1-6.md").read_text()
    second = subprocess.run(command, capture_output=True, text=True, env=env)
    assert second.stderr.count("skipped, its record is there (--force evaluates again)") == 4


def test_without_a_model_only_the_report_is_made(edgebench, results):
    evaluation.save(make_evaluation(), results)
    code, out, _ = edgebench("evaluate")
    assert code == 0
    assert str(results / "reports" / "tables-1-6.md") in out
    assert (results / "reports" / "tables-1-6.md").read_text().startswith("# Tables 1 to 6")


def test_report_makes_and_checks_the_tables_where_there_is_an_evaluation(edgebench, results):
    edgebench("report")
    assert not (results / "reports" / "tables-1-6.md").exists()
    evaluation.save(make_evaluation(), results)
    code, _, error = edgebench("report", "--check")
    assert (code, "tables-1-6.md: missing" in error) == (2, True)
    edgebench("report")
    code, out, _ = edgebench("report", "--check")
    assert code == 0
    assert "tables-1-6.md: up to date" in out
    evaluation.save(make_evaluation(errors_um=(0.7, 0.8)), results)
    code, _, error = edgebench("report", "--check")
    assert code == 2
    assert "out of date" in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nothing"], "no model 'nothing'"),
        (["nothing", "--jpeg-quality", "0"], "--jpeg-quality is '0'. Give 1 to 100"),
        (["nothing", "--jpeg-quality", "lossless"], "or 'stored' for the files as they are"),
        (["--method", "all", "--stacks", "3"], "--stacks is for models, and no model is named"),
        (["--method", "all", "--jpeg-quality", "75"], "--jpeg-quality is for models"),
        (["--stacks", "3"], "Name one, or leave --stacks out"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_code_2(edgebench, results, options, message):
    code, _, error = edgebench("evaluate", *options)
    assert code == 2
    assert error.count("\n") == 1
    assert message in error
    assert not (results / "reports").exists()


@pytest.mark.parametrize("package", ["tabulate", "matplotlib"])
@pytest.mark.parametrize("options", [["tiny"], ["--method", "all"], []])
def test_what_the_report_needs_is_missed_before_anything_is_evaluated(
    edgebench, monkeypatch, results, tiny_dataset, package, options
):
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    monkeypatch.setattr(subjects, "find", lambda *_: pytest.fail("a model was looked for"))
    code, out, error = edgebench("evaluate", *options, "--data", str(tiny_dataset))
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert f"the report needs {package}, which {sys.executable} cannot import" in error
    assert "pip install 'edgebench[report]'" in error
    assert not (results / "evaluations").exists()


def test_stacks_that_show_objects_of_the_training_are_warned_of_in_one_line(
    edgebench, results, tmp_path, tiny_models, tiny_dataset
):
    data = shutil.copytree(tiny_dataset, tmp_path / "data")
    about = json.loads(make_stacks.manifest(data, objects={"a.png": "1" * 64, "b.png": "2" * 64}).read_text())
    for stack, image in zip(("s16_l1", "s17_l1"), ("a.png", "b.png"), strict=True):
        about["splits"]["test-1"]["stacks"][stack]["parameters"]["image"] = image
    (data / "dataset.json").write_text(json.dumps(about))
    shutil.copytree(tiny_models / "tiny", tmp_path / "models" / "tiny")
    card = tmp_path / "models" / "tiny" / "card.json"
    trained = [{"setup": {"objects": {"another-name.png": "2" * 64}}}]
    card.write_text(json.dumps(json.loads(card.read_text()) | {"data": trained}))
    options = ("tiny/onnx-float32", "--jpeg-quality", "stored", "--jpeg-quality", "60", "--data", str(data))
    for _ in range(2):  # the second time all is skipped
        code, _, error = edgebench("evaluate", *options)
        assert code == 0
        (line,) = [line for line in error.splitlines() if "warning" in line]
        assert "tiny/onnx-float32 was trained on the objects of 1 of these stacks (test-1: s17_l1)" in line
    record = evaluation.load(results / "evaluations" / "tiny_simulated_onnx-float32.json")
    assert record["seen_stacks"] == {"test-1": ["s17_l1"]}
    assert {"cpu", "cpu_flags", "cores", "memory_bytes", "threads"} == record["machine"].keys()
    assert record["data"]["setup"] == {"version": 1, "objects": about["objects"]}
    assert "Not unseen: `tiny onnx-float32`" in (results / "reports" / "tables-1-6.md").read_text()


def test_a_data_set_without_pairs_is_named(edgebench, results, tmp_path, tiny_models):
    folder = tmp_path / "data" / "incoherent_RGBchannels" / make_stacks.SAME / "s16_l1"
    make_stacks.images(folder, (0, 500))
    (tmp_path / "models").rmdir()
    shutil.copytree(tiny_models, tmp_path / "models")
    code, _, error = edgebench("evaluate", "tiny", "--data", str(tmp_path / "data"))
    assert code == 2
    assert "no two of them 2 um apart" in error
