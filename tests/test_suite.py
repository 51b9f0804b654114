from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgebench.backends import base
from edgebench.bench import artifacts, suite
from edgebench.bench.suite import Settings
from edgebench.errors import ModelError, UsageError
from edgebench.records.statistics import PROCESSES

SHIPPED = Path(__file__).parents[1] / "benchmarks"
GOOD = """
models = ["a", "b"]
splits = ["test-1"]
batch_size = 4
iterations = 10
[[cells]]
target = "tflite-int8"
backend = "litert"
iterations = 20
[[cells]]
target = "onnx-float32"
backend = "onnxruntime"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.toml").write_text(GOOD)
    return tmp_path


def test_a_suite_is_every_cell_of_every_model(folder):
    lines = suite.load("good", {}, folder).lines
    assert [line.artifact for line in lines] == ["a/tflite-int8", "a/onnx-float32", "b/tflite-int8", "b/onnx-float32"]


def test_a_cell_may_be_of_some_of_the_models_only(folder):
    (folder / "good.toml").write_text(GOOD.replace("iterations = 20", 'models = ["b"]'))
    named = [line.artifact for line in suite.load("good", {}, folder).lines]
    assert named == ["a/onnx-float32", "b/tflite-int8", "b/onnx-float32"]
    other = suite.load("good", {}, folder, models=["c"]).lines
    assert [line.artifact for line in other] == ["c/tflite-int8", "c/onnx-float32"]


def test_a_cell_goes_before_its_suite_and_the_command_line_before_both(folder):
    lines = suite.load("good", {}, folder).lines
    assert lines[0].settings == Settings(batch_size=4, iterations=20, seconds=0)
    assert lines[1].settings == Settings(batch_size=4, iterations=10, seconds=0)
    given = suite.load("good", {"iterations": 5, "seed": 3}, folder).lines
    assert {line.settings for line in given} == {Settings(batch_size=4, iterations=5, seconds=0, seed=3)}


def test_a_suite_may_be_a_path(folder):
    assert suite.load(str(folder / "good.toml"), {}, Path("nowhere")).name == "good"


def test_an_unknown_suite_lists_the_names(folder):
    with pytest.raises(UsageError, match=r"no suite 'table8'\. Suites: good"):
        suite.load("table8", {}, folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("backend", "runtime", 1), "unknown runtime"),
        (GOOD.replace("splits", "split", 1), "unknown split"),
        (GOOD.replace('models = ["a", "b"]', ""), "no models"),
        (GOOD.replace("batch_size = 4", 'batch_size = "4"'), "batch_size is '4', expected int"),
        (GOOD.replace("batch_size = 4", "batch_size = 0"), "batch_size is 0"),
        ("cells = 3\nmodels = ['a']\nsplits = ['b']", "cells is 3, expected list"),
        ("cells = [3]\nmodels = ['a']\nsplits = ['b']", "3 is not a table"),
        ("models = ", "not TOML"),
    ],
)
def test_a_suite_is_read_strictly(folder, text, message):
    (folder / "bad.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        suite.load("bad", {}, folder)


@pytest.mark.parametrize("name", [path.stem for path in sorted(SHIPPED.glob("*.toml"))])
def test_shipped_suites_name_backends_that_exist(name):
    found = suite.load(name, {}, SHIPPED)
    assert found.splits == ("test-1", "test-2")
    for line in found.lines:
        base.entry(line.backend)


def test_r8_publish_is_ten_processes_and_a_minute_and_quick_is_shorter():
    publish, quick = (suite.settings(suite.PRESETS[name]) for name in ("publish", "quick"))
    assert (publish.repeats, publish.seconds, publish.repeats * publish.iterations >= 1024) == (10, 60, True)
    assert quick.repeats >= PROCESSES  # or there would be no interval
    assert quick.seconds == 0


def test_table_7_measures_batches_of_8_as_the_paper_does():
    lines = suite.load("table7", {}, SHIPPED).lines
    assert {(line.settings.batch_size, line.settings.threads, line.settings.images) for line in lines} == {(8, 1, 0)}
    assert len(lines) == 12  # two models, two precisions, three runtimes
    assert {line.settings.repeats for line in lines} == {10}
    own = suite.load("table7", {}, SHIPPED, ["own"]).lines
    assert [line.artifact for line in own] == [f"own/{line.artifact.split('/')[1]}" for line in lines[6:]]


# artifacts


@pytest.fixture
def models(tiny_models, tmp_path):
    """A copy that a test may damage."""
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    for path in (tiny_models / "tiny").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return tmp_path / "models"


def test_an_artifact_by_name_and_by_file_is_the_same(models):
    named = artifacts.find("tiny/tflite-int8", models)
    assert artifacts.find(str(models / "tiny" / "tflite-int8.tflite"), Path("nowhere")) == named
    assert named.about["precision"] == "int8"
    assert named.input_size == 32


def test_an_openvino_artifact_has_two_files_and_their_bytes(models):
    about = artifacts.find("tiny/openvino-float32", models).about
    assert [file["name"] for file in about["files"]] == ["openvino-float32.xml", "openvino-float32.bin"]
    assert about["bytes"] == sum(file["bytes"] for file in about["files"])


def test_the_keras_model_is_known_from_its_card(models):
    found = artifacts.find("tiny/keras-float32", models)
    assert found.about["target"] == "keras-float32"
    assert found.about["sha256"] == found.model["sha256"]


@pytest.mark.parametrize("name", ["tflite-float32.tflite", "openvino-float32.bin", "model.keras"])
def test_a_file_that_was_changed_is_refused(models, name):
    path = models / "tiny" / name
    path.write_bytes(path.read_bytes() + b"x")
    target = "keras-float32" if name == "model.keras" else path.stem
    with pytest.raises(ModelError, match=rf"{name}: hash differs"):
        artifacts.find(f"tiny/{target}", models)


def test_a_sidecar_that_is_damaged_is_named(models):
    sidecar = models / "tiny" / "tflite-int8.json"
    sidecar.write_text("{")
    with pytest.raises(ModelError, match=r"tflite-int8.json: cannot be read"):
        artifacts.find("tiny/tflite-int8", models)
    sidecar.write_text(json.dumps({"target": "tflite-int8"}))
    with pytest.raises(ModelError, match=r"tflite-int8.json: .* is missing"):
        artifacts.find("tiny/tflite-int8", models)


def test_weights_that_are_gone_are_named(models):
    (models / "tiny" / "openvino-float32.bin").unlink()
    with pytest.raises(ModelError, match=r"openvino-float32.bin: missing"):
        artifacts.find("tiny/openvino-float32", models)


def test_the_artifact_tells_how_it_was_made_without_the_list_of_ids(models):
    sidecar = models / "tiny" / "tflite-int8.json"
    known = json.loads(sidecar.read_text())
    made = {"options": {"a": 1}, "versions": {"b": "2"}, "parity": {"n": 256}}
    sidecar.write_text(json.dumps({**known, **made, "calibration": {"ids": ["s1_l1 0.15 um"], "count": 1}}))
    assert artifacts.find("tiny/tflite-int8", models).about["made"] == {**made, "calibration": {"count": 1}}
    assert artifacts.find("tiny/onnx-float32", models).about["made"]["calibration"] is None
    assert "made" not in artifacts.find("tiny/keras-float32", models).about


def test_a_folder_of_artifacts_without_a_card_has_a_name(models):
    named = artifacts.find("tiny/onnx-float32", models)
    (models / "tiny" / "card.json").unlink()
    (models / "tiny" / "model.keras").unlink()
    assert artifacts.find("tiny/onnx-float32", models) == named
    with pytest.raises(UsageError, match=r"Models in .*: tiny\."):
        artifacts.find("large/onnx-float32", models)


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "a\n", "\u00e4", 3.5, None])
def test_a_model_name_that_no_record_could_have_is_refused_before_anything_is_measured(models, name):
    sidecar = models / "tiny" / "tflite-int8.json"
    known = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**known, "model": {**known["model"], "name": name}}))
    with pytest.raises(UsageError, match=r"tflite-int8\.json: model name .* Rename") as caught:
        artifacts.find("tiny/tflite-int8", models)
    assert "\n" not in str(caught.value)


def test_an_unknown_model_or_target_lists_what_there_is(models):
    with pytest.raises(UsageError, match=r"no artifact 'large/tflite-int8'.*: tiny\."):
        artifacts.find("large/tflite-int8", models)
    with pytest.raises(UsageError, match=r"no target 'tflite-int4'.*keras-float32, onnx-float32, openvino-float32"):
        artifacts.find("tiny/tflite-int4", models)


def test_somebody_elses_file_needs_its_input_size(models, tmp_path):
    path = tmp_path / "my model (v2).onnx"
    path.write_bytes((models / "tiny" / "onnx-float32.onnx").read_bytes())
    with pytest.raises(UsageError, match="--input-size"):
        artifacts.find(str(path), models)
    found = artifacts.find(str(path), models, 32)
    assert found.name == "my-model--v2/onnx-unknown"
    assert found.model["parameters"] is None


def test_an_input_size_that_the_sidecar_contradicts_is_refused(models):
    with pytest.raises(UsageError, match="takes 32 px, --input-size is 112"):
        artifacts.find("tiny/tflite-int8", models, 112)


def test_a_file_of_another_kind_is_refused(models, tmp_path):
    (tmp_path / "model.pt").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"unknown kind of artifact '\.pt'. Known: \.tflite"):
        artifacts.find(str(tmp_path / "model.pt"), models, 32)


def test_an_artifact_for_single_images_is_refused(models):
    for name in ("card.json", "onnx-float32.json"):
        file = models / "tiny" / name
        known = json.loads(file.read_text())
        (known if name == "card.json" else known["model"])["kind"] = "single"
        file.write_text(json.dumps(known))
    for name in ("keras-float32", "onnx-float32"):
        with pytest.raises(UsageError, match="its input is 'single', `run` measures difference images"):
            artifacts.find(f"tiny/{name}", models)
