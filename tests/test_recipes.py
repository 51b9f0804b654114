"""Recipes: the named ones, those of a TOML file, and one line for each bad one."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from edgebench.errors import UsageError
from edgebench.models import recipes


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "mine.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(file)

    return write


def test_a_file_changes_what_it_names_and_keeps_the_rest_of_default(written):
    found = recipes.recipe(written("learning_rate = 1e-3\nbatch_size = 32\nturns = false\nloss = 'mse'\nclipnorm = 5"))
    expected = {"learning_rate": 1e-3, "batch_size": 32, "turns": False, "loss": "mse", "clipnorm": 5}
    assert found == dataclasses.replace(recipes.DEFAULT, **expected)


def test_an_empty_file_is_the_default(written):
    assert recipes.recipe(written("")) == recipes.DEFAULT


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_a_named_recipe_can_be_written_as_a_file(written, name):
    values = dataclasses.asdict(recipes.RECIPES[name])
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None)
    assert recipes.recipe(written(text)) == recipes.RECIPES[name]


def test_only_distil_needs_a_teacher_and_only_crops_has_a_first_stage():
    assert {name for name, how in recipes.RECIPES.items() if how.distil} == {"distil"}
    assert {name for name, how in recipes.RECIPES.items() if how.crop_epochs} == {"crops"}


@pytest.mark.parametrize("name", ["fast", "", "default.json"])
def test_an_unknown_recipe_is_answered_with_the_names(name):
    words = f"no recipe {name!r}. Use one of: paper, default, crops, continue, distil, or a .toml file."
    with pytest.raises(UsageError, match=f"^{re.escape(words)}$"):
        recipes.recipe(name)


BAD = {
    "learning_rat = 1e-3": "unknown key 'learning_rat'. A recipe has: optimizer, learning_rate,",
    "[adamw]\nlearning_rate = 1e-3": "unknown key 'adamw'",
    "learning_rate = '1e-3'": "learning_rate is '1e-3', expected a number above 0.",
    "learning_rate = 0": "learning_rate is 0, expected a number above 0.",
    "learning_rate = nan": "learning_rate is nan, expected",
    "learning_rate = inf": "learning_rate is inf, expected",
    "clipnorm = 0": "clipnorm is 0, expected a number above 0.",
    "clipnorm = true": "clipnorm is True, expected",
    "weight_decay = -0.1": "weight_decay is -0.1, expected a number from 0.",
    "half_contrast = [2]": "half_contrast is [2], expected a number from 0.",
    "optimizer = 'adam'": "optimizer is 'adam', expected sgd or adamw.",
    "loss = ['mse']": "loss is ['mse'], expected mse or huber.",
    "batch_size = 0": "batch_size is 0, expected a whole number from 1.",
    "batch_size = 32.0": "batch_size is 32.0, expected a whole number from 1.",
    "batch_size = true": "batch_size is True, expected a whole number from 1.",
    "turns = 1": "turns is 1, expected true or false.",
    "augment = 'yes'": "augment is 'yes', expected true or false.",
    "average = 1.5": "average is 1.5, expected a share from 0 to 1.",
    "distil = -0.5": "distil is -0.5, expected a number from 0.",
    "crop = 2": "crop is 2, expected a share from 0 to 1.",
    "bn_momentum = 2021-01-01": "bn_momentum is datetime.date(2021, 1, 1), expected",
    "turns = yes": "not a readable recipe (Invalid value (at line 1, column 9)). Name a TOML file.",
    "turns = true\nturns = true": "not a readable recipe",
    "learning_rate": "not a readable recipe",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_is_one_line_that_names_it(written, text):
    file = written(text)
    with pytest.raises(UsageError) as caught:
        recipes.recipe(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: {BAD[text]}")
    assert "\n" not in message


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"optimizer = '\xe9'"])
def test_a_file_that_is_no_text_is_one_line(written, data):
    with pytest.raises(UsageError, match=r"mine\.toml: not a readable recipe \([^\n]*\)\. Name a TOML file\.$"):
        recipes.recipe(written(data))


def test_a_file_that_is_not_there_or_a_folder_is_one_line(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    for name in ("nothing.toml", "folder.toml"):
        with pytest.raises(UsageError, match=rf"{name}: not a readable recipe \([^\n]*\)"):
            recipes.recipe(str(tmp_path / name))


@pytest.mark.parametrize("text", ["crop = 0.5", "crop_epochs = 0.5\ncrop = 1.0"])
def test_crops_without_their_epochs_or_the_other_way_are_refused(tmp_path, text):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(UsageError, match="need each other"):
        recipes.recipe(str(tmp_path / "r.toml"))
