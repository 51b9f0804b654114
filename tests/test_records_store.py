"""Records on disk: written once and whole, read strictly."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from make_records import make_record

from edgebench.errors import RecordError
from edgebench.records import store

SAMPLES = Path(__file__).parent / "data" / "records"


def test_what_is_saved_is_loaded_again(tmp_path):
    record = make_record()
    path = store.save(record, tmp_path)
    assert path == store.path_of(tmp_path, "local", record["id"])
    loaded = store.load(path)
    assert loaded["latency"] == record["latency"]
    assert store.load_all(tmp_path) == (loaded,)


def test_patches_are_rounded_to_a_tenth_of_a_nanometre_and_the_record_in_memory_is_not(tmp_path):
    record = make_record()
    record["accuracy"]["test-1"]["images"][0]["patches_um"] = [1.23456789]
    before = copy.deepcopy(record)
    loaded = store.load(store.save(record, tmp_path))
    assert loaded["accuracy"]["test-1"]["images"][0]["patches_um"] == [1.2346]
    assert record == before


def test_one_image_is_one_line(tmp_path):
    lines = store.save(make_record(), tmp_path).read_text().splitlines()
    assert sum("patches_um" in line for line in lines) == 85 + 160
    assert all(line.count("{") == line.count("}") for line in lines if "patches_um" in line)


def test_a_record_is_not_overwritten_without_force(tmp_path):
    record = make_record()
    path = store.save(record, tmp_path)
    before = path.read_bytes()
    with pytest.raises(RecordError, match=r"already there.*--force"):
        store.save(record | {"created": "2026-01-01T00:00:00Z"}, tmp_path)
    assert path.read_bytes() == before
    store.save(record | {"created": "2026-01-01T00:00:00Z"}, tmp_path, force=True)
    assert store.load(path)["created"].startswith("2026")


def test_an_invalid_record_leaves_no_file(tmp_path):
    record = make_record()
    record["accuracy"]["test-2"]["images"][0]["patches_um"] = [float("nan")]
    with pytest.raises(RecordError, match="not finite"):
        store.save(record, tmp_path)
    del record["model"]["macs"]
    with pytest.raises(RecordError, match="macs"):
        store.save(record, tmp_path)
    assert not list(tmp_path.rglob("*.json*"))


def test_no_temporary_file_is_left(tmp_path):
    path = store.save(make_record(), tmp_path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "damage",
    [b"", b'{"schema": 1', b"\xff\xfe\x00", b'{"schema": 1, "id": NaN}', b'{"schema": 1' + b"0" * 400 + b"}", b"[]"],
)
def test_a_damaged_record_is_named_not_skipped(tmp_path, damage):
    store.save(make_record(), tmp_path)
    path = store.path_of(tmp_path, "local", "broken")
    path.write_bytes(damage)
    with pytest.raises(RecordError, match=r"broken\.json"):
        store.load_all(tmp_path)


def test_a_truncated_record_is_named(tmp_path):
    path = store.save(make_record(), tmp_path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(RecordError, match=path.name):
        store.load(path)


def test_a_copy_under_another_name_does_not_count_twice(tmp_path):
    path = store.save(make_record(), tmp_path)
    path.with_name("copy.json").write_bytes(path.read_bytes())
    with pytest.raises(RecordError, match=r"copy\.json: holds the record local/reduced"):
        store.load_all(tmp_path)


def test_records_come_in_the_order_of_their_paths(tmp_path):
    for device in ("pi", "local"):
        for target in ("tflite-int8", "onnx-float32"):
            store.save(make_record(device=device, target=target), tmp_path)
    ids = [(record["device"]["name"], record["artifact"]["target"]) for record in store.load_all(tmp_path)]
    assert ids == sorted(ids)


def test_no_runs_are_no_records(tmp_path):
    assert store.load_all(tmp_path) == ()


def test_a_folder_that_cannot_be_written_is_found_before_measuring(tmp_path):
    store.check_writable(tmp_path / "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"cannot be written.*--results"):
        store.check_writable(tmp_path / "file")


def test_the_kept_sample_of_schema_1_can_still_be_read():
    (record,) = store.load_all(SAMPLES)
    (path,) = SAMPLES.rglob("*.json")
    assert json.loads(path.read_text())["schema"] == 1
    assert record["schema"] == store.load(path)["schema"]
