"""edgebench convert: what the user sees, exit codes and one-line errors."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from fixtures_models import DATA, SIZE, described, exact_network, patch_set

from edgebench.cli.main import main
from edgebench.convert.base import TARGETS
from edgebench.models import store
from edgebench.quantise import calibration


@pytest.fixture
def models(tmp_path):
    store.save(tmp_path / "models" / "exact", exact_network(), {"alpha": 0.4})
    kept = calibration.of_patches([patch_set(300)], DATA, 0, SIZE)
    calibration.save(tmp_path / "models" / "exact" / calibration.NAME, kept)
    return tmp_path / "models"


@pytest.fixture
def edgebench(monkeypatch, capfd, models):
    def run(*options):
        monkeypatch.setattr(sys, "argv", ["edgebench", "convert", "--models", str(models), *map(str, options)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capfd.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run


def is_one_line(err):
    return err.startswith("edgebench: error: ") and err.count("\n") == 1


def test_without_to_all_targets_are_converted_and_their_parity_is_printed(edgebench, models):
    code, out, err = edgebench("exact")
    assert code == 0
    assert all(line.startswith("converting exact to ") for line in err.splitlines())  # nothing of the converters
    for target in TARGETS:
        assert f"\n{target} " in out
        assert (models / "exact" / f"{target}.json").is_file()
    assert out.count(" converted ") == len(TARGETS)
    assert "on 128 calibration patches and 128 turned copies of them\n" in out
    assert "--data DATA compares on unseen ones too" in out
    assert "int8 inside; input and output float32, quantised inside the file" in out
    assert "tflite-int8-io: int8 inside; input and output int8" in out


def test_the_second_call_converts_nothing_and_force_converts_again(edgebench, models):
    edgebench("exact", "--to", "onnx-float32")
    file = models / "exact" / "onnx-float32.onnx"
    first = file.stat().st_ino
    code, out, _ = edgebench("exact", "--to", "onnx-float32")
    assert code == 0
    assert "up to date" in out
    assert file.stat().st_ino == first
    code, out, _ = edgebench("exact", "--to", "onnx-float32", "--force")
    assert code == 0
    assert " converted " in out
    assert file.stat().st_ino != first


def test_an_artifact_of_another_model_is_kept_without_force(edgebench, models):
    edgebench("exact", "--to", "tflite-float32")
    store.save(models / "exact", exact_network(1.1), {"alpha": 0.4})
    before = (models / "exact" / "tflite-float32.tflite").read_bytes()
    code, _, err = edgebench("exact", "--to", "tflite-float32")
    assert code == 2
    assert is_one_line(err)
    assert "made from another model" in err
    assert (models / "exact" / "tflite-float32.tflite").read_bytes() == before
    assert edgebench("exact", "--to", "tflite-float32", "--force")[0] == 0


@pytest.mark.parametrize("damage", ["differs from", "is missing", "has no sidecar", "not a readable sidecar"])
def test_a_damaged_artifact_is_one_line_and_force_mends_it(edgebench, models, damage):
    edgebench("exact", "--to", "tflite-float32")
    file, sidecar = (models / "exact" / f"tflite-float32.{suffix}" for suffix in ("tflite", "json"))
    if damage.startswith("differs"):
        file.write_bytes(file.read_bytes()[:-1])
    elif damage.startswith("is"):
        file.unlink()
    elif damage.startswith("has"):
        sidecar.unlink()
    else:
        sidecar.write_text("[]")
    code, _, err = edgebench("exact", "--to", "tflite-float32")
    assert code == 2
    assert is_one_line(err)
    assert damage in err
    assert edgebench("exact", "--to", "tflite-float32", "--force")[0] == 0


def test_anybodys_keras_file_is_converted_with_patches_of_a_data_set(edgebench, models, tmp_path, monkeypatch):
    from edgebench.data import datasets, patches

    file = tmp_path / "mine.keras"
    exact_network().save(file)
    monkeypatch.setattr(patches, "drawn", lambda *arguments, **options: patch_set(300))
    monkeypatch.setattr(datasets, "describe", lambda root: described({"test-1": 1}))
    code, out, err = edgebench(file, "--to", "tflite-float32", "--data", tmp_path)
    assert code == 0, err
    assert (models / "mine" / "tflite-float32.tflite").is_file()
    assert "300 patches of data set dddddddddddd" in out


def test_other_calibration_data_are_not_ignored_where_an_artifact_is_there(edgebench, tmp_path, monkeypatch):
    from edgebench.data import datasets

    edgebench("exact", "--to", "tflite-int8")
    for sha256, expected in (("d" * 64, 0), ("e" * 64, 2)):
        monkeypatch.setattr(datasets, "describe", lambda root, sha256=sha256: described({"train": 1}, sha256))
        code, _, err = edgebench("exact", "--to", "tflite-int8", "--calibration", tmp_path)
        assert code == expected
    assert is_one_line(err)
    assert "calibrated with other data" in err
    assert "--force" in err


def test_data_that_check_nothing_are_said_to(edgebench, tmp_path):
    edgebench("exact", "--to", "onnx-float32")
    code, _, err = edgebench("exact", "--to", "onnx-float32", "--data", tmp_path)
    assert code == 0
    assert "--data checked nothing" in err


def test_a_keras_file_whose_name_is_no_name_is_to_be_renamed(edgebench, models, tmp_path):
    file = tmp_path / "my model.keras"
    file.write_bytes(b"")
    code, _, err = edgebench(file, "--to", "tflite-float32")
    assert code == 2
    assert is_one_line(err)
    assert "Rename" in err
    assert not (models / "my model").exists()


def test_a_model_without_patches_asks_for_some(edgebench, models):
    (models / "exact" / calibration.NAME).unlink()
    code, _, err = edgebench("exact", "--to", "tflite-float32")
    assert code == 2
    assert is_one_line(err)
    assert "--data" in err


def test_patches_of_another_size_are_refused(edgebench, models):
    other = calibration.of_patches([patch_set(10, size=64)], DATA, 0, 64)
    calibration.save(models / "exact" / calibration.NAME, other)
    code, _, err = edgebench("exact", "--to", "tflite-int8")
    assert code == 2
    assert is_one_line(err)
    assert f"patches of 64 px for a model of {SIZE}" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("exact", "--to", "tflite-int4"), "no target 'tflite-int4'. Targets: tflite-float32"),
        (("exat", "--to", "all"), "no model 'exat'"),
        (("nowhere.keras", "--to", "all"), "no model 'nowhere.keras'"),
    ],
)
def test_a_typo_is_answered_with_what_there_is(edgebench, options, words):
    code, _, err = edgebench(*options)
    assert code == 2
    assert is_one_line(err)
    assert words in err


def test_a_corrupted_model_and_one_that_is_not_finite_are_one_line(edgebench, tmp_path):
    whole, bad = tmp_path / "whole.keras", exact_network()
    bad.layers[-1].kernel.assign(np.full(bad.layers[-1].kernel.shape, np.inf))
    bad.save(whole)
    corrupted = tmp_path / "corrupted.keras"
    corrupted.write_bytes(whole.read_bytes()[:-3000])
    for file, words in ((whole, "weights are not finite"), (corrupted, "not a readable Keras model")):
        code, _, err = edgebench(file, "--to", "onnx-float32")
        assert code == 2
        assert is_one_line(err)
        assert words in err
