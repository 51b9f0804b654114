"""Validation samples and the paper's sample numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.data import splits
from edgebench.types import FocalStack, Plane

TILES = st.dictionaries(st.integers(1, 999).map("s{}".format), st.integers(41, 4000), min_size=2, max_size=30)
TEST_1 = {"s16": 4, "s17": 2, "s101": 1, "s102": 6, "s103": 2, "s104": 2}
TEST_2 = {"s7": 1, "s8": 3, "s30": 5, "s40": 6, "s105": 6, "s206": 5, "s300": 6}


def stacks(counts: dict[str, int], planes: int = 41) -> list[FocalStack]:
    return [
        FocalStack(sample, f"l{field}", tuple(Plane(Path("x"), 500 * k) for k in range(planes)))
        for sample, fields in counts.items()
        for field in range(fields)
    ]


@given(TILES)
def test_validation_takes_some_whole_samples_but_never_all(tiles):
    chosen = splits.validation_samples(tiles)
    assert chosen
    assert chosen < tiles.keys()


@given(TILES, st.randoms())
def test_the_order_of_the_samples_does_not_change_the_choice(tiles, random):
    shuffled = list(tiles.items())
    random.shuffle(shuffled)
    assert splits.validation_samples(dict(shuffled)) == splits.validation_samples(tiles)


@pytest.mark.parametrize("seed", range(5))
def test_about_a_fifth_of_the_tiles_is_for_validation_though_samples_differ_in_size(seed):
    tiles = {f"s{k}": 41 * (1 + k * 7 % 40) for k in range(50)}
    chosen = splits.validation_samples(tiles, seed=seed)
    share = sum(tiles[sample] for sample in chosen) / sum(tiles.values())
    assert 0.18 < share < 0.22


def test_another_seed_draws_other_samples():
    tiles = {f"s{k}": 41 for k in range(50)}
    assert splits.validation_samples(tiles, seed=1) != splits.validation_samples(tiles, seed=2)


def test_one_sample_alone_is_not_split():
    assert splits.validation_samples({"s1": 41}) == frozenset()


@pytest.mark.parametrize("planes", [41, 45], ids=["41 planes, published", "41 pairs, simulated"])
def test_samples_get_the_papers_numbers_where_the_image_counts_are_the_papers(planes):
    first = splits.sample_numbers(stacks(TEST_1, planes), "test-1")
    assert first == dict(zip(TEST_1, (f"Sample {n}" for n in range(1, 7))))
    second = splits.sample_numbers(stacks(TEST_2, planes), "test-2")
    assert second == dict(zip(TEST_2, (f"Sample {n}" for n in range(7, 14))))


@pytest.mark.parametrize(
    ("split", "found"),
    [
        ("test-1", stacks(TEST_1)[1:]),
        ("test-1", stacks({**TEST_1, "s999": 1})),
        ("test-1", stacks(TEST_2)),
        ("test-2", stacks({**TEST_2, "s8": 2})),
        ("test-2", stacks(TEST_2, planes=20)),
        ("train", stacks(TEST_1)),
    ],
)
def test_samples_keep_their_folder_names_where_the_counts_differ(split, found):
    assert splits.sample_numbers(found, split) == {}
