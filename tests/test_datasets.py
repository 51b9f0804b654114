"""What a data set says of itself, and what the check finds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from make_stacks import SAME, TRAIN, images, manifest

from edgebench.data import datasets
from edgebench.data.datasets import SplitCounts
from edgebench.errors import DatasetError

Z_NM = (-1850, -850, 150, 1150)  # two pairs


@pytest.fixture
def root(tmp_path):
    """Two stacks of a test split with two tiles an image, and three training tiles of three samples."""
    base = tmp_path / "incoherent_RGBchannels"
    for seed, stack in enumerate(("s16_l1", "s17_l1")):
        images(base / SAME / stack, Z_NM, size=(448, 224), seed=seed)
    for sample in (1, 2, 3):
        images(base / TRAIN / f"s{sample}_l1", Z_NM, prefix="Seg1_", seed=sample)
    return tmp_path


@pytest.fixture
def simulated(root):
    manifest(root, validation_samples=["s2"])
    return root


def plane(root, z_nm=150):
    return root / "incoherent_RGBchannels" / SAME / "s16_l1" / f"defocus{z_nm}.png"


def test_the_published_set_is_counted_with_its_rule(root):
    about = datasets.describe(root)
    assert (about.name, about.simulated, about.seed) == ("jiang2018", False, None)
    assert about.splits == {
        "train": SplitCounts(2, 4, 4),
        "validation": SplitCounts(1, 2, 2),
        "test-1": SplitCounts(2, 4, 8),
    }
    assert "exactly 2 um apart" in about.rule
    assert "2 in test-1, 1 in train and validation" in about.rule


def test_a_simulated_set_is_always_called_simulated(simulated):
    for root in (simulated, simulated / "incoherent_RGBchannels"):
        about = datasets.describe(root)
        assert (about.name, about.simulated, about.seed) == ("simulated", True, 7)
        assert about.sha256 == hashlib.sha256((simulated / "dataset.json").read_bytes()).hexdigest()


def test_a_data_set_inside_data_channel_is_found_with_its_manifest(simulated, tmp_path_factory):
    above = tmp_path_factory.mktemp("above")
    expected = datasets.describe(simulated)
    simulated.rename(above / "Data_channel")
    assert datasets.describe(above) == expected


def test_the_working_directory_can_be_the_root(simulated, monkeypatch):
    expected = datasets.describe(simulated)
    monkeypatch.chdir(simulated / "incoherent_RGBchannels")
    assert datasets.describe(Path()) == expected
    assert datasets.check(Path()) == []


def test_the_hash_of_a_set_without_manifest_follows_its_names_and_sizes_alone(root):
    before = datasets.describe(root).sha256
    (root / "notes.txt").write_text("not a part of the set")
    assert datasets.describe(root / "incoherent_RGBchannels").sha256 == before
    plane(root).rename(plane(root, 160))
    assert datasets.describe(root).sha256 != before


def test_a_description_is_plain_json(simulated):
    about = asdict(datasets.describe(simulated))
    assert json.loads(json.dumps(about)) == about
    assert about["splits"]["test-1"] == {"stacks": 2, "images": 4, "patches": 8}


def test_only_one_image_of_a_split_is_decoded_to_count(simulated, monkeypatch):
    read, read_image = [], datasets.read_image
    monkeypatch.setattr(datasets, "read_image", lambda path: read.append(path) or read_image(path))
    datasets.describe(simulated)
    assert len(read) == 3


@pytest.mark.parametrize("fast", [False, True])
def test_a_whole_set_has_no_finding_and_progress_is_told(simulated, fast):
    seen = []
    assert datasets.check(simulated, fast=fast, progress=lambda *step: seen.append(step)) == []
    assert seen == [("train", 1, 3), ("train", 2, 3), ("train", 3, 3), ("test-1", 1, 2), ("test-1", 2, 2)]


def test_every_broken_image_is_found_not_the_first_alone(root):
    plane(root).write_bytes(plane(root).read_bytes()[:-100])
    plane(root, 1150).write_text("no image")
    found = datasets.check(root)
    assert [finding.split for finding in found] == ["test-1", "test-1"]
    assert "truncated" in found[0].what
    assert "not a readable image" in found[1].what


def test_fast_decodes_the_first_image_of_a_stack_only(root):
    plane(root).write_text("no image")
    assert datasets.check(root, fast=True) == []
    plane(root, Z_NM[0]).write_text("no image")
    assert len(datasets.check(root, fast=True)) == 1


def test_an_image_of_another_size_is_found(root):
    images(plane(root).parent, (150,), size=(672, 224))
    (finding,) = datasets.check(root)
    assert "defocus150.png: 672x224 px" in finding.what
    assert "448x224" in finding.what


def test_another_image_than_the_simulated_one_is_found_by_its_hash(simulated):
    images(plane(simulated).parent, (150,), size=(448, 224), seed=99)
    (finding,) = datasets.check(simulated)
    assert "defocus150.png" in finding.what
    assert "SHA-256" in finding.what


def test_files_on_one_side_only_are_found(simulated):
    plane(simulated).rename(plane(simulated, 250))
    missing, added = datasets.check(simulated)
    assert "defocus150.png: in dataset.json, but not on disk" in missing.what
    assert "defocus250.png: not in dataset.json" in added.what


def test_a_split_that_is_only_in_the_manifest_is_found(simulated):
    folder = simulated / "incoherent_RGBchannels" / TRAIN
    folder.rename(simulated / "elsewhere")
    (finding,) = datasets.check(simulated)
    assert (finding.split, "not on disk" in finding.what) == ("train", True)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"splits": {"test-1": 3}, "name": "x", "simulated": true}'])
def test_a_damaged_manifest_is_an_error_not_a_published_set(simulated, text):
    (simulated / "dataset.json").write_text(text)
    with pytest.raises(DatasetError, match=r"dataset\.json"):
        datasets.describe(simulated)
