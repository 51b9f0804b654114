"""How a regressor is trained, as data: `paper` is the published recipe, the others are those of the shipped models."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import tomllib

from edgebench.errors import UsageError


@dataclass(frozen=True)
class Recipe:
    optimizer: str  # "sgd" or "adamw"
    learning_rate: float  # the peak, where there is a warm-up
    loss: str  # "mse", or "huber" with its corner at 1 um
    batch_size: int
    bn_momentum: float  # share of the old statistics kept at each step
    clipnorm: float | None = None  # of each gradient
    weight_decay: float = 0.0  # decoupled; never of biases and normalisations
    warmup: float = 0.0  # share of a stage's steps in which the rate rises linearly from zero
    anneal: bool = False  # cosine to zero over what follows the warm-up
    turns: bool = False  # flips and quarter turns of each patch
    augment: bool = False  # stain, gain, noise and JPEG of each pair (data/augment.py)
    half_contrast: float = 0.0  # grey values; a patch of this contrast counts half in the loss. 0: all count alike
    average: float = 0.0  # share of a stage's steps over which its final weights are averaged (exponentially)
    crop: float = 1.0  # side of the part of each input that the first stage sees
    crop_epochs: float = 0.0  # share of the epochs in the first stage
    finish: float = 0.3  # peak rate of the last stage, of learning_rate, where there is a first one
    distil: float = 0.0  # share of the loss against a teacher's answers instead of the labels


DEFAULT = Recipe(
    "adamw",
    2e-3,
    "huber",
    batch_size=64,
    bn_momentum=0.9,
    clipnorm=1.0,
    weight_decay=0.02,
    warmup=0.03,
    anneal=True,
    turns=True,
    augment=True,
    half_contrast=2.0,
    average=0.03,
)
RECIPES = {
    # 4.1: SGD at 0.001, never annealed; 3.5: mean squared error. Three things are not in the paper: the batch (32);
    # the clipping, without which fresh weights reach NaN within 50 steps; and the statistics of the normalisations,
    # which are estimated anew at the end, as 0.999 keeps 37 % of their initial values after 1,000 steps.
    "paper": Recipe("sgd", 1e-3, "mse", batch_size=32, bn_momentum=0.999, clipnorm=1.0),
    # AdamW learns ten times faster here than SGD at 0.001; the warm-up keeps fresh normalisations from exploding and
    # the cosine removes the noise of the last steps. Huber and the weight by contrast (after Dastidar and Ethirajan
    # 2020): a tile without tissue has no right answer, and must not pull like one that has. Turns: the microscope has
    # no preferred direction, so a turned patch keeps its label. Averaged weights answer more calmly than those of the
    # last step, for nothing.
    "default": DEFAULT,
    # For inputs of 168 px and more: most epochs see a quarter of each input, at the scale of the whole, which costs a
    # quarter; the last ones the whole input, the head stretched from the smaller map to the larger.
    "crops": replace(DEFAULT, crop=0.5, crop_epochs=0.8),
    # With --start: weights that are good already must not be shaken as fresh ones are.
    "continue": replace(DEFAULT, learning_rate=1e-3),
    # With --teacher: half of the loss is the distance to the answers of a larger network, which are the calmer label.
    "distil": replace(DEFAULT, distil=0.5),
}


def recipe(name: str) -> Recipe:
    """A recipe by its name, or from a TOML file of the fields of Recipe, those left out as in `default`."""
    if name in RECIPES:
        return RECIPES[name]
    if not name.endswith(".toml"):
        raise UsageError(f"no recipe {name!r}. Use one of: {', '.join(RECIPES)}, or a .toml file.")
    try:
        found = tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # of TOML, and of UTF-8
        raise UsageError(f"{name}: not a readable recipe ({error}). Name a TOML file.") from error
    known = {field.name: field.type for field in fields(Recipe)}
    unknown = sorted(found.keys() - known)
    if unknown:
        raise UsageError(f"{name}: unknown key {unknown[0]!r}. A recipe has: {', '.join(known)}.")
    for key, value in found.items():
        _check(name, key, value)
    how = replace(DEFAULT, **found)
    if (how.crop < 1) != (how.crop_epochs > 0):
        raise UsageError(f"{name}: crop {how.crop} and crop_epochs {how.crop_epochs} need each other. Give both.")
    return how


def _check(name: str, key: str, value: Any) -> None:
    choices = {"optimizer": ("sgd", "adamw"), "loss": ("mse", "huber")}
    if key in choices:
        right = value in choices[key]
        wanted = " or ".join(choices[key])
    elif key in ("turns", "augment", "anneal"):
        right, wanted = isinstance(value, bool), "true or false"
    elif key == "batch_size":
        right, wanted = type(value) is int and value > 0, "a whole number from 1"
    elif key in ("learning_rate", "clipnorm"):
        right, wanted = type(value) in (int, float) and 0 < value < float("inf"), "a number above 0"
    else:
        right, wanted = type(value) in (int, float) and 0 <= value < float("inf"), "a number from 0"
        if right and key in ("crop", "crop_epochs", "average", "warmup", "distil", "bn_momentum"):
            right, wanted = value <= 1, "a share from 0 to 1"
    if not right:
        raise UsageError(f"{name}: {key} is {value!r}, expected {wanted}.")
