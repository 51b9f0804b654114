"""Training a focus regressor: deterministic from its seed, and a killed run goes on from its last epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.data.patches import PatchSet
from edgebench.errors import ModelError
from edgebench.models import batches, regressor, stages, state, store
from edgebench.models.batches import Feed
from edgebench.models.fused import fused
from edgebench.models.recipes import Recipe, recipe
from edgebench.models.stages import Stage

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
    kind: str = "difference"  # of preprocess.KINDS
    network: str = "mobilenetv2"  # of regressor.NETWORKS
    teacher: str | None = None  # SHA-256 of the model whose answers are learnt, too
    start: str | None = None  # SHA-256 of the model whose weights are the first ones


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
    *,
    teacher_um: Sequence[np.ndarray] | None = None,
    start: keras.Model | None = None,
    made: dict[str, Any] | None = None,
) -> store.Card:
    """Train, or go on from the checkpoint in `folder`; then write model.keras and card.json there.

    `data` is kept in the card and must equal that of the checkpoint; `made` (command, hardware) is kept only.
    teacher_um: a teacher's answer to each training patch, (N,) for each set. start: the same network, whose weights are
    the first ones; its input is that of the first stage. The weights of the end of a stage are
    averaged as the recipe says, and the statistics of the normalisations are estimated anew on training patches.
    """
    import tensorflow as tf

    how = recipe(settings.recipe)
    planned = stages.plan(settings.epochs, settings.input_size, how)
    tf.config.experimental.enable_op_determinism()  # costs nothing measurable here
    about = {**asdict(settings), "data": data, "recipe_values": asdict(how)}
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".*.tmp.*"):  # of a killed training
        left.unlink()
    checkpoint = folder / state.NAME
    history = state.history(checkpoint, about) if checkpoint.is_file() else []
    feed = Feed(tuple(training), settings.input_size, how, settings.seed, settings.epoch_patches, teacher_um)
    held_out = batches.sample(validation, VALIDATION, settings.seed)
    steps = len(feed.order(0))
    weights: list[np.ndarray] | None = None if start is None or history else start.get_weights()
    for stage in stages.left(planned, len(history)):
        plain = _build(settings, how, stage.side)
        if weights is not None:
            plain.set_weights(stages.grown(weights, plain, stage.previous_side) if stage.previous_side else weights)
        model = fused(plain)
        optimizer = _optimizer(how, stage, steps)
        optimizer.build(model.trainable_variables)
        if weights is None and history:
            state.load(checkpoint, model, optimizer)
        step = _step(model, optimizer, how)
        for epoch in range(max(stage.first, len(history)), stage.end):
            began = time.perf_counter()
            loss = _epoch(step, feed, epoch, stage, planned, report, checkpoint)
            estimate_statistics(model, feed, STATISTICS // 4)
            error_um = mean_error_um(model, validation, held_out, settings.input_size)
            seconds = time.perf_counter() - began
            history.append({"epoch": epoch + 1, "loss": loss, "validation_um": error_um, "seconds": seconds})
            history[-1] |= {"side": stage.side} if len(planned) > 1 else {}
            state.save(checkpoint, model, optimizer, history, about)
            total = feed.order(epoch).size
            report(Status(epoch + 1, total, total, loss, 0, 0, error_um))
        if how.average:
            optimizer.finalize_variable_values(model.trainable_variables)
        weights = model.get_weights()
    measured = estimate_statistics(model, feed, STATISTICS)
    results = {
        "validation_um": mean_error_um(model, validation, held_out, settings.input_size),
        "validation_patches": len(held_out),
        "training_patches": sum(map(len, training)),
        "statistics_patches": measured,
    }
    plain.set_weights(model.get_weights())
    card = store.save(folder, plain, _about(settings, how, data, history, results, made or {}))
    checkpoint.unlink(missing_ok=True)
    return card


def check(settings: Settings, patches: int) -> None:
    """Raise UsageError or DatasetError for what train() would refuse, before anything is changed."""
    regressor.check(settings.alpha, settings.input_size, settings.network)
    how = recipe(settings.recipe)
    stages.plan(settings.epochs, settings.input_size, how)
    batches.order(patches, how.batch_size, settings.epoch_patches, settings.seed, 0)


def _build(settings: Settings, how: Recipe, side: int) -> keras.Model:
    return regressor.build(
        settings.alpha, side, network=settings.network, bn_momentum=how.bn_momentum, seed=settings.seed
    )


def _optimizer(how: Recipe, stage: Stage, steps_an_epoch: int) -> keras.optimizers.Optimizer:
    import keras

    steps = (stage.end - stage.first) * steps_an_epoch
    rate: Any = stage.learning_rate
    warmup = max(1, round(how.warmup * steps))
    if how.anneal:
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, max(1, steps - warmup), warmup_target=stage.learning_rate, warmup_steps=warmup
        )
    options: dict[str, Any] = {"clipnorm": how.clipnorm}
    if how.average:
        options |= {"use_ema": True, "ema_momentum": 1 - 1 / max(1.0, how.average * steps)}
    if how.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(rate, weight_decay=how.weight_decay or None, **options)
    else:
        optimizer = keras.optimizers.AdamW(rate, weight_decay=how.weight_decay, **options)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _step(model: keras.Model, optimizer: keras.optimizers.Optimizer, how: Recipe) -> Callable[..., Any]:
    """(x, z_um, teacher_um, weight): (B, S, S, 3) and three (B, 1)."""
    import tensorflow as tf

    def loss_of(error: Any) -> Any:
        if how.loss == "mse":
            return error**2
        size = tf.abs(error)
        return tf.where(size < HUBER_UM, 0.5 * error**2, HUBER_UM * (size - 0.5 * HUBER_UM))

    def step(x: Any, z_um: Any, teacher_um: Any, weight: Any) -> Any:
        with tf.GradientTape() as tape:
            y = model(x, training=True)
            each = (1 - how.distil) * loss_of(y - z_um) + how.distil * loss_of(y - teacher_um)
            loss = tf.reduce_mean(weight * each) + tf.add_n(model.losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    compiled: Callable[..., Any] = tf.function(step)  # jit_compile is five times slower on CPUs
    return compiled


def _epoch(
    step: Callable[..., Any],
    feed: Feed,
    epoch: int,
    stage: Stage,
    planned: Sequence[Stage],
    report: Report,
    checkpoint: Path,
) -> float:
    order = feed.order(epoch)
    began, total, done = time.perf_counter(), 0.0, 0
    make = feed.epoch(epoch, stage.side)
    for i, batch in enumerate(batches.prefetch(make, len(order))):
        loss = float(step(*batch))
        if not math.isfinite(loss):
            kept = f"{checkpoint} holds epoch {epoch}" if checkpoint.is_file() else "no epoch was finished"
            raise ModelError(
                f"the training diverged: loss {loss} at step {i + 1} of epoch {epoch + 1}; {kept}. "
                "Use another recipe or seed with --force."
            )
        total, done = total + loss, done + len(batch[0])
        speed = done / (time.perf_counter() - began)
        left = order.size * stages.work_left(planned, epoch, stage.side) - done
        report(Status(epoch + 1, done, order.size, total / (i + 1), speed, left / speed))
    return total / len(order)


def mean_error_um(model: keras.Model, sets: Sequence[PatchSet], place: np.ndarray, input_size: int) -> float:
    """Mean |error| over single patches (over their middle, where the model sees less of them)."""
    side, total = model.input_shape[1], 0.0
    start = (input_size - side) // 2
    for i in range(0, len(place), BIG_BATCH):
        x, z_um = batches.take(sets, place[i : i + BIG_BATCH], input_size)
        middle = x[:, start : start + side, start : start + side]
        total += float(np.sum(np.abs(model.predict_on_batch(middle) - z_um)))
    return total / len(place)


def estimate_statistics(model: keras.Model, feed: Feed, count: int) -> int:
    """Give every batch normalisation the plain mean of its statistics over training patches; says over how many.

    The moving ones lag behind weights that still change: early in a training they alone cost several um of error.
    """
    place = batches.sample(feed.sets, count, feed.seed)
    rng = np.random.default_rng(feed.seed)
    place = rng.permutation(place)
    layers = regressor.batch_norms(model)
    momenta = [layer.momentum for layer in layers]
    for i, part in enumerate(np.array_split(place, math.ceil(len(place) / BIG_BATCH))):
        for layer in layers:
            layer.momentum = i / (i + 1)  # of the mean so far
        x, _ = batches.take(feed.sets, part, feed.input_size)
        model(batches.crop(x, model.input_shape[1], rng), training=True)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
    return len(place)


def _about(
    settings: Settings,
    how: Recipe,
    data: list[dict[str, Any]],
    history: list[dict[str, Any]],
    results: dict[str, Any],
    made: dict[str, Any],
) -> dict[str, Any]:
    seconds = sum(entry["seconds"] for entry in history)
    return {
        "alpha": settings.alpha,
        "kind": settings.kind,
        "network": settings.network,
        "recipe": {"name": settings.recipe, **asdict(how)},
        "seed": settings.seed,
        "settings": {
            "epochs": settings.epochs,
            "epoch_patches": settings.epoch_patches,
            "teacher": settings.teacher,
            "start": settings.start,
        },
        "data": data,
        "history": history,
        "results": results,
        "made": {**made, "seconds": round(seconds)},
        "versions": store.versions(),
    }
