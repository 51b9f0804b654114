from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from fixtures_models import DATA, SIZE, network, patch_set

from edgebench.errors import DatasetError, ModelError, UsageError
from edgebench.models import batches, recipes, regressor, state, store, train
from edgebench.models.fused import fused

SETTINGS = train.Settings("default", 0.35, SIZE, 3, None, seed=4)


class Killed(Exception):
    """Stands in for kill -9: nothing after it runs."""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(regressor, "build", network)

    def run(name, settings=SETTINGS, training=None, report=lambda status: None, data=DATA):
        sets = training or [patch_set(256), patch_set(64, seed=1)]
        return train.train(tmp_path / name, settings, sets, [patch_set(64, seed=2)], data, report)

    return run


def die_in_epoch(number):
    def report(status):
        if status.epoch == number:
            raise Killed

    return report


def test_a_training_learns_and_is_kept_with_its_card(run, tmp_path):
    first = []
    card = run("m", dataclasses.replace(SETTINGS, epochs=10), report=lambda status: first.append(status.loss))
    model, loaded = store.load(tmp_path / "m")
    assert loaded == card
    assert [entry["epoch"] for entry in card.history] == list(range(1, 11))
    assert card.history[-1]["loss"] < first[0] / 2
    assert card.results["validation_um"] < 4  # the constant guess has 4.6
    assert card.results["training_patches"] == 320
    assert (card.data, card.kind, card.input_size) == (DATA, "difference", SIZE)
    assert card.parameters == model.count_params()
    assert {file.name for file in (tmp_path / "m").iterdir()} == {"model.keras", "card.json"}


def test_a_killed_training_goes_on_to_the_very_same_weights(run, tmp_path):
    run("whole")
    for epoch in (2, 3):
        with pytest.raises(Killed):
            run("killed", report=die_in_epoch(epoch))
    card = run("killed")
    assert len(card.history) == 3
    whole, killed = (store.load(tmp_path / name)[0].get_weights() for name in ("whole", "killed"))
    for a, b in zip(whole, killed):
        np.testing.assert_array_equal(a, b)


def test_the_seed_decides_the_result(run, tmp_path):
    run("a")
    run("b", dataclasses.replace(SETTINGS, seed=5))
    a, b = (store.load(tmp_path / name)[0].get_weights() for name in "ab")
    assert not np.array_equal(a[0], b[0])


def test_a_checkpoint_of_other_settings_or_data_is_refused(run):
    with pytest.raises(Killed):
        run("m", report=die_in_epoch(2))
    with pytest.raises(UsageError, match=r"begun with epochs 3, not 5\. .*--force"):
        run("m", dataclasses.replace(SETTINGS, epochs=5))
    with pytest.raises(UsageError, match="begun with other data"):
        run("m", data=[{"name": "others"}])


def test_a_checkpoint_of_a_changed_recipe_is_refused(run, monkeypatch):
    with pytest.raises(Killed):
        run("m", report=die_in_epoch(2))
    changed = dataclasses.replace(recipes.RECIPES["default"], learning_rate=1e-4)
    monkeypatch.setitem(recipes.RECIPES, "default", changed)
    with pytest.raises(UsageError, match=r"begun with other recipe values\. .*--force"):
        run("m")


def test_a_damaged_checkpoint_is_one_line(run, tmp_path):
    with pytest.raises(Killed):
        run("m", report=die_in_epoch(2))
    file = tmp_path / "m" / state.NAME
    file.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(ModelError, match=r"not a readable checkpoint .*--force"):
        run("m")


def test_the_recipe_of_the_paper_stays_finite(run):
    card = run("m", dataclasses.replace(SETTINGS, recipe="paper", epochs=1))
    assert np.isfinite(card.history[0]["loss"])
    assert np.isfinite(card.results["validation_um"])


def test_a_training_that_diverges_says_so(run, monkeypatch):
    wild = dataclasses.replace(recipes.RECIPES["paper"], learning_rate=1e30, clipnorm=None)
    monkeypatch.setitem(recipes.RECIPES, "default", wild)
    with pytest.raises(ModelError, match=r"diverged: loss (nan|inf)"):
        run("m")


def test_less_than_one_batch_is_an_error(run):
    with pytest.raises(DatasetError, match="40 training patches are less than one batch of 64"):
        run("m", training=[patch_set(40)])


def test_statistics_are_those_of_the_training_patches(run):
    model = fused(network(0.35, SIZE))
    (layer,) = regressor.batch_norms(model)
    training = [patch_set(300)]
    assert train.estimate_statistics(model, training, seed=0, count=1000) == 300
    x, _ = batches.take(training, np.arange(300))
    before = model.layers[1](x).numpy()
    mean = before.mean(axis=(0, 1, 2))
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=0, atol=0.03 * before.std())
    np.testing.assert_allclose(layer.moving_variance.numpy(), before.var(axis=(0, 1, 2)), rtol=0.1)
    assert layer.momentum == 0.9


def test_fused_normalisations_compute_the_same_and_learn_the_same():
    import keras
    import tensorflow as tf

    image = keras.Input((8, 8, 5))
    plain = keras.Model(image, keras.layers.BatchNormalization(momentum=0.7)(image))
    rng = np.random.default_rng(0)
    x, weight = rng.normal(1, 2, (2, 16, 8, 8, 5)).astype(np.float32)
    plain.set_weights([rng.uniform(1, 2, 5) for _ in plain.get_weights()])
    found = []
    for model in (plain, fused(plain)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(x, training=True) * weight)
        found.append([loss, *tape.gradient(loss, model.trainable_variables), *model.get_weights(), model(x)])
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3)


def test_patches_of_several_sets_are_taken_by_their_place():
    sets = [patch_set(8), patch_set(4, seed=1)]
    x, z_um = batches.take(sets, np.array([7, 8, 11, 0]))
    np.testing.assert_array_equal(x[1], sets[1].x[0].astype(np.float32))
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


def test_an_unknown_recipe_is_answered_with_the_names():
    with pytest.raises(UsageError, match="default"):
        recipes.recipe("fast")


@pytest.fixture
def stored(tmp_path):
    store.save(tmp_path / "m", network(0.35, SIZE), {"alpha": 0.35})
    return tmp_path / "m"


def test_a_model_that_its_card_does_not_name_is_refused(stored):
    network(0.35, SIZE, seed=9).save(stored / "model.keras")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        store.load(stored)


def test_a_corrupted_file_is_one_line(stored):
    file = stored / "model.keras"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"not a readable Keras model"):
        store.load(file)


def test_a_model_without_card_or_with_a_damaged_one_is_refused(stored):
    (stored / "card.json").write_text("{")
    with pytest.raises(ModelError, match="not a model card"):
        store.load(stored)
    (stored / "card.json").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        store.load(stored)


def test_weights_that_are_not_numbers_are_refused(tmp_path):
    model = network(0.35, SIZE)
    model.layers[-1].kernel.assign(model.layers[-1].kernel * np.nan)
    store.save(tmp_path / "m", model, {})
    with pytest.raises(ModelError, match=r"weights are not finite"):
        store.load(tmp_path / "m")


def test_a_network_of_another_shape_is_refused(tmp_path):
    import keras

    image = keras.Input((8, 8, 3))
    keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(image))).save(tmp_path / "two.keras")
    with pytest.raises(ModelError, match=r"expected \(B, S, S, 3\) to \(B, 1\)"):
        store.load(tmp_path / "two.keras")


def test_a_card_is_plain_json(stored):
    about = json.loads((stored / "card.json").read_text())
    assert about["name"] == "m"
    assert len(about["sha256"]) == 64
