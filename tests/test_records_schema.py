"""The schema takes what architecture.md describes, and says in one line what it does not take."""

from __future__ import annotations

import pytest
from make_records import make_record

from edgebench.errors import RecordError
from edgebench.records import schema


def message(record: object) -> str:
    with pytest.raises(RecordError) as caught:
        schema.validate(schema.upgrade(record, "r.json"), "r.json")
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_whole_record_is_valid():
    record = make_record()
    assert schema.validate(schema.upgrade(record)) is record


@pytest.mark.parametrize("part", ["accuracy", "latency", "memory"])
def test_a_pass_that_was_not_run_may_be_empty(part):
    record = make_record()
    record[part] = {"accuracy": {}, "latency": [], "memory": None}[part]
    schema.validate(record)


def test_how_the_artifact_was_made_may_be_unknown_but_not_half_known():
    record = make_record(target="tflite-int8")
    del record["artifact"]["made"]["parity"]
    assert "parity" in message(record)
    del record["artifact"]["made"]
    schema.validate(record)


def test_a_real_data_set_has_no_seed():
    schema.validate(make_record(simulated=False))


@pytest.mark.parametrize("key", sorted(make_record()))
def test_no_part_may_be_missing(key):
    record = make_record()
    del record[key]
    assert key in message(record)


def test_a_fault_is_named_by_its_path_in_the_file():
    record = make_record()
    record["accuracy"]["test-1"]["images"][3]["z_nm"] = 0.5
    text = message(record)
    assert text.startswith("r.json: $.accuracy")
    assert "images[3].z_nm" in text
    assert "0.5" in text


def test_a_key_with_a_slip_of_the_pen_is_found():
    record = make_record()
    record["accuracy"]["test-1"]["images"][0]["patches_nm"] = []
    assert "patches_nm" in message(record)


def test_a_name_cannot_leave_its_folder():
    record = make_record(device="../elsewhere")
    assert "$.device.name" in message(record)


def test_a_long_value_does_not_flood_the_message():
    record = make_record()
    record["latency"] = {"samples": list(range(10_000))}
    assert len(message(record)) < 300


def test_a_newer_schema_says_which_edgebench_reads_it():
    record = make_record() | {"schema": 2, "edgebench": "0.9.0"}
    text = message(record)
    assert "schema 2 is newer than 1" in text
    assert "Install edgebench 0.9.0 or later" in text


@pytest.mark.parametrize("raw", [[], "text", None, {}, {"schema": "1"}, {"schema": True}, {"schema": 0}])
def test_what_has_no_schema_version_is_not_a_record(raw):
    assert "not a record" in message(raw)


def test_older_versions_are_upgraded_in_a_chain(monkeypatch):
    def step(record):
        return record | {"schema": record["schema"] + 1, "steps": [*record["steps"], record["schema"]]}

    monkeypatch.setattr(schema, "VERSION", 3)
    monkeypatch.setattr(schema, "UPGRADES", {1: step, 2: step})
    assert schema.upgrade({"schema": 1, "steps": []}) == {"schema": 3, "steps": [1, 2]}
