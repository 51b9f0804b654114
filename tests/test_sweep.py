"""Sweeps: a file read strictly, cells in the order in which they can be trained, each once."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from fixtures_sweep import FakeTraining

from edgebench.errors import ModelError, UsageError
from edgebench.models import state, store
from edgebench.training import cells, sweep
from edgebench.training import job as jobs

TOP = 'data = ["d"]\n'
SHIPPED = Path(__file__).parents[1] / "models" / "zoo.toml"


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text):
        Path("s.toml").write_text(text)
        return sweep.load(Path("s.toml"))

    return read


@pytest.fixture
def fake(monkeypatch):
    fake = FakeTraining()
    monkeypatch.setattr(jobs, "run", fake)
    return fake


def named(*names, more=""):
    return "".join(f'[[models]]\nname = "{name}"\n{more}' for name in names)


# the file


def test_a_cell_has_the_keys_at_the_top_and_its_own_before_them(load):
    one, two = load(TOP + "epochs = 3\nalpha = 1\n" + named("a") + named("b", more="alpha = 0.25\nseed = 0"))
    assert one == jobs.Job("a", ("d",), epochs=3, alpha=1.0)
    assert two == jobs.Job("b", ("d",), epochs=3, alpha=0.25)


def test_a_grid_makes_a_cell_of_each_combination(load):
    cells = load(TOP + '[grid]\nname = "w{alpha}-{input_size}"\nalpha = [0.25, 0.4]\ninput_size = [112, 224]')
    names = ["w0.25-112", "w0.25-224", "w0.4-112", "w0.4-224"]
    assert [cell.name for cell in cells] == names
    assert (cells[2].alpha, cells[2].input_size) == (0.4, 112)


def test_models_and_cache_are_where_the_command_says(load):
    load(TOP + named("a"))
    (cell,) = sweep.load(Path("s.toml"), Path("m"), Path("c"))
    assert (cell.folder, cell.cache) == (Path("m/a"), "c")


def test_a_teacher_goes_before_its_pupils_and_the_rest_stays_as_written(load):
    taught = 'recipe = "distil"\nteacher = "{}"\n'
    text = TOP + named("a", more=taught.format("c")) + named("b") + named("c")
    found = load(text)
    assert [cell.name for cell in found] == ["c", "a", "b"]
    assert found[1].teacher == "models/c"


def test_a_model_that_another_begins_with_goes_before_it(load):
    text = TOP + named("a", more='recipe = "continue"\nstart = "b"\n') + named("b")
    found = load(text)
    assert [cell.name for cell in found] == ["b", "a"]
    assert found[1].needs == ("models/b",)


@pytest.mark.parametrize("teacher", ["there", "models/there"])
def test_a_teacher_may_be_a_model_that_is_there(load, teacher, tmp_path):
    (tmp_path / "models/there").mkdir(parents=True)
    (tmp_path / "models/there" / store.CARD).write_text("{}")
    (cell,) = load(TOP + named("a", more=f'recipe = "distil"\nteacher = "{teacher}"'))
    assert cell.teacher == "models/there"


RING = 'recipe = "distil"\nteacher = '


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = ", "s.toml: not a readable sweep"),
        (TOP, "s.toml: no cells"),
        (TOP + "models = 3", "no cells"),
        (TOP + "models = [3]", "3 has no name"),
        (TOP + "[[models]]\nalpha = 1", "has no name"),
        (TOP + "rate = 1\n" + named("a"), "s.toml: unknown key 'rate'. Known: models, grid, data, recipe, network"),
        (TOP + 'cache = "c"\n' + named("a"), "unknown key 'cache'"),
        (TOP + named("a", more="widht = 1"), "s.toml: 'a': unknown key 'widht'. Known: name, data"),
        (named("a"), "'a': no data"),
        ('data = "d"\n' + named("a"), "data is 'd', expected a list of texts"),
        ("data = []\n" + named("a"), r"data is \[\], expected a list"),
        (TOP + 'alpha = "1"\n' + named("a"), "alpha is '1', expected a number"),
        (TOP + "epochs = 2.0\n" + named("a"), "epochs is 2.0, expected a whole number from 1"),
        (TOP + "epochs = true\n" + named("a"), "epochs is True, expected a whole number from 1"),
        (TOP + named("a", more="epoch_patches = 0"), "'a': epoch_patches is 0"),
        (TOP + named("a", more="seed = -1"), "seed is -1, expected a whole number from 0"),
        (TOP + named("a", more="kind = 3"), "kind is 3, expected a text"),
        (TOP + named("a", more='kind = "double"'), "'a': no kind 'double'"),
        (TOP + named("a", more="alpha = 9"), "'a': alpha is 9.0"),
        (TOP + named("a", more='recipe = "fast"'), "'a': no recipe 'fast'"),
        (TOP + named("a", more='recipe = "crops"\ninput_size = 56'), "'a': crops of 28 px"),
        (TOP + named("a/b"), "no name for a model"),
        (TOP + named("a", "a"), "name 'a' is given twice"),
        (TOP + named("a", more='teacher = "a"'), "models that need each other: a -> a|do not fit"),
        (TOP + named("a", more=RING + '"b"\n') + named("b", more=RING + '"a"\n'), "each other: a -> b -> a"),
        (TOP + named("a", more=RING + '"z"\n') + named("b"), "teacher 'z' is no cell and no model .* Cells: a, b"),
        (TOP + named("a", more=RING + '"b"\nkind = "single"\n') + named("b"), "'a': kind is 'single', its teacher 'b'"),
        (TOP + named("a", more='start = "b"\nalpha = 0.5\n') + named("b"), "'a': start b: its alpha is 0.4, not 0.5"),
        (TOP + "grid = 1", r"\[grid\] has no name"),
        (TOP + "[grid]\nalpha = [1]", r"\[grid\] has no name"),
        (TOP + '[grid]\nname = "a"\nalpha = 1', r"\[grid\]: alpha is 1, expected a list of values"),
        (TOP + '[grid]\nname = "a"\nalpha = []', "expected a list of values"),
        (TOP + '[grid]\nname = "a"\nalpha = ["x"]', "alpha is 'x', expected a number"),
        (TOP + '[grid]\nname = "a"\nwidth = [1]', r"\[grid\]: unknown key 'width'"),
        (TOP + '[grid]\nname = "a{width}"\nalpha = [1]', r"cannot be filled in \('width'\). Use: {alpha}"),
        (TOP + '[grid]\nname = "a{"\nalpha = [1]', "cannot be filled in"),
        (TOP + '[grid]\nname = "a"\nalpha = [0.3, 0.4]', "name 'a' is given twice"),
    ],
)
def test_what_could_not_be_trained_is_refused_with_file_and_key(load, text, message):
    with pytest.raises(UsageError, match=message) as refused:
        load(text)
    assert str(refused.value).startswith("s.toml: ")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_a_usage_error():
    with pytest.raises(UsageError, match=r"nowhere.toml: not a readable sweep"):
        sweep.load(Path("nowhere.toml"))


def test_the_shipped_sweep_teaches_its_student_last_of_all_that_it_needs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = {cell.name: cell for cell in sweep.load(SHIPPED)}
    assert (found["original"].alpha, found["original"].input_size) == (1.0, 224)
    assert (found["reduced"].alpha, found["reduced"].input_size) == (0.4, 112)
    assert {cell.kind for cell in found.values() if "single" in cell.name} == {"single"}
    assert found["student"].teacher == "models/reduced"
    assert {"alpha-0.25", "alpha-0.75", "size-56", "size-168"} <= found.keys()


# the cells


def outcomes(found, **options):
    return {one.name: (one.what, one.said) for one in cells.run(found, **options)}


def whats(found, **options):
    return {name: what for name, (what, _) in outcomes(found, **options).items()}


def test_each_cell_is_trained_once_and_found_finished_afterwards(load, fake):
    found = load(TOP + named("a", "b"))
    assert [cells.state_of(cell) for cell in found] == ["to do", "to do"]
    assert whats(found) == {"a": "trained", "b": "trained"}
    assert [cells.state_of(cell) for cell in found] == ["finished", "finished"]
    assert outcomes(found) == dict.fromkeys(("a", "b"), ("skipped", "finished already"))
    assert fake.calls == [("a", False), ("b", False)]


@pytest.mark.parametrize(
    ("line", "difference"),
    [
        ("epochs = 7", "epochs 20, not 7"),
        ('data = ["e"]', r"data ['d'], not ['e']"),
        ('recipe = "paper"', "recipe with optimizer 'adamw', not 'sgd'"),
    ],
)
def test_a_model_made_otherwise_is_kept_without_force(load, fake, line, difference):
    whats(load(TOP + named("a")))
    found = load(("" if "data" in line else TOP) + line + "\n" + named("a", "b"))
    assert cells.state_of(found[0]) == "differs"
    what, said = outcomes(found)["a"]
    assert what == "failed"
    assert said == f"models/a: made otherwise ({difference}). Use another name, or --force to replace it."
    assert whats(found, force=True) == {"a": "trained", "b": "skipped"}
    assert whats(found) == {"a": "skipped", "b": "skipped"}


def test_a_card_that_does_not_tell_how_it_was_made_is_no_match(load, fake, tmp_path):
    found = load(TOP + named("a"))
    whats(found)
    card = tmp_path / "models/a" / store.CARD
    card.write_text(json.dumps({**json.loads(card.read_text()), "made": {}}))
    assert "does not tell" in outcomes(found)["a"][1]


def test_a_key_that_a_card_is_too_old_to_have_counts_as_its_default(load, fake, tmp_path):
    found = load(TOP + named("a"))
    whats(found)
    card = tmp_path / "models/a" / store.CARD
    about = json.loads(card.read_text())
    del about["made"]["job"]["network"], about["recipe"]["crop"]
    card.write_text(json.dumps(about))
    assert whats(found) == {"a": "skipped"}


def test_a_recipe_of_the_users_counts_by_what_is_in_it(load, fake):
    Path("r.toml").write_text("learning_rate = 1e-3")
    found = load(TOP + 'recipe = "r.toml"\n' + named("a"))
    assert whats(found) == {"a": "trained"}
    assert whats(found) == {"a": "skipped"}
    Path("r.toml").write_text("learning_rate = 1e-4")
    assert "recipe with learning_rate 0.001, not 0.0001" in outcomes(found)["a"][1]


def test_a_begun_cell_goes_on(load, fake, tmp_path):
    found = load(TOP + named("a"))
    fake.checkpoint(found[0])
    assert cells.state_of(found[0]) == "begun"
    assert whats(found, force=True) == {"a": "trained"}
    assert fake.calls == [("a", False)]


def test_force_starts_again_what_was_begun_otherwise(load, fake):
    (old,) = load(TOP + "epochs = 3\n" + named("a"))
    fake.checkpoint(old)
    found = load(TOP + named("a"))
    assert outcomes(found)["a"] == ("failed", "begun with other settings")
    assert whats(found, force=True) == {"a": "trained"}
    assert fake.calls == [("a", False), ("a", False), ("a", True)]
    assert not (found[0].folder / state.NAME).exists()


@pytest.mark.parametrize("error", [ModelError("the training\ndiverged"), OSError("No space left")])
def test_a_cell_that_fails_stops_only_those_that_it_should_have_taught(load, fake, error):
    fake.fails["a"] = error
    found = load(TOP + named("a") + named("pupil", more='recipe = "distil"\nteacher = "a"\n') + named("b"))
    told = outcomes(found)
    assert told["a"] == ("failed", str(error).replace("\n", " "))
    assert told["pupil"] == ("failed", "not trained, as a failed, which it needs")
    assert told["b"][0] == "trained"


def test_a_pupil_of_another_teacher_than_the_present_one_is_not_finished(load, fake):
    text = TOP + named("t") + named("pupil", more='recipe = "distil"\nteacher = "t"\n')
    assert whats(load(text)) == {"t": "trained", "pupil": "trained"}
    assert whats(load(text)) == {"t": "skipped", "pupil": "skipped"}
    found = load(text.replace('name = "t"', 'name = "t"\nseed = 5', 1))
    assert whats(found, force=True) == {"t": "trained", "pupil": "trained"}


def test_the_cells_tell_whose_epoch_it_is_and_on_what_they_were_made(load, fake, tmp_path):
    told = []
    found = load(TOP + named("a"))
    list(cells.run(found, report=lambda cell, now: told.append((cell, now.epoch)), hardware=lambda: {"cores": 2}))
    assert told == [("a", 1)]
    assert store.load_card(tmp_path / "models/a").made["hardware"] == {"cores": 2}


def test_a_programming_error_is_not_an_outcome(load, fake):
    fake.fails["a"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        whats(load(TOP + named("a")))


def test_every_field_of_a_job_but_the_folders_can_be_written(load):
    assert sweep.FIELDS.keys() == {field.name for field in dataclasses.fields(jobs.Job)} - {"name", "models", "cache"}
