"""What the quantised formats have in common, as plain tables."""

from __future__ import annotations

CALIBRATED = ("int8", "int16x8")  # precisions that need calibration patches
INTEGERS = ("dynamic", *CALIBRATED)  # whose activations become integers, so that heavy tails cost them steps
RUNTIMES = {"tflite": "litert", "onnx": "onnxruntime", "openvino": "openvino"}  # that runs a format's float32 file
