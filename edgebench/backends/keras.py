"""Keras on TensorFlow: the reference that converted artifacts are compared with, on the host only."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from edgebench.backends.base import refused

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # a CPU is measured

import keras
import tensorflow as tf


class Keras:
    """Times a concrete tf.function: `predict` would measure 50 ms of its own at batch 1, not the network."""

    quantisation = None

    def __init__(self, model: Path, *, batch_size: int, threads: int) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        try:
            network = keras.saving.load_model(model, compile=False)
        except (ValueError, OSError, TypeError, KeyError, zipfile.BadZipFile) as error:
            raise refused("keras", model, error) from error
        self._shape = [batch_size, *network.input_shape[1:]]
        call = tf.function(lambda x: network(x, training=False))
        self._call = call.get_concrete_function(tf.TensorSpec(self._shape, tf.float32))
        self._keep = network
        self._threads = threads

    def predict(self, x: np.ndarray) -> np.ndarray:
        y: np.ndarray = self._call(tf.constant(x)).numpy()
        return y.reshape(-1)

    def takes(self) -> dict[str, object]:
        return {"input_shape": self._shape, "input_dtype": "float32"}

    def executed(self) -> dict[str, object]:
        return {
            "call": f"tf.function, concrete for batch {self._shape[0]}, training=False, no XLA",
            "precision": "+".join(sorted(_compute_dtypes(self._keep))),
            "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
            "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads(),
        }

    def versions(self) -> dict[str, str]:
        return {"keras": keras.__version__, "tensorflow": tf.__version__}


def _compute_dtypes(network: keras.Model) -> set[str]:
    """What the layers compute in, nested ones too; an input computes nothing."""
    found: set[str] = set()
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            found |= _compute_dtypes(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            found.add(layer.compute_dtype)
    return found


BACKEND = Keras
