"""What `edgebench explain` keeps is read back checked and sorted; a damaged file is one line."""

from __future__ import annotations

import json

import pytest

from edgebench.errors import RecordError
from edgebench.records import explained as explanations


def raw(**about):
    share = {"layer": "conv", "kind": "CONV_2D", "alone_um": 0.1, "saved_um": -0.02, "bytes": 9, "time_ratio": None}
    made = {
        "schema": 1, "artifact": {"model": "reduced", "target": "tflite-int8", "sha256": "a" * 64},
        "data": {"name": "d", "simulated": True}, "whole_um": 0.3,
        "shares": [share, share | {"layer": "head", "alone_um": 0.2, "time_ratio": [1.1, 1.0, 1.2]}],
    }  # fmt: skip
    return made | about


def test_an_explanation_is_kept_and_read_sorted(tmp_path):
    path = explanations.save(raw(), tmp_path)
    assert path == tmp_path / "explain" / "reduced_tflite-int8.json"
    (found,) = explanations.load_all(tmp_path)
    assert [share.layer for share in found.shares] == ["head", "conv"]
    assert found.shares[0].time_ratio.high == 1.2
    assert found.simulated


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "damaged"),
        (json.dumps(raw(shares=[])), r"\$\.shares"),
        (json.dumps(raw(whole_um=float("nan"))), "not finite"),
        (json.dumps(raw(artifact={"model": "x", "target": "y", "sha256": "a" * 64})), "Rename it back"),
    ],
)
def test_a_damaged_explanation_is_one_line_that_names_the_file(tmp_path, text, message):
    path = tmp_path / "explain" / "reduced_tflite-int8.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(RecordError, match=message) as told:
        explanations.load_all(tmp_path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
