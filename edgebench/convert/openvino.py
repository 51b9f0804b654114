"""OpenVINO IR in float32, from the TensorFlow function; weights are not compressed to float16."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgebench.convert.base import Made, function

if TYPE_CHECKING:
    import keras


def convert(model: keras.Model, file: Path, calibration: np.ndarray | None) -> Made:
    """Writes `file` (.xml) and its .bin."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it reports over the network
    import openvino as ov

    made = ov.convert_model(function(model).get_concrete_function())
    ov.save_model(made, file, compress_to_fp16=False)
    return Made({"compress_to_fp16": False}, {"openvino": ov.__version__})
