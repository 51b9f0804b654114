"""The simulator's options: the optical model, the field's size, the files' format, and that they never mix."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgebench.cli.main import main
from edgebench.data import datasets, simulator
from edgebench.data.simulator import simulate, write
from edgebench.data.simulator.histology import LAYERS
from edgebench.data.simulator.objects import from_image
from edgebench.data.simulator.parameters import BEYOND, PLANES, Parameters, protocol
from edgebench.data.simulator.render import encode, planes
from edgebench.errors import DatasetError, UsageError

POINTS = 3  # of the source: enough to see that it is the exact model


@pytest.fixture(scope="module")
def exact_set(tmp_path_factory):
    root = tmp_path_factory.mktemp("exact")
    simulate(root, ["train"], seed=7, jobs=1, stacks=1, optics="exact", source_points=POINTS, file_format="png")
    return root


@pytest.fixture
def objects(tmp_path):
    folder = tmp_path / "objects"
    folder.mkdir()
    picture = cv2.GaussianBlur(np.random.default_rng(1).integers(30, 255, (200, 220, 3), dtype=np.uint8), (0, 0), 3)
    cv2.imwrite(str(folder / "one.png"), picture)
    return folder


def drawn(root: Path, split: str, optics: str, objects: Path | None = None, count: int = 400) -> list[Parameters]:
    jobs = write._jobs(root, split, 5, objects, None)[:count]
    return [write._parameters(replace(job, optics=optics)) for job in jobs]


def test_an_exact_set_says_so_in_its_name_its_header_and_its_stacks(exact_set):
    manifest = json.loads((exact_set / "dataset.json").read_text())
    assert manifest["name"] == "simulated-exact"
    assert (manifest["optics"], manifest["source_points"], manifest["format"]) == ("exact", POINTS, "png")
    stack = manifest["splits"]["train"]["stacks"]["s1000_l1"]
    assert stack["parameters"]["optical_model"] == "exact"
    assert stack["parameters"]["source_points"] == POINTS


def test_png_planes_are_read_whole_and_kept_by_a_second_call(exact_set):
    files = sorted(exact_set.rglob("*.png"))
    assert len(files) == PLANES + 2 * BEYOND
    assert not datasets.check(exact_set)
    assert datasets.describe(exact_set).splits["validation"].images == 41 + 2 * BEYOND  # the only slide
    marks = [path.stat().st_mtime_ns for path in files]
    manifest = json.loads((exact_set / "dataset.json").read_text())
    (exact_set / "dataset.json").rename(exact_set / ".simulating.json")  # as after a kill at the very end
    simulate(exact_set, ["train"], seed=7, jobs=1, stacks=1, optics="exact", source_points=POINTS, file_format="png")
    assert [path.stat().st_mtime_ns for path in files] == marks
    assert json.loads((exact_set / "dataset.json").read_text()) == manifest


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"optics": "linear", "source_points": None}, "name"),
        ({"source_points": None}, "source_points"),
        ({"file_format": "jpeg"}, "format"),
    ],
)
def test_a_folder_of_another_optical_model_or_format_is_refused(exact_set, change, word):
    options = {"optics": "exact", "source_points": POINTS, "file_format": "png", **change}
    with pytest.raises(DatasetError, match=f"another {word}"):
        simulate(exact_set, ["train"], seed=7, jobs=1, stacks=1, **options)


def test_a_folder_from_before_these_options_goes_on(tmp_path):
    header = {"name": "simulated", "simulated": True, "version": write.VERSION, "seed": 7}
    header |= {"microscope": None, "stacks_limit": 1, "objects": None}
    (tmp_path / "dataset.json").write_text(json.dumps({**header, "splits": {"train": {"stacks": {}}}}))
    simulate(tmp_path, ["train"], seed=7, stacks=1)
    with pytest.raises(DatasetError, match="another format"):
        simulate(tmp_path, ["train"], seed=7, stacks=1, file_format="png")


@pytest.mark.parametrize(
    ("splits", "options", "message"),
    [
        (["test-1"], {"optics": "abbe"}, "Known: linear, exact, mixed"),
        (["test-1"], {"optics": "mixed"}, "for training alone"),
        (["train"], {"field": "small"}, "for the test splits"),
        (["test-1"], {"field": "tiny"}, "Known: full, small"),
        (["test-1"], {"file_format": "tiff"}, "Known: jpeg, png"),
        (["test-1"], {"source_points": 5}, "needs --optics exact"),
        (["train"], {"microscope": "reversed"}, "training draws its own"),
        (["train", "test-1"], {"microscope": "one"}, "for training alone"),
        (["test-1"], {"microscope": "two"}, "Known, beside the standard: outside, reversed, one"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_written(tmp_path, splits, options, message):
    with pytest.raises(UsageError, match=message):
        simulate(tmp_path / "set", splits, **options)
    assert not (tmp_path / "set").exists()


def test_mixed_makes_a_tenth_of_the_stacks_exact_and_leaves_the_others_as_they_are(tmp_path):
    mixed, linear = drawn(tmp_path, "train", "mixed"), drawn(tmp_path, "train", "linear")
    exact = [ours for ours, theirs in zip(mixed, linear) if ours != theirs]
    assert 20 <= len(exact) <= 60  # of 400: three standard deviations
    assert {(one.optical_model, one.source_points) for one in exact} == {("exact", 19)}
    assert {one.optical_model for one in linear} == {"linear"}
    assert drawn(tmp_path, "train", "mixed") == mixed


def test_the_exact_model_cuts_a_real_image_into_more_slices_over_the_same_thickness(tmp_path, objects):
    (thin,), (fine,) = (drawn(tmp_path, "test-1", optics, objects, count=1) for optics in ("linear", "exact"))
    assert (thin.slices, fine.slices, fine.source_points) == (LAYERS, 5, 37)
    assert fine.layer_step_nm * (fine.slices - 1) == thin.layer_step_nm * (thin.slices - 1)
    layers = from_image(
        objects / "one.png", (96, 96), np.random.default_rng(0), layers=5, scale=1.0, phase_per_density=0.5
    )
    assert layers.phase.shape == (5, 96, 96)
    changed = {name for name, value in asdict(fine).items() if asdict(thin)[name] != value}
    assert changed == {"slices", "layer_step_nm", "optical_model", "source_points"}


@pytest.mark.parametrize("image", ["", "one.png"])
def test_exact_planes_look_like_linear_ones_and_are_sharpest_near_zero(objects, image):
    rng = np.random.default_rng
    parameters = protocol(1, rng(1), rng(2), image=image)
    exact = replace(parameters, optical_model="exact", source_points=7)
    theirs, ours = (dict(planes(one, (96, 96), rng(3), objects)) for one in (parameters, exact))
    sharpness = {z: cv2.Laplacian(cv2.medianBlur(plane[:, :, 1], 3), cv2.CV_32F).var() for z, plane in ours.items()}
    assert abs(max(sharpness, key=sharpness.__getitem__)) <= 1000  # nm: two planes; noise and a small field
    near = min(ours, key=abs)
    assert ours[near].dtype == np.uint8
    assert np.corrcoef(ours[near].ravel(), theirs[near].ravel())[0, 1] > 0.9


def test_a_small_field_has_six_tiles(tmp_path):
    simulate(tmp_path, ["test-1"], stacks=1, jobs=1, field="small")
    counts = datasets.describe(tmp_path).splits["test-1"]
    assert counts.patches == 6 * counts.images == 6 * 41
    assert json.loads((tmp_path / "dataset.json").read_text())["field"] == "small"


def test_a_png_plane_is_the_plane_itself():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    data = encode(image, Parameters(kind="leaves", first_nm=0), ".png")
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), image)


def test_the_command_hands_its_options_on(monkeypatch, tmp_path):
    asked = {}

    def stop(root, splits, **options):
        asked.update(options, splits=splits)
        raise UsageError("seen")

    monkeypatch.setattr(simulator, "simulate", stop)
    words = ["--optics", "exact", "--source-points", "61", "--field", "small", "--format", "png"]
    monkeypatch.setattr(sys, "argv", ["edgebench", "data", "simulate", str(tmp_path), *words])
    with pytest.raises(SystemExit):
        main()
    asked = {name: asked[name] for name in ("optics", "source_points", "field", "file_format")}
    assert asked == {"optics": "exact", "source_points": 61, "field": "small", "file_format": "png"}
