"""The simulator: layout, determinism, resumption, and planes that behave like a microscope's."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgebench.data.simulator import simulate, write
from edgebench.data.simulator.histology import Tissue, concentrations
from edgebench.data.simulator.layers import STAINS
from edgebench.data.simulator.leaves import dead_leaves
from edgebench.data.simulator.objects import from_image
from edgebench.data.simulator.parameters import BEYOND, PLANES, STEP_NM, Parameters, protocol, training
from edgebench.data.simulator.render import planes
from edgebench.errors import DatasetError, UsageError

TISSUE = Path(__file__).parents[2] / "shared" / "data" / "tissue"


def snapshot(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def tiny_train(tmp_path_factory):
    root = tmp_path_factory.mktemp("simulated")
    simulate(root, ["train"], seed=7, jobs=1, stacks=2)
    return root


def test_two_calls_with_one_seed_write_the_same_bytes_whatever_the_number_of_processes(tiny_train, tmp_path):
    simulate(tmp_path / "again", ["train"], seed=7, jobs=2, stacks=2)
    assert snapshot(tmp_path / "again") == snapshot(tiny_train)


def test_another_seed_gives_other_images(tiny_train, tmp_path):
    simulate(tmp_path / "other", ["train"], seed=8, jobs=1, stacks=1)
    ours = {name: data for name, data in snapshot(tiny_train).items() if name.endswith(".jpg")}
    assert not set(snapshot(tmp_path / "other").values()) & set(ours.values())


def test_a_killed_call_goes_on_and_ends_with_the_same_data_set(tiny_train, tmp_path):
    root = tmp_path / "killed"
    simulate(root, ["train"], seed=7, jobs=1, stacks=2)
    (root / "dataset.json").unlink()  # as after a kill in the second stack: no manifest yet, one stack half-written
    (root / ".simulating.json").write_text(json.dumps(header(root, tiny_train)) + "\n")
    folder = root / "incoherent_RGBchannels" / write.FOLDERS["train"]
    half = folder / "s1000_l2"
    half.rename(folder / ".s1000_l2.part")
    next(iter((folder / ".s1000_l2.part").iterdir())).unlink()
    simulate(root, ["train"], seed=7, jobs=1, stacks=2)
    assert snapshot(root) == snapshot(tiny_train)


def header(root: Path, like: Path) -> dict[str, object]:
    manifest = json.loads((like / "dataset.json").read_text())
    return {key: value for key, value in manifest.items() if key not in ("splits", "validation_samples")}


def test_the_manifest_says_simulated_seed_parameters_and_hashes(tiny_train):
    manifest = json.loads((tiny_train / "dataset.json").read_text())
    assert manifest["simulated"] is True
    assert manifest["seed"] == 7
    stack = manifest["splits"]["train"]["stacks"]["s1000_l1"]
    assert len(stack["files"]) == stack["parameters"]["planes"] == PLANES + 2 * BEYOND
    assert stack["parameters"]["optics"]["na"] > 0.7


def test_the_test_splits_have_the_papers_counts():
    for split, (images, fields) in {"test-1": (697, 17), "test-2": (1312, 32)}.items():
        stacks = sum(write.SLIDES[split].values())
        assert stacks == fields
        assert stacks * (PLANES - 2000 // STEP_NM) == images


@pytest.mark.parametrize(
    ("change", "word"), [({"seed": 8}, "seed"), ({"stacks": 1}, "stacks_limit"), ({"objects": "images"}, "name")]
)
def test_a_folder_made_by_another_call_is_refused(tiny_train, tmp_path, change, word):
    if "objects" in change:
        cv2.imwrite(str(tmp_path / "object.png"), np.full((64, 64, 3), 90, np.uint8))
        change = {"objects": tmp_path}
    before = snapshot(tiny_train)
    with pytest.raises(DatasetError, match=word):
        simulate(tiny_train, ["train"], **{"seed": 7, "jobs": 1, "stacks": 2, **change})
    assert snapshot(tiny_train) == before


def test_a_folder_with_foreign_files_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DatasetError, match="not empty"):
        simulate(tmp_path, ["test-1"], stacks=1)


def test_an_unknown_split_is_an_error_that_lists_the_names(tmp_path):
    with pytest.raises(UsageError, match="test-1, test-2"):
        simulate(tmp_path, ["test-3"])


def test_an_objects_folder_without_images_is_an_error(tmp_path):
    (tmp_path / "objects").mkdir()
    with pytest.raises(DatasetError, match="no image"):
        simulate(tmp_path / "set", ["test-1"], objects=tmp_path / "objects", stacks=1)


def test_planes_are_sharpest_near_zero_and_step_by_half_a_micrometre():
    rng = np.random.default_rng
    sharpness = {}
    for z_nm, image in planes(protocol(1, rng(1), rng(2)), (224, 224), rng(3)):
        assert image.shape == (224, 224, 3)
        assert image.dtype == np.uint8
        sharpness[z_nm] = cv2.Laplacian(cv2.medianBlur(image[:, :, 1], 3), cv2.CV_32F).var()
    z = sorted(sharpness)
    assert len(z) == PLANES
    assert set(np.diff(z)) == {STEP_NM}
    assert abs(max(sharpness, key=sharpness.__getitem__)) <= 1500


@pytest.mark.parametrize("seed", range(6))
def test_every_training_draw_lies_on_the_grids(seed):
    rng = np.random.default_rng
    drawn = training(rng([seed, 0]), rng([seed, 1]))
    assert drawn.first_nm % 50 == 0
    assert drawn.layer_step_nm % 250 == 0
    assert drawn.first_nm + (drawn.planes - 1) * STEP_NM > 11_000 > -11_000 > drawn.first_nm  # beyond the tests' ends
    assert drawn.optics.focal_shift_um[1] == 0  # of green, which the others are measured from


def test_training_draws_every_combination_of_signs():
    """No instrument's sign is a cue, not red's, not blue's, not the aberration's; a quarter of phases is negative."""
    rng = np.random.default_rng
    draws = [training(rng([k, 0]), rng([k, 1])) for k in range(320)]
    optics = [(*np.sign(p.optics.focal_shift_um)[[0, 2]], np.sign(p.optics.spherical_waves)) for p in draws]
    phase = np.sign([p.phase_per_density for p in draws])
    for sign, expected in ((1, 30), (-1, 10)):
        _, counts = np.unique(np.array(optics)[phase == sign], axis=0, return_counts=True)
        assert len(counts) == 8
        assert expected / 4 < counts.min() <= counts.max() < 2.2 * expected


@pytest.mark.parametrize("seed", range(4))
def test_a_training_stack_is_sharpest_at_zero_whatever_its_signs(seed):
    """Read as a figure of merit would: the gradient energy of the three colours, noise and JPEG left out."""
    rng = np.random.default_rng
    parameters = dataclasses.replace(training(rng([seed, 0]), rng([seed, 1])), noise=0.0)
    energy = {}
    for z_nm, image in planes(parameters, (224, 224), rng(seed)):
        if abs(z_nm) <= 4000:
            gradient = np.gradient(image.astype(float), axis=(0, 1))
            energy[z_nm] = sum(float((part**2).sum()) for part in gradient)
    assert abs(max(energy, key=energy.__getitem__)) <= STEP_NM


def test_training_of_one_laboratory_has_its_signs_and_its_stains():
    """What an instrument gives away of the direction is the same in all stacks, as in the test splits."""
    test = protocol(1, np.random.default_rng(0), np.random.default_rng(1))
    haematoxylin = []
    for seed in range(40):
        drawn = training(np.random.default_rng(seed), np.random.default_rng(seed + 1), ("a.png",), one=True)
        signs = [np.sign((*one.optics.focal_shift_um, one.optics.spherical_waves)) for one in (drawn, test)]
        np.testing.assert_array_equal(*signs)
        assert drawn.phase_per_density >= 0
        assert drawn.image_colours is None
        haematoxylin.append(np.log(np.divide(drawn.stains["haematoxylin"], STAINS["haematoxylin"])))
    assert np.std(np.subtract(haematoxylin, np.mean(haematoxylin, 1, keepdims=True))) < 0.3  # other colours: 0.8


def test_test_parameters_lie_inside_the_training_ranges():
    rng = np.random.default_rng
    draws = [training(rng([k, 0]), rng([k, 1])) for k in range(300)]
    for number in (1, 2):
        fixed = protocol(number, rng(0), rng(1))
        for read in (
            lambda p: p.optics.na,
            lambda p: p.optics.coherence,
            lambda p: p.optics.spherical_waves,
            lambda p: p.optics.focal_shift_um[0],
            lambda p: p.optics.focal_shift_um[2],
            lambda p: p.phase_per_density,
            lambda p: p.noise,
            lambda p: p.layer_step_nm,
            lambda p: p.jpeg_quality,
        ):
            values = [read(p) for p in draws]
            assert min(values) <= read(fixed) <= max(values)


def test_objects_are_periodic_so_that_nothing_leaks_in_at_the_border():
    """The step over the seam is no larger than steps inside, in the mean."""
    rng = np.random.default_rng(5)
    leaves = dead_leaves((128, 160), rng, layers=3, contrast=0.6, smallest_px=3, phase_per_density=0.4)
    tissue = concentrations((128, 160), Tissue(), rng)
    for field in (leaves.density[:, 1], tissue["eosin"], tissue["haematoxylin"]):
        for axis in (1, 2):
            seam = np.abs(np.take(field, 0, axis) - np.take(field, -1, axis)).mean()
            inside = np.abs(np.diff(field, axis=axis)).mean()
            assert seam < 2 * inside + 1e-3


def test_the_layers_of_an_image_add_up_to_its_optical_density(tmp_path):
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.integers(30, 255, (200, 220, 3), dtype=np.uint8), (0, 0), 3)
    cv2.imwrite(str(tmp_path / "o.png"), picture)
    layers = from_image(tmp_path / "o.png", (96, 96), rng, layers=3, scale=1.0, phase_per_density=0.5)
    total = layers.density.sum(axis=0)
    assert layers.density.shape == (3, 3, 96, 96)
    assert total.min() >= 0
    assert 0.02 < total.mean() < 1.0
    np.testing.assert_allclose(layers.phase, 0.5 * layers.density.mean(axis=1), rtol=1e-5)


@pytest.mark.skipif(not TISSUE.is_dir(), reason="real tissue images (shared/data/tissue) are not on this machine")
def test_real_tissue_becomes_a_stack_that_looks_like_the_image_in_focus():
    rng = np.random.default_rng
    parameters = Parameters(kind="image", first_nm=-12500, image="tiatoolbox_target.png", noise=0.0)
    stack = dict(planes(parameters, (224, 224), rng(0), TISSUE))
    detail = {z: cv2.Laplacian(stack[z], cv2.CV_32F).var() for z in (-10500, 0, 9500)}
    assert detail[0] > 5 * detail[-10500]
    assert detail[0] > 5 * detail[9500]


def test_a_stack_that_lacks_planes_is_rendered_again(tiny_train, tmp_path):
    root = tmp_path / "lacking"
    simulate(root, ["train"], seed=7, jobs=1, stacks=2)
    (root / "dataset.json").unlink()
    (root / ".simulating.json").write_text(json.dumps(header(root, tiny_train)) + "\n")
    next((root / "incoherent_RGBchannels" / write.FOLDERS["train"] / "s1000_l1").iterdir()).unlink()
    simulate(root, ["train"], seed=7, jobs=1, stacks=2)
    assert snapshot(root) == snapshot(tiny_train)


def test_objects_cannot_be_shared_by_training_and_test(tmp_path):
    cv2.imwrite(str(tmp_path / "object.png"), np.full((64, 64, 3), 90, np.uint8))
    with pytest.raises(UsageError, match="one call"):
        simulate(tmp_path / "set", ["train", "test-1"], objects=tmp_path, stacks=1)


def test_training_sees_stains_and_images_in_other_colours_half_of_the_time():
    drawn = [training(np.random.default_rng(k), np.random.default_rng(k + 1000), ("a.png",)) for k in range(300)]
    images = [one for one in drawn if one.kind == "image"]
    mixed = [one for one in images if one.image_colours]
    assert 0.5 < len(images) / len(drawn) < 0.7
    assert 0.4 < len(mixed) / len(images) < 0.6
    reddest = sum(one.stains["haematoxylin"][0] < one.stains["haematoxylin"][2] for one in drawn)
    assert 0.1 < reddest / len(drawn) < 0.5  # haematoxylin itself absorbs red most
    assert all(one.image_colours is None for one in drawn if one.kind != "image")


def test_an_image_in_other_colours_keeps_its_structure(tmp_path):
    picture = np.random.default_rng(0).integers(60, 250, (300, 300, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    turned = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.0, 0.0))
    one, other = (
        from_image(
            tmp_path / "a.png",
            (128, 128),
            np.random.default_rng(3),
            layers=3,
            scale=1.0,
            phase_per_density=0.5,
            colours=colours,
        )
        for colours in (None, turned)
    )
    np.testing.assert_allclose(other.density[:, 0], one.density[:, 1], rtol=1e-5)
    np.testing.assert_allclose(other.density[:, 2], 0.5 * one.density[:, 0], rtol=1e-5)


def test_a_reversed_microscope_is_the_standard_one_with_the_z_axis_turned(tmp_path):
    """What only absorbs looks the same; phase, aberration and focal shifts act as on the other side of focus."""
    rng = np.random.default_rng
    one, other = (protocol(1, rng(0), rng(1), microscope=name) for name in (None, "reversed"))
    assert other.optics.focal_shift_um == tuple(-shift for shift in one.optics.focal_shift_um)
    assert other.optics.spherical_waves == -one.optics.spherical_waves
    assert other.phase_per_density == -one.phase_per_density
    assert dataclasses.replace(other, optics=one.optics, phase_per_density=one.phase_per_density) == one


def test_about_half_of_the_leaves_lie_on_empty_glass():
    fields = [
        dead_leaves((96, 96), np.random.default_rng(k), layers=3, contrast=0.8, smallest_px=4.0, phase_per_density=0.5)
        for k in range(24)
    ]
    bare = [float((field.density.sum(axis=(0, 1)) == 0).mean()) > 0.05 for field in fields]
    assert 5 <= sum(bare) <= 19
