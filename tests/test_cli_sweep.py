"""edgebench sweep: what the user sees, exit codes and one-line errors."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from fixtures_models import network
from fixtures_sweep import FakeTraining

from edgebench.cli.main import main
from edgebench.errors import ModelError
from edgebench.models import recipes, regressor, state, store
from edgebench.report import curves
from edgebench.training import cluster
from edgebench.training import job as jobs
from edgebench.training.cells import Outcome

SWEEP = """
data = ["d"]
epochs = 1

[[models]]
name = "a"

[[models]]
name = "pupil"
network = "compact"
recipe = "distil"
teacher = "a"
epoch_patches = 24000

[grid]
name = "w{alpha}"
alpha = [0.25]
"""


@pytest.fixture
def edgebench(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    Path("s.toml").write_text(SWEEP)

    def run(*options):
        monkeypatch.setattr(sys, "argv", ["edgebench", "sweep", "s.toml", *options])
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capfd.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def fake(monkeypatch):
    fake = FakeTraining()
    monkeypatch.setattr(jobs, "run", fake)
    return fake


def test_each_model_and_each_epoch_has_a_line_and_each_model_its_curve(edgebench, fake):
    code, out, err = edgebench()
    assert code == 0
    for name in ("a", "pupil", "w0.25"):
        assert f"{name}: epoch 1/1: loss 0.500, validation error 0.250 um\n" in err
        assert f"{name}: trained: mean error 0.250 um over 8 validation patches\n" in out
        assert (Path("models") / name / curves.NAME).is_file()
    assert store.load_card(Path("models/a")).made["hardware"].keys() == {"cpu", "cores", "memory_bytes"}
    code, out, err = edgebench()
    assert code == 0
    assert out.count("skipped: finished already") == 3
    assert "epoch" not in err


def test_what_fails_is_listed_at_the_end_and_the_exit_code_is_2(edgebench, fake):
    fake.fails["a"] = ModelError("[a] diverged.")
    code, out, err = edgebench()
    assert code == 2
    assert "a: failed: [a] diverged.\n" in out
    assert "w0.25: trained" in out
    assert [line for line in err.splitlines() if "epoch" not in line] == [
        "edgebench: 2 of 3 models are not trained:",
        "  a: [a] diverged.",
        "  pupil: not trained, as a failed, which it needs",
    ]


def test_a_model_made_otherwise_needs_force(edgebench, fake):
    edgebench()
    Path("s.toml").write_text(SWEEP.replace("[0.25]", "[0.25]\nseed = [1]"))
    code, _, err = edgebench()
    assert code == 2
    assert "w0.25: made otherwise (seed 0, not 1)" in err.replace("models/", "")
    assert edgebench("--force")[0] == 0
    assert [name for name, _ in fake.calls] == ["a", "pupil", "w0.25", "w0.25"]


def test_the_plan_shows_every_cell_with_its_state_and_trains_nothing(edgebench, fake):
    Path("models/w0.25").mkdir(parents=True)
    (Path("models/w0.25") / state.NAME).touch()
    code, out, _ = edgebench("--plan")
    assert code == 0
    assert fake.calls == []
    words = re.sub(r"\s+", " ", out)
    assert "a mobilenetv2 difference 0.4 112 default 1 x all to do" in words
    assert "pupil compact difference 0.4 112 distil 1 x 24,000 a to do" in words
    assert "w0.25 mobilenetv2 difference 0.25 112 default 1 x all begun" in words


def test_models_go_where_the_option_says(edgebench, fake):
    assert edgebench("--models", "m")[0] == 0
    assert (Path("m/pupil") / store.CARD).is_file()
    assert not Path("models").exists()


def test_a_scheduler_is_given_the_same_cells(edgebench, monkeypatch):
    asked = []

    def run(cells, address, *, force, report, hardware):
        asked.append((address, [cell.name for cell in cells], force))
        yield Outcome("a", "skipped", "finished already")

    monkeypatch.setattr(cluster, "run", run)
    assert edgebench("--scheduler", "tcp://host:8786", "--force")[0] == 0
    assert asked == [("tcp://host:8786", ["a", "pupil", "w0.25"], True)]


def test_a_file_that_is_wrong_is_one_line(edgebench):
    Path("s.toml").write_text("rate = 3\n" + SWEEP)
    code, _, err = edgebench("--plan")
    assert code == 2
    assert err.startswith("edgebench: error: s.toml: unknown key 'rate'. Known: models, grid, data,")
    assert err.count("\n") == 1


def test_a_sweep_that_is_stopped_goes_on_with_the_same_command(edgebench, tiny_dataset, monkeypatch):
    """Real trainings of a tiny network: the first ends, the second is stopped before its model is written."""
    monkeypatch.setattr(regressor, "build", network)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0})
    monkeypatch.setitem(recipes.RECIPES, "paper", recipes.Recipe("sgd", 1e-3, "mse", 4, 0.9, clipnorm=1.0))
    top = f'data = ["{tiny_dataset}"]\nrecipe = "paper"\ninput_size = 32\nepochs = 1\n'
    Path("s.toml").write_text(top + '[grid]\nname = "s{seed}"\nseed = [1, 2]\n')
    kept = store.save

    def stop(folder, *rest):
        if folder.name == "s2":
            raise KeyboardInterrupt
        return kept(folder, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(store, "save", stop)
        code, out, err = edgebench()
    assert code == 130
    assert "the same command goes on from there" in err
    assert "s1: trained" in out
    code, out, err = edgebench()
    assert code == 0
    assert "s1: skipped" in out
    assert "s2: trained" in out
    assert "epoch" not in err  # s2 had only to be written
