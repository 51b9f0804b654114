"""TensorFlow Lite in float32: batch normalisations folded, batch free unless it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgebench.convert.base import Made
from edgebench.convert.source import Source


def convert(source: Source, file: Path, batch: int) -> Made:
    network = source.need_function("TFLite")(batch)
    import tensorflow as tf

    # The model as a second argument would leave READ_VARIABLE operators that give NaN.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    file.write_bytes(run(converter))
    return Made({"route": "from_concrete_functions", "batch": batch or None}, {"tensorflow": tf.__version__})


def run(converter: Any) -> bytes:
    from tensorflow.lite.python.convert_phase import ConverterError

    try:
        return bytes(converter.convert())
    except ConverterError as error:  # no subclass of any standard error
        raise RuntimeError(str(error)) from error
