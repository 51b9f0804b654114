"""Evaluations on disk, and the models that they are about."""

from __future__ import annotations

import hashlib
import json

import pytest
from make_evaluations import SIZE, folder, make_evaluation

from edgebench.errors import ModelError, RecordError, UsageError
from edgebench.evaluation import subjects
from edgebench.records import evaluation as records


def test_an_artifact_is_known_by_its_sidecar_and_its_kind_by_the_card(tmp_path):
    card = folder(tmp_path, "a", kind="single")
    file = card / "tflite-int8.tflite"
    file.write_bytes(b"int8")
    model = {"name": "a", "sha256": "c" * 64, "alpha": 0.4, "input_size": SIZE, "parameters": 5, "macs": 7}
    files = [{"name": file.name, "bytes": 4, "sha256": hashlib.sha256(b"int8").hexdigest()}]
    sidecar = file.with_suffix(".json")
    sidecar.write_text(json.dumps({"target": "tflite-int8", "model": model, "files": files}))
    for name in (str(file), "a/tflite-int8"):
        found = subjects.find(name, tmp_path)
        assert (found.label, found.backend, found.model["kind"]) == ("a/tflite-int8", "litert", "single")
        assert (found.sha256, found.model["sha256"]) == (files[0]["sha256"], "c" * 64)
    file.write_bytes(b"other")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        subjects.find(str(file), tmp_path)
    sidecar.unlink()
    with pytest.raises(ModelError, match=r"tflite-int8\.json: cannot be read"):
        subjects.find(str(file), tmp_path)


def test_a_model_is_found_by_name_folder_or_file_and_a_typo_lists_what_there_is(tmp_path):
    path = folder(tmp_path, "a")
    found = [subjects.find(name, tmp_path) for name in ("a", str(path), str(path / "model.keras"))]
    assert found[0] == found[1] == found[2]
    with pytest.raises(UsageError, match=r"no model 'b'.*Models there: a\."):
        subjects.find("b", tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: record["model"].pop("kind"), r"\$\.model"),
        (lambda record: record["splits"]["test-1"][0]["patches_um"].append(1.0), "s16_l1, z -8000 nm"),
        (lambda record: record["splits"]["test-2"][0]["contrast"].__setitem__(0, float("nan")), "s201_l1, z -8000 nm"),
        (lambda record: record["splits"]["test-2"][0]["patches_um"].__setitem__(0, "1"), "s201_l1, z -8000 nm"),
        (lambda record: record.update(splits={}), r"\$\.splits"),
        (lambda record: record.update(schema=2), "newer than 1"),
        (lambda record: record.update(id="another"), "holds the evaluation another"),
    ],
)
def test_a_damaged_record_is_named_with_what_is_wrong(tmp_path, change, message):
    path = records.save(make_evaluation(), tmp_path)
    record = make_evaluation()
    change(record)
    path.write_text(json.dumps(record))
    with pytest.raises(RecordError, match=message) as error:
        list(records.load_each(tmp_path))
    assert path.name in str(error.value)


def test_a_record_that_breaks_the_schema_is_not_written(tmp_path):
    with pytest.raises(RecordError, match="jpeg_quality"):
        records.save(make_evaluation() | {"jpeg_quality": 101}, tmp_path)
    assert not (tmp_path / "evaluations").exists()


def test_records_of_classical_methods_in_the_same_folder_are_left_alone(tmp_path):
    records.save(make_evaluation(), tmp_path)
    (tmp_path / "evaluations" / "classical_made-up-slides.json").write_text("{}")
    assert [record["id"] for record in records.load_each(tmp_path)] == ["original_made-up-slides"]
