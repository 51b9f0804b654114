"""Pruning: the channels that the answer hangs on are kept, and the answers stay what they were."""

from __future__ import annotations

import json
import sys

import keras
import numpy as np
import pytest
from fixtures_models import SIZE, described, exact_network, patch_set, write_stack

from edgebench.cli.main import main
from edgebench.data import datasets, jiang2018
from edgebench.errors import UsageError
from edgebench.models import compact, prune, regressor, size, store, teacher

USED = [3, 40, 41, 100, 191]  # channels that the answer hangs on
Z_NM = range(-3000, 3001, 500)


@pytest.fixture(scope="module")
def whole():
    """A compact network (its tail is MobileNetV2's) whose head looks at five channels of 192."""
    model = regressor.build(0.35, SIZE, network="compact", bn_momentum=0.9, seed=0)
    head = model.layers[-1]
    kernel, bias = head.get_weights()
    kernel[np.setdiff1d(np.arange(compact.LAST), USED)] = 0
    head.set_weights([kernel * 50, bias])
    return model


def test_what_the_answer_does_not_hang_on_goes_and_the_answers_stay(whole):
    before = [values.copy() for values in whole.get_weights()]
    pruned = prune.prune(whole, patch_set(600), len(USED), seed=1)
    seen, unseen = pruned.layers[-5].get_weights()[0], patch_set(200, seed=5)
    np.testing.assert_array_equal(seen, whole.layers[-5].get_weights()[0][..., USED])
    answers = [teacher.ask(model, unseen) for model in (whole, pruned)]
    assert np.abs(answers[1] - answers[0]).max() < 0.01 * answers[0].std()
    for kept, now in zip(before, whole.get_weights()):
        np.testing.assert_array_equal(kept, now)


def test_work_and_parameters_shrink_by_what_went(whole):
    pruned = prune.prune(whole, patch_set(600), 5, seed=1)
    gone, channels = compact.LAST - 5, whole.layers[-5].get_weights()[0].shape[2]
    assert size.macs(whole) - size.macs(pruned) == gone * (channels + 1)
    assert size.parameters(whole) - size.parameters(pruned) == gone * (channels + 4 + 1)  # kernel, normalisation, head
    assert [layer.name for layer in pruned.layers] == [layer.name for layer in whole.layers]


def test_too_few_channels_cost_something_but_follow_the_answers(whole):
    pruned = prune.prune(whole, patch_set(600), 2, seed=1)
    answers = [teacher.ask(model, patch_set(200, seed=5)) for model in (whole, pruned)]
    difference = np.abs(answers[1] - answers[0]).std()
    assert 0.01 * answers[0].std() < difference < answers[0].std()


@pytest.mark.parametrize("channels", [0, compact.LAST])
def test_no_channel_and_all_of_them_are_refused(whole, channels):
    with pytest.raises(UsageError, match=f"channels is {channels}, expected 1 to {compact.LAST - 1}"):
        prune.prune(whole, patch_set(64), channels, seed=0)


def test_a_network_with_another_end_is_refused():
    image = keras.Input((SIZE, SIZE, 3))
    short = keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(image)))
    for model in (short, exact_network()):
        with pytest.raises(UsageError, match="does not end in a 1 x 1 convolution"):
            prune.prune(model, patch_set(64), 1, seed=0)


@pytest.fixture
def edgebench(whole, tmp_path, monkeypatch, capfd):
    split = {
        "train": tuple(write_stack(tmp_path / "d", f"s{i}", "l1_Seg1", Z_NM, seed=i) for i in range(2)),
        "validation": (write_stack(tmp_path / "d", "s3", "l1_Seg1", Z_NM, seed=3),),
    }
    monkeypatch.setattr(jiang2018, "stacks", lambda root, name: split[name])
    monkeypatch.setattr(datasets, "describe", lambda root: described(split))
    data = [{"name": "tests", "simulated": True, "sha256": described(split).sha256}]
    about = {"kind": "difference", "alpha": 0.35, "network": "compact", "data": data}
    store.save(tmp_path / "models" / "whole", whole, about)

    def run(*options):
        line = ["edgebench", "prune", *options, "--models", str(tmp_path / "models"), "--data", str(tmp_path / "d")]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capfd.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run


def test_the_pruned_model_has_a_card_that_says_of_what_it_was_made_and_how_far_off_it_is(edgebench, tmp_path):
    code, out, err = edgebench("whole", "fewer", "--channels", "5", "--seed", "3")
    assert (code, err) == (0, "")
    source, card = (store.load_card(tmp_path / "models" / name) for name in ("whole", "fewer"))
    assert card.settings["pruned"] == {"name": "whole", "sha256": source.sha256}
    assert (card.settings["channels"], card.alpha, card.kind, card.data) == (5, 0.35, "difference", source.data)
    assert f"{card.results['difference_um']:.3f} um from whole on average" in out
    assert (
        card.made["command"]
        == f"edgebench prune whole fewer --channels 5 --data {tmp_path / 'd'} --patches 6000 --seed 3"
    )
    first = json.dumps(card.results)
    assert edgebench("whole", "fewer", "--channels", "5", "--seed", "3", "--force")[0] == 0
    assert json.dumps(store.load_card(tmp_path / "models" / "fewer").results) == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("whole", "whole", "--channels", "5"), "there is such a model. Use another name."),
        (("whole", "a/b", "--channels", "5"), "'a/b' is no name for a model"),
        (("nobody", "fewer", "--channels", "5"), "card.json: cannot be read"),
        (("whole", "fewer", "--channels", "500"), "channels is 500, expected 1 to 191"),
    ],
)
def test_what_cannot_be_pruned_is_one_line(edgebench, tmp_path, options, message):
    code, _, err = edgebench(*options)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "models" / "fewer").exists()


def test_other_data_than_the_models_own_are_refused(edgebench, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "describe", lambda root: described({"train": 1}, "e" * 64))
    code, _, err = edgebench("whole", "fewer", "--channels", "5")
    assert (code, err.count("\n")) == (2, 1)
    assert "not the data that whole was trained on" in err
