"""The same network with fused batch normalisations, for training on CPUs only; it is never saved.

Keras composes a batch normalisation of a dozen element-wise operations, and half of a training step went into them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def fused(model: keras.Model) -> keras.Model:
    """A copy with the weights of `model`, in their order, that computes the same; copy them back when trained."""
    import keras
    import tensorflow as tf

    class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            if not training:
                return super().call(inputs, training=False)
            y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=inputs, scale=self.gamma, offset=self.beta, mean=[], variance=[], epsilon=self.epsilon
            )
            count = tf.cast(tf.size(inputs) / tf.size(mean), tf.float32)
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance * (count - 1) / count)):
                moving.assign(moving * self.momentum + now * (1 - self.momentum))
            return y

    def copy(layer: keras.Layer) -> keras.Layer:
        kind = FusedBatchNormalization if isinstance(layer, keras.layers.BatchNormalization) else type(layer)
        return kind.from_config(layer.get_config())

    trained = keras.models.clone_model(model, clone_function=copy)
    trained.set_weights(model.get_weights())
    return trained
