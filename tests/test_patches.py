from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fixtures_models import write_stack

from edgebench.data import patches
from edgebench.data.patches import Choice
from edgebench.errors import DatasetError
from edgebench.focus import aggregate, images, preprocess

Z_NM = range(-3000, 3001, 500)  # 13 planes, 9 pairs


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Two training tiles and two fields of 448 px, with a loader that knows them; `source.stacks` may be changed."""
    split = {
        "train": tuple(write_stack(tmp_path / "d", f"s{i}", "l1_Seg1", Z_NM, seed=i) for i in range(2)),
        "test-1": tuple(write_stack(tmp_path / "d", f"s{i}", "l2", Z_NM, side=448, seed=i) for i in range(5, 7)),
    }
    monkeypatch.setattr(patches.jiang2018, "stacks", lambda root, name: split[name])
    return split


def cached(tmp_path, split="train", data_sha256="d", **choice):
    return patches.cached(tmp_path / "d", split, Choice(**choice), tmp_path / "cache", jobs=1, data_sha256=data_sha256)


def planes_of(pair):
    return [images.read_image(plane.path) for plane in (pair.lower, pair.upper)]


@pytest.mark.parametrize(("kind", "dtype"), [("difference", np.int8), ("single", np.uint8)])
def test_a_cached_patch_is_that_of_the_preprocessing(source, tmp_path, kind, dtype):
    made = cached(tmp_path, kind=kind)
    pair = tuple(source["train"][1].pairs())[3]
    (place,) = np.flatnonzero((made.stack == 1) & (made.z_um == np.float32(pair.z_um)))
    expected = preprocess.pair_tiles(*planes_of(pair), kind)
    assert made.tiles.dtype == dtype
    np.testing.assert_array_equal(made.tiles[place], np.clip(expected[0], -127, 255 if kind == "single" else 127))


def test_a_difference_beyond_8_bits_is_clipped_alike_on_both_sides():
    tiles = np.array([-255, -128, -127, 0, 127, 128, 255], np.int16)
    assert patches.eight_bits(tiles).tolist() == [-127, -127, -127, 0, 127, 127, 127]
    assert patches.eight_bits(tiles).dtype == np.int8


def test_a_patch_knows_its_contrast(source, tmp_path):
    made = cached(tmp_path)
    np.testing.assert_allclose(made.contrast, aggregate.contrast(made.tiles), rtol=1e-6)
    assert made.contrast.min() > 1  # grey values; the planes are noise


def test_a_tile_gives_one_patch_a_pair_and_a_field_one_for_each_of_its_tiles(source, tmp_path):
    assert len(cached(tmp_path)) == 2 * 9
    assert len(cached(tmp_path, "test-1")) == 2 * 9 * 4


def test_the_label_is_that_of_the_upper_plane(source, tmp_path):
    assert sorted(set(cached(tmp_path).z_um.tolist())) == [z / 1000 for z in range(-1000, 3001, 500)]


def test_each_plane_is_decoded_once(source, monkeypatch):
    seen = []
    read = images.read_image
    monkeypatch.setattr(patches.images, "read_image", lambda path: seen.append(path) or read(path))
    patches.stack_tiles(tuple(source["train"][0].pairs()))
    assert len(seen) == len(set(seen)) == 13


def test_the_second_call_decodes_nothing(source, tmp_path, monkeypatch):
    first = cached(tmp_path)
    monkeypatch.setattr(patches.images, "read_image", None)
    second = cached(tmp_path)
    np.testing.assert_array_equal(first.tiles, second.tiles)
    np.testing.assert_array_equal(first.contrast, second.contrast)
    assert isinstance(second.tiles, np.memmap)


def test_several_processes_make_the_same_as_one(source, tmp_path):
    one = cached(tmp_path, augment=True)
    two = patches.cached(tmp_path / "d", "train", Choice(augment=True), tmp_path / "other", data_sha256="d", jobs=2)
    np.testing.assert_array_equal(one.tiles, two.tiles)
    np.testing.assert_array_equal(one.z_um, two.z_um)


def test_augmented_patches_differ_by_seed_and_keep_their_labels(source, tmp_path):
    plain, one, other = (cached(tmp_path, **choice) for choice in ({}, {"augment": True}, {"augment": True, "seed": 1}))
    assert len({part.tiles.tobytes() for part in (plain, one, other)}) == 3
    for part in (one, other):
        np.testing.assert_array_equal(part.z_um, plain.z_um)


def test_other_data_kinds_pairs_and_seeds_have_other_caches(source, tmp_path):
    cached(tmp_path)
    cached(tmp_path, pairs_per_stack=4)
    cached(tmp_path, pairs_per_stack=4, seed=1)
    cached(tmp_path, data_sha256="e")
    cached(tmp_path, kind="single")
    cached(tmp_path, augment=True)
    assert len(list((tmp_path / "cache").iterdir())) == 6


@pytest.mark.parametrize("count", [1, 4, 8])
def test_chosen_pairs_are_spread_over_z(source, count):
    stack = source["train"][0]
    chosen = patches.choose_pairs(stack, count, seed=3)
    place = [tuple(stack.pairs()).index(pair) for pair in chosen]
    assert len(place) == count
    edges = np.linspace(0, 9, count + 1).astype(int)
    assert all(low <= i < high for i, low, high in zip(place, edges, edges[1:]))
    assert chosen == patches.choose_pairs(stack, count, seed=3)


def test_enough_pairs_means_all(source):
    assert len(patches.choose_pairs(source["train"][0], 99, seed=0)) == 9


def test_a_failure_leaves_nothing_behind(source, tmp_path):
    source["train"][1].planes[5].path.write_bytes(b"no image")
    with pytest.raises(DatasetError, match="not a readable image"):
        cached(tmp_path)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_full_disk_is_one_line_with_the_size(source, tmp_path, monkeypatch):
    def full(descriptor, start, size):
        assert size >= 18 * 224 * 224 * 3
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DatasetError, match=r"no room for 0\.0 GB of patches .*--pairs-per-stack or --cache"):
        cached(tmp_path)
    assert list((tmp_path / "cache").iterdir()) == []


POOL = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from edgebench.data.workers import begin_worker
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), begin_worker)
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_workers_end_with_a_killed_parent(tmp_path):
    (tmp_path / "pool.py").write_text(POOL)
    with subprocess.Popen([sys.executable, tmp_path / "pool.py"], stdout=subprocess.PIPE, text=True) as parent:
        status = Path(f"/proc/{parent.stdout.readline().strip()}/stat")
        assert status.exists()
        parent.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while status.exists() and status.read_text().rsplit(")")[-1].split()[0] != "Z":  # where nobody reaps
        assert time.monotonic() < until
        time.sleep(0.05)


def test_two_processes_that_make_the_same_patches_do_not_disturb_each_other(source, tmp_path):
    first = cached(tmp_path)
    folder = next((tmp_path / "cache").iterdir())
    folder.rename(tmp_path / "kept")

    def other_is_faster(done, total):
        if done == total:
            (tmp_path / "kept").rename(folder)

    second = patches.cached(
        tmp_path / "d", "train", Choice(), tmp_path / "cache", data_sha256="d", jobs=1, progress=other_is_faster
    )
    np.testing.assert_array_equal(first.tiles, second.tiles)
    assert list((tmp_path / "cache").iterdir()) == [folder]


def test_what_a_killed_process_left_is_removed(source, tmp_path):
    made = cached(tmp_path)
    folder = tmp_path / "cache" / next((tmp_path / "cache").iterdir()).name
    left = folder.with_name(f".{folder.name}.999999999.tmp")
    folder.rename(left)
    assert len(cached(tmp_path)) == len(made)
    assert not left.exists()


def test_a_split_without_pairs_is_an_error(source, tmp_path):
    source["train"] = (write_stack(tmp_path / "d", "s9", "l1_Seg1", range(0, 1000, 500)),)
    with pytest.raises(DatasetError, match="no two planes 2 um apart"):
        cached(tmp_path)
    with pytest.raises(DatasetError, match="no two planes 2 um apart"):
        patches.drawn(tmp_path, [], 10, data_sha256="d")


def test_planes_of_different_sizes_are_an_error(source, tmp_path):
    write_stack(tmp_path / "d", "s1", "l1_Seg1", Z_NM[6:7], side=448)
    with pytest.raises(DatasetError, match="differ in size"):
        cached(tmp_path)


def test_drawn_patches_come_from_all_stacks_and_are_never_the_same(source, tmp_path):
    drawn = patches.drawn(tmp_path, ["train", "test-1"], 30, data_sha256="d", seed=1)
    assert len(drawn) >= 30
    assert set(drawn.stack) == {0, 1, 2, 3}
    assert len({tile.tobytes() for tile in drawn.tiles}) == len(drawn)
    again = patches.drawn(tmp_path, ["train", "test-1"], 30, data_sha256="d", seed=1)
    np.testing.assert_array_equal(drawn.tiles, again.tiles)
    np.testing.assert_allclose(drawn.contrast, aggregate.contrast(drawn.tiles), rtol=1e-6)


def test_a_small_set_gives_all_it_has(source, tmp_path):
    drawn = patches.drawn(tmp_path, ["train"], 1000, data_sha256="d", kind="single")
    assert len(drawn) == 18
    assert drawn.tiles.dtype == np.uint8
