from __future__ import annotations

import numpy as np
import pytest
from fixtures_models import DATA, SIZE, described, patch_set, write_stack

from edgebench.data import datasets, jiang2018
from edgebench.errors import ConversionError, ModelError
from edgebench.focus import preprocess
from edgebench.quantise import calibration


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A data set of two training tiles and one test field, which a test may move."""
    z_nm = range(-3000, 3001, 500)
    split = {
        "train": tuple(write_stack(tmp_path / "d", f"s{i}", "l1_Seg1", z_nm, seed=i) for i in range(2)),
        "test-1": (write_stack(tmp_path / "d", "s16", "l1", z_nm[:1]),),
    }
    monkeypatch.setattr(jiang2018, "stacks", lambda root, name: split[name])
    monkeypatch.setattr(datasets, "describe", lambda root: described(split))
    return split


def test_patches_are_even_over_z_and_the_same_for_the_same_seed():
    made = calibration.of_patches([patch_set(2000)], DATA, 1, SIZE)
    assert len(made.x) == made.about["count"] == calibration.COUNT
    np.testing.assert_allclose(np.sort(made.z_um), np.linspace(-8, 10, calibration.COUNT), rtol=0, atol=0.1)
    again = calibration.of_patches([patch_set(2000)], DATA, 1, SIZE)
    np.testing.assert_array_equal(made.x, again.x)


def test_the_manifest_names_the_stack_and_z_of_each_patch():
    part = patch_set(300)
    made = calibration.of_patches([part], DATA, 1, SIZE)
    inputs = preprocess.model_input(part.tiles, SIZE)
    assert made.about["split"] == "train"
    assert made.about["data"] == DATA
    for x, one in zip(made.x, made.about["ids"]):
        (place,) = np.flatnonzero((inputs == x).all(axis=(1, 2, 3)))
        assert one == {"stack": part.ids[part.stack[place]], "z_um": round(float(part.z_um[place]), 3)}


def test_a_file_gives_back_the_patches_within_half_a_step(tmp_path):
    made = calibration.of_patches([patch_set(300)], DATA, 1, SIZE)
    calibration.save(tmp_path / "c.npz", made)
    loaded = calibration.load(tmp_path / "c.npz")
    step = np.abs(made.x).max(axis=(1, 2, 3)) / 127
    assert np.all(np.abs(loaded.x - made.x).max(axis=(1, 2, 3)) <= step * 0.51)
    assert loaded.about == made.about
    assert loaded.x.dtype == np.float32


def test_large_patches_are_fewer_so_that_the_file_stays_small():
    made = calibration.of_patches([patch_set(40, size=224)], DATA, 1, 224)
    assert made.x.shape == (32, 224, 224, 3)


def test_a_missing_or_damaged_file_is_one_line(tmp_path):
    with pytest.raises(ConversionError, match=r"no calibration patches.*--calibration"):
        calibration.load(tmp_path / "c.npz")
    calibration.save(tmp_path / "c.npz", calibration.of_patches([patch_set(20)], DATA, 1, SIZE))
    whole = (tmp_path / "c.npz").read_bytes()
    for damaged in (b"", whole[:500], whole[:3000] + b"12345678" + whole[3008:]):
        (tmp_path / "c.npz").write_bytes(damaged)
        with pytest.raises(ModelError, match="not readable"):
            calibration.load(tmp_path / "c.npz")


def test_a_data_set_calibrates_with_its_train_split(source, tmp_path):
    made = calibration.of_dataset(tmp_path, SIZE)
    assert {one["stack"] for one in made.about["ids"]} == {"s0_l1_Seg1", "s1_l1_Seg1"}
    assert made.about["data"] == DATA


def test_a_model_of_single_planes_is_calibrated_with_single_planes(source, tmp_path):
    made, other = (calibration.of_dataset(tmp_path, SIZE, kind) for kind in ("difference", "single"))
    assert made.about == other.about
    assert not np.allclose(made.x, other.x)


def test_r27_a_tile_of_a_test_field_is_refused(source, tmp_path):
    source["test-1"] = (write_stack(tmp_path / "d", "s1", "l1", range(0, 500, 500)),)
    with pytest.raises(ConversionError, match="s1_l1 of test-1 is among the calibration stacks"):
        calibration.of_dataset(tmp_path, SIZE)


def test_an_equal_name_in_another_data_set_is_no_leak(source, tmp_path):
    made = calibration.of_dataset(tmp_path, SIZE)
    source["test-1"] = source["train"]
    calibration.refuse_test_stacks(made, tmp_path, described(source, "e" * 64))
