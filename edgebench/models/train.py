"""Training a focus regressor: deterministic from its seed, and a killed run goes on from its last epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.data.patches import PatchSet
from edgebench.errors import ModelError
from edgebench.models import batches, regressor, state, store
from edgebench.models.fused import fused
from edgebench.models.recipes import Recipe, recipe

if TYPE_CHECKING:
    import keras

VALIDATION = 4096  # patches at most
STATISTICS = 4096  # patches (at most) that give the normalisations their final statistics; a quarter for a validation
BIG_BATCH = 128  # where nothing is learnt
HUBER_UM = 1.0


@dataclass(frozen=True)
class Settings:
    """What defines a training beside its data; a checkpoint of other settings is refused."""

    recipe: str
    alpha: float
    input_size: int
    epochs: int
    epoch_patches: int | None  # None: all, each epoch
    seed: int


@dataclass(frozen=True)
class Status:
    """Told after each step; validation_um is set after the last one of an epoch only."""

    epoch: int  # from 1
    patches: int  # of this epoch so far
    of: int
    loss: float  # mean of this epoch so far
    patches_per_s: float
    eta_s: float  # to the end of the training
    validation_um: float | None = None


Report = Callable[[Status], None]


def train(
    folder: Path,
    settings: Settings,
    training: Sequence[PatchSet],
    validation: Sequence[PatchSet],
    data: list[dict[str, Any]],
    report: Report = lambda status: None,
) -> store.Card:
    """Train, or go on from the checkpoint in `folder`; then write model.keras and card.json there.

    `data` is kept in the card and must equal that of the checkpoint. The weights of the end are averaged as the
    recipe says, and the statistics of the normalisations are estimated anew on training patches.
    """
    import tensorflow as tf

    how = recipe(settings.recipe)
    orders = _orders(settings, how, sum(map(len, training)))
    plain = regressor.build(settings.alpha, settings.input_size, bn_momentum=how.bn_momentum, seed=settings.seed)
    model = fused(plain)
    tf.config.experimental.enable_op_determinism()  # costs nothing measurable here
    optimizer = _optimizer(how, settings.epochs * len(orders(0)))
    optimizer.build(model.trainable_variables)
    held_out = batches.sample(validation, VALIDATION, settings.seed)
    about = {**asdict(settings), "data": data, "recipe_values": asdict(how)}
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".*.tmp.*"):  # of a killed training
        left.unlink()
    checkpoint = folder / state.NAME
    history = state.load(checkpoint, model, optimizer, about) if checkpoint.is_file() else []
    step = _step(model, optimizer, how)
    for epoch in range(len(history), settings.epochs):
        began = time.perf_counter()
        loss = _epoch(step, training, orders(epoch), how, settings, epoch, report)
        estimate_statistics(model, training, settings.seed, STATISTICS // 4)
        error_um = mean_error_um(model, validation, held_out)
        history.append(
            {"epoch": epoch + 1, "loss": loss, "validation_um": error_um, "seconds": time.perf_counter() - began}
        )
        state.save(checkpoint, model, optimizer, history, about)
        report(Status(epoch + 1, orders(epoch).size, orders(epoch).size, loss, 0, 0, error_um))
    if how.average:
        optimizer.finalize_variable_values(model.trainable_variables)
    measured = estimate_statistics(model, training, settings.seed, STATISTICS)
    results = {
        "validation_um": mean_error_um(model, validation, held_out),
        "validation_patches": len(held_out),
        "training_patches": sum(map(len, training)),
        "statistics_patches": measured,
    }
    plain.set_weights(model.get_weights())
    card = store.save(folder, plain, _about(settings, how, data, history, results))
    checkpoint.unlink(missing_ok=True)
    return card


def check(settings: Settings, patches: int) -> None:
    """Raise UsageError or DatasetError for what train() would refuse, before anything is changed."""
    regressor.check(settings.alpha, settings.input_size)
    _orders(settings, recipe(settings.recipe), patches)(0)


def _orders(settings: Settings, how: Recipe, total: int) -> Callable[[int], np.ndarray]:
    return lambda epoch: batches.order(total, how.batch_size, settings.epoch_patches, settings.seed, epoch)


def _optimizer(how: Recipe, steps: int) -> keras.optimizers.Optimizer:
    import keras

    rate: Any = how.learning_rate
    warmup = max(1, round(how.warmup * steps))
    if how.anneal:
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, max(1, steps - warmup), warmup_target=how.learning_rate, warmup_steps=warmup
        )
    if how.optimizer == "sgd":
        return keras.optimizers.SGD(rate, clipnorm=how.clipnorm)
    average = {"use_ema": True, "ema_momentum": 1 - 1 / max(1.0, how.average * steps)} if how.average else {}
    optimizer = keras.optimizers.AdamW(rate, weight_decay=how.weight_decay, clipnorm=how.clipnorm, **average)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _step(model: keras.Model, optimizer: keras.optimizers.Optimizer, how: Recipe) -> Callable[..., Any]:
    import keras
    import tensorflow as tf

    loss_of = keras.losses.Huber(HUBER_UM) if how.loss == "huber" else keras.losses.MeanSquaredError()

    def step(x: Any, z_um: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = loss_of(z_um, model(x, training=True)) + tf.add_n(model.losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    compiled: Callable[..., Any] = tf.function(step)  # jit_compile is five times slower on CPUs
    return compiled


def _epoch(
    step: Callable[..., Any],
    training: Sequence[PatchSet],
    order: np.ndarray,
    how: Recipe,
    settings: Settings,
    epoch: int,
    report: Report,
) -> float:
    rng = np.random.default_rng([settings.seed, epoch, 1])
    kinds = rng.integers(0, 8 if how.turns else 1, order.shape)

    def make(i: int) -> tuple[np.ndarray, np.ndarray]:
        x, z_um = batches.take(training, np.sort(order[i]))
        return (batches.turn(x, kinds[i]) if how.turns else x), z_um

    began, total, done = time.perf_counter(), 0.0, 0
    for i, (x, z_um) in enumerate(batches.prefetch(make, len(order))):
        loss = float(step(x, z_um))
        if not math.isfinite(loss):
            raise ModelError(
                f"the training diverged: loss {loss} at step {i + 1} of epoch {epoch + 1}. Use another recipe or seed."
            )
        total, done = total + loss, done + len(x)
        speed = done / (time.perf_counter() - began)
        left = order.size * (settings.epochs - epoch) - done
        report(Status(epoch + 1, done, order.size, total / (i + 1), speed, left / speed))
    return total / len(order)


def mean_error_um(model: keras.Model, sets: Sequence[PatchSet], place: np.ndarray) -> float:
    """Mean |error| over single patches; the error of an image, a median over tiles, is smaller."""
    total = 0.0
    for i in range(0, len(place), BIG_BATCH):
        x, z_um = batches.take(sets, place[i : i + BIG_BATCH])
        total += float(np.sum(np.abs(model.predict_on_batch(x) - z_um)))
    return total / len(place)


def estimate_statistics(model: keras.Model, training: Sequence[PatchSet], seed: int, count: int) -> int:
    """Give every batch normalisation the plain mean of its statistics over training patches; says over how many.

    The moving ones lag behind weights that still change: early in a training they alone cost several um of error.
    """
    place = batches.sample(training, count, seed)
    place = np.random.default_rng(seed).permutation(place)
    layers = regressor.batch_norms(model)
    momenta = [layer.momentum for layer in layers]
    for i, part in enumerate(np.array_split(place, math.ceil(len(place) / BIG_BATCH))):
        for layer in layers:
            layer.momentum = i / (i + 1)  # of the mean so far
        model(batches.take(training, part)[0], training=True)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
    return len(place)


def _about(
    settings: Settings,
    how: Recipe,
    data: list[dict[str, Any]],
    history: list[dict[str, Any]],
    results: dict[str, Any],
) -> dict[str, Any]:
    return {
        "alpha": settings.alpha,
        "kind": "difference",
        "recipe": {"name": settings.recipe, **asdict(how)},
        "seed": settings.seed,
        "settings": {"epochs": settings.epochs, "epoch_patches": settings.epoch_patches},
        "data": data,
        "history": history,
        "results": results,
        "versions": {name: version(name) for name in ("edgebench", "keras", "numpy")} | _tensorflow(),
    }


def _tensorflow() -> dict[str, str]:
    import tensorflow as tf

    return {"tensorflow": tf.__version__}
