from __future__ import annotations

import pytest

from edgebench.errors import UsageError
from edgebench.quantise import recipe
from edgebench.quantise.recipe import DEFAULT, Recipe


@pytest.mark.parametrize(
    "made",
    [
        DEFAULT,
        Recipe(ranges="mse", keep=('odd "name"', "block_*"), granularity="tensor", batch=8),
        Recipe(ranges="percentile", percentile=99.9, activations="int8"),
    ],
)
def test_a_recipe_comes_back_from_its_file(tmp_path, made):
    file = tmp_path / "mixed.toml"
    file.write_text(recipe.text(made))
    assert recipe.load(file) == made
    assert recipe.parse(recipe.plain(made), "sidecar") == made


def test_the_default_recipe_says_nothing():
    assert recipe.plain(DEFAULT) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("range = 'mse'", "unknown 'range'. Known: ranges, "),
        ("ranges = 'kl'", "ranges is 'kl'. One of: minmax, percentile, entropy, mse"),
        ("granularity = 3", "granularity is 3, expected str"),
        ("keep = 'dense'", "keep is 'dense', expected list"),
        ("keep = ['']", "expected names of layers"),
        ("percentile = 20", "more than 50, at most 100"),
        ("batch = true", "batch is True, expected int"),
        ("batch = -1", "batch is -1"),
        ("keep = [", "not TOML"),
    ],
)
def test_a_recipe_is_read_strictly(tmp_path, text, words):
    file = tmp_path / "mixed.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        recipe.load(file)
    assert str(file) in str(caught.value)
    assert words in str(caught.value)


def test_a_recipe_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        recipe.load(tmp_path / "none.toml")


def test_a_models_own_recipe_is_in_its_folder(tmp_path):
    assert recipe.of_model(tmp_path) == DEFAULT
    (tmp_path / recipe.NAME).write_text('keep = ["stem"]')
    assert recipe.of_model(tmp_path) == Recipe(keep=("stem",))
