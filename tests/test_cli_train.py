"""edgebench train: what the user sees, exit codes and one-line errors."""

from __future__ import annotations

import dataclasses
import json
import sys

import pytest
from fixtures_models import described, network, write_stack

from edgebench.cli.main import main
from edgebench.data import datasets, jiang2018, layout
from edgebench.models import recipes, regressor, state, store, train
from edgebench.quantise import calibration
from edgebench.report import curves

Z_NM = range(-3000, 3001, 500)


@pytest.fixture
def small(monkeypatch):
    """A tiny network, batches to match, and no processes to start."""
    monkeypatch.setattr(regressor, "build", network)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0})
    batches_of_4 = dataclasses.replace(recipes.RECIPES["default"], batch_size=4)
    monkeypatch.setitem(recipes.RECIPES, "default", batches_of_4)


@pytest.fixture
def source(small, tmp_path, monkeypatch):
    """A data set of two training tiles and one for validation."""
    split = {
        "train": tuple(write_stack(tmp_path / "d", f"s{i}", "l1_Seg1", Z_NM, seed=i) for i in range(2)),
        "validation": (write_stack(tmp_path / "d", "s3", "l1_Seg1", Z_NM, seed=3),),
    }
    monkeypatch.setattr(jiang2018, "stacks", lambda root, name: split[name])
    monkeypatch.setattr(jiang2018, "all_stacks", lambda found: split)
    monkeypatch.setattr(layout, "find", lambda root: root)
    monkeypatch.setattr(datasets, "describe", lambda root: described(split))
    return split


@pytest.fixture
def train_on(tmp_path, monkeypatch, capfd):
    def run(data, *options):
        folders = {"models": tmp_path / "models", "cache": tmp_path / "cache", "data": data}
        line = [text for name, folder in folders.items() for text in (f"--{name}", str(folder))]
        line += ["--input-size", "32", "--epochs", "2", *options]
        monkeypatch.setattr(sys, "argv", ["edgebench", "train", *line])
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capfd.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def edgebench(source, train_on, tmp_path):
    return lambda *options: train_on(tmp_path / "d", *options)


def is_one_line(err):
    return err.startswith("edgebench: error: ") and err.count("\n") == 1


def test_a_model_is_trained_and_each_epoch_tells_its_validation_error(edgebench, tmp_path):
    code, out, err = edgebench("m")
    assert code == 0
    assert "epoch 1/2: loss" in err
    assert "epoch 2/2: loss" in err
    assert "over 9 validation patches (simulated)" in out
    folder = tmp_path / "models" / "m"
    assert {file.name for file in folder.iterdir()} == {store.MODEL, store.CARD, calibration.NAME, curves.NAME}
    card = store.load_card(folder)
    assert card.data[0]["patches"] == {"train": 18, "validation": 9}
    assert calibration.load(folder / calibration.NAME).about["count"] == 18
    assert card.made["command"].startswith("edgebench train m --data ")
    assert {"cpu", "cores", "memory_bytes"} == card.made["hardware"].keys()


def test_a_data_set_in_the_published_layout_is_enough(small, train_on, tiny_dataset, tmp_path):
    code, out, err = train_on(tiny_dataset, "m")
    assert code == 0, err
    assert "over 8 validation patches;" in out  # of the two tiles of one sample, and nothing says simulated
    (data,) = store.load_card(tmp_path / "models" / "m").data
    assert (data["name"], data["simulated"]) == ("jiang2018", False)


def test_a_finished_model_is_kept_without_force(edgebench, tmp_path):
    edgebench("m")
    card = (tmp_path / "models" / "m" / store.CARD).read_text()
    code, _, err = edgebench("m")
    assert code == 2
    assert is_one_line(err)
    assert "already trained" in err
    assert (tmp_path / "models" / "m" / store.CARD).read_text() == card
    assert edgebench("m", "--seed", "1", "--force")[0] == 0
    assert json.loads((tmp_path / "models" / "m" / store.CARD).read_text())["seed"] == 1


