from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgebench.errors import ConversionError, DatasetError
from edgebench.quantise import calibration, labelled

SIZE = 32
RNG = np.random.default_rng(0)


def arrays(path, count=20, **more):
    given = {"x": RNG.standard_normal((count, SIZE, SIZE, 3)).astype(np.float32), "y": np.linspace(-5, 5, count)}
    np.savez(path, **{**given, **more})
    return path


def test_an_npz_is_taken_as_it_is(tmp_path):
    found = labelled.load(arrays(tmp_path / "a.npz"), SIZE, 8)
    assert len(found) == 20
    assert found.image == found.stack == tuple(map(str, range(20)))
    assert found.about["simulated"] is None


def test_an_npz_may_say_which_patches_are_of_one_image_and_stack(tmp_path):
    names = np.repeat(["a", "b", "c", "d"], 5)
    found = labelled.load(arrays(tmp_path / "a.npz", image=names, stack=np.repeat(["s", "t"], 10)), SIZE, 8)
    assert set(found.image) == {"a", "b", "c", "d"}
    assert set(found.stack) == {"s", "t"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"x": np.zeros((3, 8, 8, 3))}, "expected (N, 32, 32, 3)"),
        ({"y": np.zeros(3)}, "expected (N, 32, 32, 3) and (N,)"),
        ({"y": np.full(20, np.nan)}, "not finite"),
        ({"image": np.array(["a"])}, "one name for each of 20 patches"),
    ],
)
def test_arrays_that_do_not_fit_are_one_line(tmp_path, more, words):
    with pytest.raises(DatasetError) as caught:
        labelled.load(arrays(tmp_path / "a.npz", **more), SIZE, 8)
    assert words in str(caught.value)


def test_an_npz_without_labels_and_a_file_that_is_none_are_told(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(DatasetError, match="holds x, expected x and y"):
        labelled.load(tmp_path / "a.npz", SIZE, 8)
    (tmp_path / "b.npz").write_text("no zip")
    with pytest.raises(DatasetError, match=r"b\.npz"):
        labelled.load(tmp_path / "b.npz", SIZE, 8)


def test_a_folder_of_images_needs_labels_and_is_standardised(tmp_path):
    for i in range(3):
        cv2.imwrite(str(tmp_path / f"{i}.png"), RNG.integers(0, 255, (64, 64, 3), np.uint8))
    (tmp_path / labelled.LABELS).write_text("file,y,stack\n0.png,-1.5,a\n1.png,2,a\n2.png,3.25,b\n")
    found = labelled.load(tmp_path, SIZE, 8)
    assert found.y.tolist() == [-1.5, 2.0, 3.25]
    assert found.stack == ("a", "a", "b")
    assert found.x.shape == (3, SIZE, SIZE, 3)
    np.testing.assert_allclose(found.x.mean((1, 2)), 0, atol=1e-5)


def test_a_label_that_is_no_number_is_told(tmp_path):
    (tmp_path / labelled.LABELS).write_text("file,y\n0.png,near\n")
    with pytest.raises(DatasetError, match="y is the distance in um"):
        labelled.load(tmp_path, SIZE, 8)


def test_a_data_set_gives_whole_images_of_many_stacks(tiny_dataset):
    found = labelled.load(tiny_dataset, SIZE, 8, splits=("test-1",))
    assert found.split == "test-1"
    assert set(found.stack) == {"s16_l1", "s17_l1"}
    counts = {name: found.image.count(name) for name in found.image}
    assert set(counts.values()) == {4}  # tiles of a field of 448 px
    assert len(counts) == 8


def test_several_splits_are_all_taken_and_each_patch_knows_its_own(tiny_dataset):
    found = labelled.load(tiny_dataset, SIZE, 4, splits=("test-1", "test-2"))
    assert found.split == "test-1 and test-2"
    of = dict(zip(found.stack, found.splits))
    assert of == {"s16_l1": "test-1", "s17_l1": "test-1", "s201_l1": "test-2", "s202_l1": "test-2"}
    assert found.some(np.array([0, len(found) - 1])).splits == ("test-1", "test-2")
    with pytest.raises(DatasetError, match=r"no test-3\. Splits: "):
        labelled.load(tiny_dataset, SIZE, 4, splits=("test-1", "test-3"))


def test_calibration_from_brought_patches_is_even_over_the_labels(tmp_path):
    given = labelled.load(arrays(tmp_path / "a.npz", 100), SIZE, 8)
    found = calibration.of_labelled(given, SIZE, count=10)
    assert len(found.x) == 10
    assert np.ptp(found.z_um) == pytest.approx(10, abs=0.01)


def test_constant_calibration_is_refused(tmp_path):
    given = labelled.load(arrays(tmp_path / "a.npz", x=np.ones((20, SIZE, SIZE, 3), np.float32)), SIZE, 8)
    with pytest.raises(ConversionError, match="all 20 calibration patches are constant"):
        calibration.of_labelled(given, SIZE)


def test_a_test_patch_among_the_calibration_is_refused(tmp_path):
    given = labelled.load(arrays(tmp_path / "a.npz"), SIZE, 8)
    found = calibration.of_labelled(given, SIZE)
    with pytest.raises(ConversionError, match="patch 1 is among the calibration patches"):
        calibration.refuse_shared(found, np.stack([given.x[0] + 1, given.x[3]]), "test")


def test_halves_are_disjoint_and_whole(tmp_path):
    found = calibration.of_labelled(labelled.load(arrays(tmp_path / "a.npz"), SIZE, 8), SIZE)
    first, second = calibration.halves(found)
    assert len(first) + len(second) == len(found.x)
    with pytest.raises(ConversionError):
        calibration.refuse_shared(calibration.Calibration(first, found.about), first[:1], "x")
    calibration.refuse_shared(calibration.Calibration(first, found.about), second, "x")
