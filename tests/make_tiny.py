"""Makes models/tiny/ with every artifact and its sidecar, of a network so small that a test can wait for it.

Run as a program: TensorFlow stays out of the process that tests.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

SIZE = 32  # px
EXPORTS = {
    "tflite-float32": ".tflite",
    "tflite-int8": ".tflite",
    "tflite-int8-io": ".tflite",
    "onnx-float32": ".onnx",
    "openvino-float32": ".xml",
}


def main(folder: Path) -> None:
    os.environ.update(CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import keras
    import openvino as ov
    import tensorflow as tf
    import tf2onnx

    folder.mkdir(parents=True)
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), layers.Conv2D(4, 5, 4, activation="relu")])
    model.add(layers.DepthwiseConv2D(3, activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dense(1))
    model.save(folder / "model.keras")

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    (folder / "tflite-float32.tflite").write_bytes(converter.convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((32, 1, SIZE, SIZE, 3), np.float32)
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    (folder / "tflite-int8.tflite").write_bytes(converter.convert())
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / "tflite-int8-io.tflite").write_bytes(converter.convert())

    signature = [tf.TensorSpec([None, SIZE, SIZE, 3], name="image")]
    onnx = folder / "onnx-float32.onnx"
    call = tf.function(lambda image: model(image, training=False))
    tf2onnx.convert.from_function(call, input_signature=signature, opset=17, output_path=str(onnx))
    ov.save_model(ov.convert_model(onnx), folder / "openvino-float32.xml", compress_to_fp16=False)
    describe(folder, {"name": "tiny", "alpha": 0.1, "input_size": SIZE, "parameters": model.count_params(), "macs": 1})


def describe(folder: Path, about: dict[str, Any]) -> None:
    """Write card.json and the sidecars, as docs/architecture.md says."""
    about["sha256"] = _file(folder / "model.keras")["sha256"]
    (folder / "card.json").write_text(json.dumps(about))
    for target, suffix in EXPORTS.items():
        path = folder / f"{target}{suffix}"
        paths = [path, path.with_suffix(".bin")] if suffix == ".xml" else [path]
        format, precision, *_ = target.split("-")
        sidecar = {"schema": 1, "target": target, "format": format, "precision": precision, "model": about}
        sidecar |= {"files": [_file(path) for path in paths], "options": {}, "versions": {}, "calibration": None}
        (folder / f"{target}.json").write_text(json.dumps({**sidecar, "parity": {}}))


def _file(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"name": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # converters print
        main(Path(sys.argv[1]))