def test_force_keeps_the_checkpoint_until_the_training_begins(edgebench, tmp_path, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "save", stop)
        edgebench("m")
    begun = tmp_path / "models" / "m" / state.NAME
    kept = (begun.read_bytes(), begun.with_name(calibration.NAME).read_bytes())
    for options in (("--alpha", "9"), ("--epoch-patches", "1", "--seed", "3")):
        assert edgebench("m", "--force", *options)[0] == 2
        assert (begun.read_bytes(), begun.with_name(calibration.NAME).read_bytes()) == kept


def test_a_second_call_goes_on_after_the_last_epoch(edgebench, tmp_path, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "save", stop)
        code, _, _ = edgebench("m")
    assert code == 130
    assert (tmp_path / "models" / "m" / state.NAME).is_file()
    code, out, _ = edgebench("m")
    assert code == 0
    assert "epoch 1/2" not in out
    assert not (tmp_path / "models" / "m" / state.NAME).exists()


def test_pairs_and_patches_an_epoch_can_be_limited(edgebench, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(train.batches, "prefetch", lambda make, count: seen.append(count) or map(make, range(count)))
    assert edgebench("m", "--pairs-per-stack", "6", "--epoch-patches", "8")[0] == 0
    assert seen == [2, 2]
    assert store.load_card(tmp_path / "models" / "m").data[0]["patches"]["train"] == 12


def test_several_data_sets_are_mixed(edgebench, tmp_path):
    assert edgebench("m", "--data", str(tmp_path / "e"))[0] == 0
    assert len(store.load_card(tmp_path / "models" / "m").data) == 2
    assert store.load_card(tmp_path / "models" / "m").results["training_patches"] == 36


def test_a_training_tile_of_a_test_field_is_refused(edgebench, source, tmp_path):
    source["test-2"] = (write_stack(tmp_path / "d", "s1", "l1", range(0, 500, 500)),)
    code, _, err = edgebench("m")
    assert code == 2
    assert is_one_line(err)
    assert "sample s1 is in the training split and in test-2" in err


def test_single_planes_and_the_compact_network_are_kept_in_the_card(edgebench, tmp_path):
    assert edgebench("m", "--kind", "single", "--network", "compact")[0] == 0
    card = store.load_card(tmp_path / "models" / "m")
    assert (card.kind, card.network) == ("single", "compact")
    assert (tmp_path / "cache").is_dir()
    assert all("single" in folder.name for folder in (tmp_path / "cache").iterdir())


def test_a_student_is_trained_with_the_answers_of_its_teacher(edgebench, tmp_path, monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "distil", dataclasses.replace(recipes.RECIPES["distil"], batch_size=4))
    edgebench("teacher")
    options = ("--recipe", "distil", "--teacher", str(tmp_path / "models" / "teacher"))
    code, _, err = edgebench("student", *options)
    assert code == 0, err
    cards = {name: store.load_card(tmp_path / "models" / name) for name in ("teacher", "student")}
    assert cards["student"].settings["teacher"] == cards["teacher"].sha256
    assert cards["student"].recipe["distil"] == 0.5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("m", "--recipe", "fast"), "no recipe 'fast'"),
        (("m", "--recipe", "nothing.toml"), "nothing.toml: not a readable recipe"),
        (("m", "--recipe", "distil"), "recipe 'distil' and teacher None do not fit. Give --teacher."),
        (("m", "--recipe", "crops"), "crops of 16 px in 2 epoch(s)"),
        (("m", "--kind", "pair"), "no kind 'pair' of input. Use one of: difference, single."),
        (("m", "--network", "resnet"), "no network 'resnet'. Use one of: mobilenetv2, compact."),
        (("a/b",), "no name for a model"),
        (("..",), "no name"),
        ((".m",), "no name"),
        (("é",), "no name"),
    ],
)
def test_a_name_that_does_not_exist_or_cannot_is_one_line(edgebench, options, words):
    code, _, err = edgebench(*options)
    assert code == 2
    assert is_one_line(err)
    assert words in err
