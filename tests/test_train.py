from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from fixtures_models import DATA, SIZE, network, patch_set

from edgebench.errors import DatasetError, ModelError, UsageError
from edgebench.focus.preprocess import model_input
from edgebench.models import batches, recipes, regressor, stages, state, store, train
from edgebench.models.fused import fused

SETTINGS = train.Settings("default", 0.35, SIZE, 3, None, seed=4)


class Killed(Exception):
    """Stands in for kill -9: nothing after it runs."""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(regressor, "build", network)

    def run(name, settings=SETTINGS, training=None, report=lambda status: None, data=DATA, **more):
        sets = training or [patch_set(256), patch_set(64, seed=1)]
        return train.train(tmp_path / name, settings, sets, [patch_set(64, seed=2)], data, report, **more)

    return run


def die_in_epoch(number):
    def report(status):
        if status.epoch == number:
            raise Killed

    return report


@pytest.fixture
def fast(monkeypatch):
    """The default recipe with a rate at which six epochs of the tiny network are enough."""

    def change(**values):
        changed = dataclasses.replace(recipes.DEFAULT, learning_rate=1e-2, **values)
        monkeypatch.setitem(recipes.RECIPES, "default", changed)
        return dataclasses.replace(SETTINGS, epochs=6)

    return change


def test_a_training_learns_and_is_kept_with_its_card(run, fast, tmp_path):
    first = []
    made = {"command": "edgebench train m"}
    card = run("m", fast(), report=lambda status: first.append(status.loss), made=made)
    model, loaded = store.load(tmp_path / "m")
    assert loaded == card
    assert [entry["epoch"] for entry in card.history] == list(range(1, 7))
    assert card.history[-1]["loss"] < first[0] / 2
    assert card.results["validation_um"] < 1  # the constant guess has 4.6
    assert card.results["training_patches"] == 320
    assert (card.data, card.kind, card.network, card.input_size) == (DATA, "difference", "mobilenetv2", SIZE)
    assert card.made["command"] == made["command"]
    assert card.made["seconds"] == round(sum(entry["seconds"] for entry in card.history))
    assert card.parameters == model.count_params()
    assert {file.name for file in (tmp_path / "m").iterdir()} == {"model.keras", "card.json"}


def test_a_student_learns_its_teachers_answers_as_far_as_the_recipe_says(run, fast, tmp_path):
    """A teacher that answers with the wrong sign: the slope of the student tells whom it believes."""
    sets = [patch_set(320)]
    asked = patch_set(64, seed=2)
    for distil, slope in ((1.0, -1), (0.0, 1)):
        run(f"m{slope}", fast(distil=distil), sets, teacher_um=[-part.z_um for part in sets])
        model, _ = store.load(tmp_path / f"m{slope}")
        answers = model.predict_on_batch(model_input(asked.tiles, SIZE))[:, 0]
        assert np.polyfit(asked.z_um, answers, 1)[0] == pytest.approx(slope, abs=0.25)


def test_patches_without_contrast_do_not_pull(run, fast, tmp_path):
    """Half of the patches are noise, faint, and labelled with one extreme; only the weight tells them apart."""
    clear, faint = patch_set(320), patch_set(320, seed=9)
    noise = np.random.default_rng(0).integers(-1, 2, faint.tiles.shape, np.int8)
    faint = dataclasses.replace(faint, tiles=noise, contrast=np.full(320, 0.02, np.float32), z_um=faint.z_um * 0 + 10)
    asked = model_input(patch_set(64, seed=2).tiles, SIZE)
    bias = {}
    for half_contrast in (2.0, 0.0):
        run(f"m{half_contrast}", fast(half_contrast=half_contrast), [clear, faint])
        model, _ = store.load(tmp_path / f"m{half_contrast}")
        bias[half_contrast] = abs(float(np.mean(model.predict_on_batch(asked)) - np.mean(patch_set(64, seed=2).z_um)))
    assert bias[2.0] < bias[0.0] / 2


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_either_optimizer_averages_and_decays_as_its_recipe_says(name):
    how = dataclasses.replace(recipes.DEFAULT, optimizer=name, average=0.1)
    (stage,) = stages.plan(10, SIZE, how)
    made = train._optimizer(how, stage, steps_an_epoch=20)
    assert made.use_ema
    assert made.ema_momentum == pytest.approx(1 - 1 / 20)
    assert (made.weight_decay, made.clipnorm) == (how.weight_decay, how.clipnorm)


def test_a_killed_training_goes_on_to_the_very_same_weights(run, fast, tmp_path):
    settings = dataclasses.replace(fast(average=1.0), epochs=3)
    run("whole", settings)
    for epoch in (2, 3):
        with pytest.raises(Killed):
            run("killed", settings, report=die_in_epoch(epoch))
    card = run("killed", settings)
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
    with pytest.raises(ModelError, match=r"diverged: loss (nan|inf) at step \d+ of epoch 1; no epoch was finished\."):
        run("m")


def test_a_training_that_diverges_later_names_the_epoch_that_is_kept(run, monkeypatch):
    step = train._step

    def diverging(*arguments):
        calls, true = iter(range(100)), step(*arguments)
        return lambda *batch: true(*batch) if next(calls) < 7 else float("nan")  # five steps an epoch

    monkeypatch.setattr(train, "_step", diverging)
    words = r"loss nan at step 3 of epoch 2; .*checkpoint\.npz holds epoch 1\. .*--force"
    with pytest.raises(ModelError, match=words):
        run("m")


def test_less_than_one_batch_is_an_error(run):
    with pytest.raises(DatasetError, match="40 training patches are less than one batch of 64"):
        run("m", training=[patch_set(40)])


def test_statistics_are_those_of_the_training_patches(run):
    model = fused(network(0.35, SIZE))
    (layer,) = regressor.batch_norms(model)
    feed = batches.Feed((patch_set(300),), SIZE, recipes.DEFAULT, seed=0, epoch_patches=None)
    assert train.estimate_statistics(model, feed, count=1000) == 300
    x, _ = batches.take(feed.sets, np.arange(300), SIZE)
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
