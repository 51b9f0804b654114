"""The stages of a training: what is planned, what is left after a kill, and how weights move from one to the next."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fixtures_models import DATA, network, patch_set
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebench.errors import UsageError
from edgebench.models import recipes, regressor, stages, state, store, train
from edgebench.models.stages import Stage

CROPS = recipes.RECIPES["crops"]
SIZE = 64  # px; crops of 32
SETTINGS = train.Settings("crops", 0.35, SIZE, 4, None, seed=4)


class Killed(Exception):
    """Stands in for kill -9: nothing after it runs."""


def test_a_recipe_without_crops_has_one_stage():
    assert stages.plan(20, 224, recipes.DEFAULT) == (Stage(0, 20, 224, recipes.DEFAULT.learning_rate),)
    assert len(stages.plan(20, 224, dataclasses.replace(CROPS, crop=1.0))) == 1


def test_crops_have_two_stages_the_second_slower_and_on_whole_inputs():
    first, second = stages.plan(20, 224, CROPS)
    assert (first.first, first.end, first.side, first.previous_side) == (0, 16, 112, 0)
    assert (second.first, second.end, second.side, second.previous_side) == (16, 20, 224, 112)
    assert second.learning_rate == pytest.approx(CROPS.finish * first.learning_rate)


@settings(deadline=None)
@given(st.integers(2, 200), st.integers(32, 112).map(lambda half: 2 * half), st.floats(0.01, 1), st.floats(0.5, 0.99))
def test_stages_follow_one_another_from_the_first_epoch_to_the_last(epochs, side, share, crop):
    planned = stages.plan(epochs, side, dataclasses.replace(CROPS, crop=crop, crop_epochs=share))
    assert planned[0].first == 0
    assert planned[-1].end == epochs
    assert planned[-1].side == side
    assert all(stage.first < stage.end and stage.side % 2 == 0 for stage in planned)
    assert all(before.end == after.first and before.side < after.side for before, after in zip(planned, planned[1:]))


@pytest.mark.parametrize(("epochs", "side"), [(1, 224), (20, 48)])
def test_crops_too_small_or_epochs_too_few_are_refused(epochs, side):
    with pytest.raises(UsageError, match=r"^crops of \d+ px in \d+ epoch\(s\): expected 32 px .* --recipe default"):
        stages.plan(epochs, side, CROPS)


def test_what_is_left_begins_with_the_stage_of_the_last_finished_epoch():
    planned = stages.plan(5, 224, CROPS)  # four epochs and one
    assert [len(stages.left(planned, done)) for done in range(6)] == [2, 2, 2, 2, 2, 1]


def test_work_is_counted_in_epochs_of_the_side_that_runs():
    planned = stages.plan(5, 224, CROPS)
    assert stages.work_left(planned, 0, 112) == 4 + 4  # the last one has four times the pixels
    assert stages.work_left(planned, 3, 112) == 1 + 4
    assert stages.work_left(planned, 4, 224) == 1
    assert stages.work_left(planned, 5, 224) == 0


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 7), st.integers(0, 7), st.integers(1, 5), st.integers(0, 99))
def test_a_stretched_head_gives_a_map_of_constant_features_the_same_answer(old, more, channels, seed):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(old * old * channels, 1)).astype(np.float32)
    features = rng.normal(size=channels)
    new = old + more
    grown = regressor.stretch_head(kernel, old, new)
    assert grown.shape == (new * new * channels, 1)
    before, after = (
        np.broadcast_to(features, (side, side, channels)).ravel() @ head for side, head in ((old, kernel), (new, grown))
    )
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-4)


def test_a_head_stretched_to_its_own_size_is_itself():
    kernel = np.random.default_rng(0).normal(size=(4 * 4 * 5, 1)).astype(np.float32)
    np.testing.assert_allclose(regressor.stretch_head(kernel, 4, 4), kernel, rtol=0, atol=1e-6)


def test_grown_weights_answer_to_a_repeated_patch_as_before():
    import keras

    def patchwise(side):
        image = keras.Input((side, side, 3))
        features = keras.layers.Flatten()(keras.layers.Conv2D(4, 32, 32, activation="relu")(image))
        return keras.Model(image, keras.layers.Dense(1)(features))

    small, large = patchwise(32), patchwise(96)
    large.set_weights(stages.grown(small.get_weights(), large, 32))
    x = np.random.default_rng(0).normal(size=(5, 32, 32, 3)).astype(np.float32)
    expected = small.predict_on_batch(x)
    np.testing.assert_allclose(large.predict_on_batch(np.tile(x, (1, 3, 3, 1))), expected, rtol=0, atol=1e-4)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Trainings of two epochs on crops and two on whole inputs; all their weights are averages of many steps."""
    monkeypatch.setattr(regressor, "build", network)
    monkeypatch.setitem(recipes.RECIPES, "crops", dataclasses.replace(CROPS, average=1.0, crop_epochs=0.5))
    sets = [patch_set(128, size=SIZE)], [patch_set(32, seed=2, size=SIZE)]

    def run(name, report=lambda status: None):
        return train.train(tmp_path / name, SETTINGS, *sets, DATA, report)

    return run


def test_a_training_killed_between_or_in_its_stages_ends_with_the_very_same_weights(run, tmp_path):
    card = run("whole")
    assert [entry["side"] for entry in card.history] == [32, 32, 64, 64]
    assert card.input_size == SIZE

    def die_in(epoch):
        def report(status):
            if status.epoch == epoch:
                raise Killed

        return report

    for epoch in (3, 4):  # at the boundary, and in the second stage
        with pytest.raises(Killed):
            run("killed", die_in(epoch))
    again = run("killed")
    assert [entry["loss"] for entry in again.history] == [entry["loss"] for entry in card.history]
    assert again.results == card.results
    whole, killed = (store.load(tmp_path / name)[0].get_weights() for name in ("whole", "killed"))
    for a, b in zip(whole, killed):
        np.testing.assert_array_equal(a, b)


def test_a_training_killed_before_its_model_is_written_trains_no_more(run, tmp_path, monkeypatch):
    def killed(*arguments):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(store, "save", killed)
        with pytest.raises(Killed):
            run("m")
    assert (tmp_path / "m" / state.NAME).is_file()
    seen = []
    card = run("m", seen.append)
    assert seen == []
    assert len(card.history) == 4


def test_the_time_left_counts_the_larger_inputs_of_the_second_stage(run):
    seen = []
    run("m", seen.append)
    first = seen[0]
    assert first.eta_s * first.patches_per_s == pytest.approx(2 * 128 + 4 * 2 * 128 - first.patches)
    assert [status.eta_s for status in seen if status.validation_um is None][-1] == pytest.approx(0)
