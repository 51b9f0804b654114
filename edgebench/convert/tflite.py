"""TensorFlow Lite in float32: batch normalisations folded, batch free."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.convert.base import Made, function

if TYPE_CHECKING:
    import keras


def convert(model: keras.Model, file: Path, calibration: np.ndarray | None) -> Made:
    import tensorflow as tf

    # The model as a second argument would leave READ_VARIABLE operators that give NaN.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function(model).get_concrete_function()])
    file.write_bytes(run(converter))
    return Made({"route": "from_concrete_functions"}, {"tensorflow": tf.__version__})


def run(converter: Any) -> bytes:
    from tensorflow.lite.python.convert_phase import ConverterError

    try:
        return bytes(converter.convert())
    except ConverterError as error:  # no subclass of any standard error
        raise RuntimeError(str(error)) from error
