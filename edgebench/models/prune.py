"""Fewer channels in the last convolution of a regressor: those that its answer hangs on, and the head fitted anew.

MobileNetV2 ends in 1280 channels, for a thousand classes; one number needs few of them. The channels are ranked by what
each adds to the variance of the answer, and least squares fits the new head to the answers of the whole network (as He
et al. 2017, "Channel pruning for accelerating very deep neural networks", do for every layer). Nothing is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.data.patches import PatchSet
from edgebench.errors import UsageError
from edgebench.focus import preprocess
from edgebench.models.batches import turn

if TYPE_CHECKING:
    import keras

BATCH = 256
RIDGE = 1e-4  # of the mean variance of a feature: keeps the fit of features that say the same from running away
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Tail:
    convolution: keras.layers.Conv2D
    between: tuple[keras.layers.Layer, ...]  # normalisation and activation
    head: keras.layers.Dense


def prune(
    model: keras.Model, training: PatchSet, channels: int, seed: int, progress: Progress = lambda done, total: None
) -> keras.Model:
    """A model of the same answers, with `channels` channels in its last convolution; `model` stays as it is.

    Needs several training patches for each weight of the new head. Raises UsageError for a model that does not end in
    a 1 x 1 convolution, normalisation, activation, flatten and a dense layer of one output, and for a number of
    channels that is not smaller than it has.
    """
    tail = _tail(model)
    width = tail.convolution.filters
    if not 0 < channels < width:
        raise UsageError(f"channels is {channels}, expected 1 to {width - 1}: the last convolution has {width}.")
    steps = 2 * len(training)
    kernel = tail.head.get_weights()[0].reshape(-1, width)
    moments = _Moments(kernel.size)
    for done, (features, _) in _features(model, tail, training, seed):
        moments.add(features.reshape(len(features), -1), None)
        progress(done, steps)
    share = (kernel**2 * moments.variance().reshape(-1, width)).sum(axis=0)  # (C,), um^2
    kept = np.sort(np.argsort(-share, kind="stable")[:channels])
    fit = _Moments(len(kernel) * channels, cross=True)
    for done, (features, answers) in _features(model, tail, training, seed):
        fit.add(features[:, :, kept].reshape(len(features), -1), answers)
        progress(len(training) + done, steps)
    return _rebuilt(model, tail, kept, *fit.least_squares())


def _tail(model: keras.Model) -> _Tail:
    import keras

    layers = keras.layers
    convolution, normalisation, activation, flatten, head = (*[None] * 5, *model.layers)[-5:]
    kinds = (layers.Conv2D, layers.BatchNormalization, (layers.ReLU, layers.Activation), layers.Flatten, layers.Dense)
    found = (convolution, normalisation, activation, flatten, head)
    fits = all(isinstance(layer, kind) for layer, kind in zip(found, kinds))
    if not fits or convolution.kernel_size != (1, 1) or convolution.groups != 1 or head.units != 1:
        raise UsageError(
            "the model does not end in a 1 x 1 convolution, normalisation, activation, flatten and a dense layer of "
            "one output. Prune a regressor that `edgebench train` made."
        )
    return _Tail(convolution, (normalisation, activation), head)


def _features(
    model: keras.Model, tail: _Tail, patches: PatchSet, seed: int
) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
    """How many are done, and of each batch of turned patches the last map (B, P, C) and the answers (B,), um."""
    import keras
    import tensorflow as tf

    asked = keras.Model(model.input, [tail.between[-1].output, model.output])
    call = tf.function(lambda x: asked(x, training=False))
    rng = np.random.default_rng(seed)
    for i in range(0, len(patches), BATCH):
        x = preprocess.model_input(patches.tiles[i : i + BATCH], model.input_shape[1])
        features, answers = call(tf.constant(turn(x, rng.integers(0, 8, len(x)))))
        features = features.numpy().astype(np.float64)
        yield i + len(x), (features.reshape(len(x), -1, features.shape[-1]), answers.numpy()[:, 0].astype(np.float64))


class _Moments:
    """Sums over rows of features (N, F), and of answers (N,): enough for variances and for least squares."""

    def __init__(self, features: int, *, cross: bool = False) -> None:
        self._count = 0
        self._sum, self._squares = np.zeros(features), np.zeros(features)
        self._products = np.zeros((features, features)) if cross else None
        self._with_answer, self._answer = np.zeros(features), 0.0

    def add(self, features: np.ndarray, answers: np.ndarray | None) -> None:
        self._count += len(features)
        self._sum += features.sum(axis=0)
        self._squares += (features**2).sum(axis=0)
        if self._products is not None and answers is not None:
            self._products += features.T @ features
            self._with_answer += features.T @ answers
            self._answer += float(answers.sum())

    def variance(self) -> np.ndarray:
        mean = self._sum / self._count
        found: np.ndarray = np.maximum(self._squares / self._count - mean**2, 0)
        return found

    def least_squares(self) -> tuple[np.ndarray, float]:
        """Weights (F,) and bias of the ridge regression of the answers."""
        assert self._products is not None
        mean, answer = self._sum / self._count, self._answer / self._count
        covariance = self._products / self._count - np.outer(mean, mean)
        covariance[np.diag_indices_from(covariance)] += RIDGE * float(np.trace(covariance)) / len(covariance)
        weights = np.linalg.solve(covariance, self._with_answer / self._count - mean * answer)
        return weights, float(answer - mean @ weights)


def _rebuilt(model: keras.Model, tail: _Tail, kept: np.ndarray, weights: np.ndarray, bias: float) -> keras.Model:
    import keras

    def like(layer: keras.layers.Layer, **changed: Any) -> keras.layers.Layer:
        return type(layer).from_config({**layer.get_config(), **changed})

    convolution, between, head = (
        like(tail.convolution, filters=len(kept)),
        [like(layer) for layer in tail.between],
        like(tail.head),
    )
    x = convolution(tail.convolution.input)
    for layer in between:
        x = layer(x)
    answer = head(keras.layers.Flatten(name="flatten")(x))
    pruned = keras.Model(model.input, answer, name=model.name)
    convolution.set_weights([values[..., kept] for values in tail.convolution.get_weights()])
    between[0].set_weights([values[kept] for values in tail.between[0].get_weights()])
    head.set_weights([weights[:, None], np.array([bias])])
    return pruned
