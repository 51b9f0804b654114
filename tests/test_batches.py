"""Batches of a training: which patches, how they are changed, and what they weigh."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fixtures_models import SIZE, patch_set

from edgebench.focus.preprocess import model_input
from edgebench.models import batches, recipes

PLAIN = dataclasses.replace(recipes.DEFAULT, batch_size=8, turns=False)


def feed(how=PLAIN, sets=None, **options):
    chosen = {"input_size": SIZE, "seed": 0, "epoch_patches": None, **options}
    return batches.Feed(tuple(sets or [patch_set(24), patch_set(16, seed=1)]), how=how, **chosen)


def test_patches_of_several_sets_are_taken_by_their_place():
    sets = [patch_set(8), patch_set(4, seed=1)]
    x, z_um = batches.take(sets, np.array([7, 8, 11, 0]), SIZE)
    np.testing.assert_array_equal(x[1], model_input(sets[1].tiles[:1], SIZE)[0])
    assert z_um[:, 0].tolist() == [sets[0].z_um[7], sets[1].z_um[0], sets[1].z_um[3], sets[0].z_um[0]]


def test_the_eight_turns_of_a_patch_differ_and_kind_0_is_the_patch():
    patch = np.arange(3 * 3 * 3, dtype=np.float32).reshape(3, 3, 3)
    turned = batches.turn(np.stack([patch] * 8), np.arange(8))
    np.testing.assert_array_equal(turned[0], patch)
    assert len(np.unique(turned.reshape(8, -1), axis=0)) == 8
    assert {tuple(np.sort(one.ravel())) for one in turned} == {tuple(np.sort(patch.ravel()))}


def test_a_sample_is_even_over_z():
    place = batches.sample([patch_set(1000)], 20, seed=0)
    z_um = np.sort(patch_set(1000).z_um[place])
    np.testing.assert_allclose(z_um, np.linspace(-8, 10, 20), rtol=0, atol=0.05)


def test_an_epoch_takes_no_patch_twice_and_the_next_has_another_order():
    first, second = (batches.order(1000, 64, 500, 0, epoch) for epoch in (0, 1))
    assert first.shape == (7, 64)
    assert len(np.unique(first)) == first.size
    assert not np.array_equal(first, second)


def test_what_is_made_ahead_comes_in_order_and_its_error_arrives():
    assert list(batches.prefetch(lambda i: i * i, 10)) == [i * i for i in range(10)]
    with pytest.raises(ZeroDivisionError):
        list(batches.prefetch(lambda i: 1 // (i - 3), 10))


@pytest.mark.parametrize("side", [32, 24, 8])
def test_a_crop_is_a_part_of_its_patch(side):
    x = np.arange(5 * 32 * 32 * 3, dtype=np.float32).reshape(5, 32, 32, 3)
    cut = batches.crop(x, side, np.random.default_rng(0))
    assert cut.shape == (5, side, side, 3)
    for patch, part in zip(x, cut):
        i, j = (int(value) for value in np.argwhere(patch[..., 0] == part[0, 0, 0])[0])
        np.testing.assert_array_equal(patch[i : i + side, j : j + side], part)


def test_crops_lie_anywhere_up_to_the_border():
    place = np.broadcast_to(np.arange(4.0)[:, None, None], (4, 4, 3))
    cut = batches.crop(np.stack([place] * 200), 3, np.random.default_rng(0))
    assert {part[0, 0, 0] for part in cut} == {0, 1}


def test_a_batch_holds_inputs_labels_and_weights_of_the_patches_of_its_order():
    made = feed()
    every, z_um = batches.take(made.sets, np.arange(40), SIZE)
    x, label, teacher, weight = made.epoch(3, SIZE)(1)
    place = np.sort(made.order(3)[1])
    np.testing.assert_array_equal(x, every[place])
    np.testing.assert_array_equal(label, z_um[place])
    np.testing.assert_array_equal(teacher, label)  # without one
    assert weight.shape == (8, 1)
    assert weight.dtype == np.float32


def test_a_batch_is_the_same_whenever_it_is_made():
    how = dataclasses.replace(PLAIN, turns=True)
    first = feed(how).epoch(2, 16)
    again = feed(how).epoch(2, 16)
    batch = [first(i) for i in (0, 1, 2)][2]
    for a, b in zip(batch, again(2)):
        np.testing.assert_array_equal(a, b)
    assert batch[0].shape == (8, 16, 16, 3)
    assert not np.array_equal(batch[0], feed(how).epoch(3, 16)(2)[0])


def test_a_teachers_answer_stays_with_its_patch():
    sets = [patch_set(24), patch_set(16, seed=1)]
    made = feed(sets=sets, teacher_um=[part.z_um + 100 for part in sets])
    for i in range(5):
        _, z_um, teacher, _ = made.epoch(0, SIZE)(i)
        np.testing.assert_array_equal(teacher, z_um + 100)


def test_weights_grow_with_contrast_are_half_at_the_recipes_and_1_in_the_mean():
    half = recipes.DEFAULT.half_contrast
    contrast = np.array([0, half / 2, half, 2 * half, 1e6], np.float32).repeat(8)
    part = dataclasses.replace(patch_set(40), contrast=contrast)
    made = feed(sets=[part])
    found = {}
    for i in range(5):
        for z_um, weight in zip(*(made.epoch(0, SIZE)(i)[k][:, 0] for k in (1, 3))):
            found[int(np.flatnonzero(part.z_um == z_um)[0])] = weight
    weight = np.array([found[i] for i in range(40)])
    assert (np.diff(weight[::8]) > 0).all()
    assert weight[16] == pytest.approx(weight[-1] / 2, rel=1e-5)
    assert weight.mean() == pytest.approx(1, rel=1e-5)


def test_all_count_alike_where_the_recipe_weighs_nothing():
    made = feed(dataclasses.replace(PLAIN, half_contrast=0.0))
    assert (made.epoch(0, SIZE)(0)[3] == 1).all()
