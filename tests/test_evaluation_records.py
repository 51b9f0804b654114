"""Evaluations on disk, and the models that they are about."""

from __future__ import annotations

import hashlib
import json

import pytest
from make_evaluations import SIZE, folder, make_evaluation

from edgebench.errors import ModelError, RecordError, UsageError
from edgebench.evaluation import field, subjects
from edgebench.records import evaluation as records

WEIGHTS = hashlib.sha256(b"weights").hexdigest()  # of folder()


def artifact(card):
    """An int8 file and its sidecar, converted from what folder() makes."""
    file = card / "tflite-int8.tflite"
    file.write_bytes(b"int8")
    model = {"name": "a", "sha256": WEIGHTS, "alpha": 0.4, "input_size": SIZE, "parameters": 5, "macs": 7}
    files = [{"name": file.name, "bytes": 4, "sha256": hashlib.sha256(b"int8").hexdigest()}]
    file.with_suffix(".json").write_text(json.dumps({"target": "tflite-int8", "model": model, "files": files}))
    return file


def test_an_artifact_is_known_by_its_sidecar_and_its_kind_by_the_card(tmp_path):
    file = artifact(folder(tmp_path, "a", kind="single"))
    sidecar = file.with_suffix(".json")
    for name in (str(file), "a/tflite-int8"):
        found = subjects.find(name, tmp_path)
        assert (found.label, found.backend, found.model["kind"]) == ("a/tflite-int8", "litert", "single")
        assert (found.sha256, found.model["sha256"]) == (hashlib.sha256(b"int8").hexdigest(), WEIGHTS)
    file.write_bytes(b"other")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        subjects.find(str(file), tmp_path)
    sidecar.unlink()
    with pytest.raises(ModelError, match=r"tflite-int8\.json: cannot be read"):
        subjects.find(str(file), tmp_path)


def test_an_artifact_of_the_model_before_it_was_trained_again_is_refused_with_what_to_do(tmp_path):
    file = artifact(folder(tmp_path, "a"))
    folder(tmp_path, "a", weights=b"trained again")
    again = rf"Convert again: edgebench convert {file.parent} --to tflite-int8 --force"
    for find in (subjects.find, field.find):
        with pytest.raises(ModelError, match=rf"converted from an older model \({WEIGHTS[:12]}, .*{again}"):
            find("a/tflite-int8", tmp_path)
    (file.parent / "card.json").unlink()  # an artifact that was copied alone
    assert subjects.find("a/tflite-int8", tmp_path).model["sha256"] == WEIGHTS


def test_a_model_knows_the_objects_of_its_training_data_and_so_does_its_artifact(tmp_path):
    file = artifact(folder(tmp_path, "a"))
    assert subjects.find("a", tmp_path).objects == frozenset()
    card = json.loads((file.parent / "card.json").read_text())
    data = [{"name": "x", "setup": {"objects": {"a.png": "1" * 64, "b.png": "2" * 64}}}, {"name": "before"}]
    (file.parent / "card.json").write_text(json.dumps(card | {"data": data}))
    for name in ("a", "a/tflite-int8"):
        assert subjects.find(name, tmp_path).objects == {"1" * 64, "2" * 64}
    (file.parent / "card.json").write_text(json.dumps(card | {"data": [{"setup": {"objects": ["a.png"]}}]}))
    with pytest.raises(ModelError, match=r"card\.json: its data are not as expected"):
        subjects.find("a", tmp_path)


def about(**setup):
    data = make_evaluation()["data"]
    return data | {"setup": {"version": 5, "optics": "linear", "format": "jpeg", "field": "full"} | setup}


@pytest.mark.parametrize(
    "other",
    [
        {"format": "png"},
        {"optics": "exact", "source_points": 317},
        {"field": "small"},
        {"microscope": "outside"},
        {"objects": {"a.png": "2" * 64}},
    ],
)
def test_a_set_made_otherwise_is_another_set_whatever_its_name_seed_and_counts(other):
    stored = [{"set": "made-up-slides", "data": about()}, {"set": "another", "data": about(source_points=7)}]
    data = about(**other) | {"sha256": "e" * 64}
    assert records.set_name(data, stored) == "made-up-slides-eeeeeeee"
    assert records.set_name(about() | {"sha256": "e" * 64}, stored) == "made-up-slides"
    assert records.set_name(data, [*stored, {"set": "mine", "data": data}]) == "mine"


def test_a_newer_simulator_makes_no_other_set_and_a_record_of_before_has_an_empty_setup():
    assert records.same_set(about(), about(version=6))
    before = make_evaluation()["data"]
    assert "setup" not in before
    assert records.same_set(before, before | {"setup": {}})
    assert not records.same_set(before, about())


def test_a_setup_is_kept_and_checked(tmp_path):
    record = make_evaluation()
    record["data"] = about(objects={"a.png": "1" * 64}, source_points=317, microscope="outside")
    assert records.load(records.save(record, tmp_path))["data"] == record["data"]
    for key, wrong in (("version", "5"), ("objects", {"a.png": "1"}), ("objects", ["a.png"]), ("optic", "linear")):
        with pytest.raises(RecordError, match=r"\$\.data\.setup"):
            records.validate({**record, "data": about(**{key: wrong})})


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
        (lambda record: record["splits"]["test-2"][0]["patches_um"].__setitem__(0, 10**400), "s201_l1, z -8000 nm"),
        (lambda record: record["splits"]["test-1"][0].update(z_nm=1e30), r"\$\.splits.*z_nm: 1e\+30 is greater"),
        (lambda record: record["splits"]["test-1"][0].update(z_nm=-(10**30)), r"\$\.splits.*z_nm: -1000.* is less"),
        (lambda record: record.update(splits={}), r"\$\.splits"),
        (lambda record: record.update(code="0"), r"\$\.code"),
        (lambda record: record.update(machine={"host": "pi"}), r"\$\.machine"),
        (lambda record: record.update(seen_stacks={"test-1": [1]}), r"\$\.seen_stacks"),
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
