"""tflite-runtime, of 2023: what boards had before LiteRT. Its int8 kernels give other answers than LiteRT's.

Its last release is for NumPy 1 and Python up to 3.11: it needs an environment of its own, which --python names.
"""

from __future__ import annotations

import numpy as np

from edgebench.backends.tflite import TfLite
from edgebench.errors import BackendError

if int(np.__version__.partition(".")[0]) > 1:  # it imports, and fails at the first tensor
    raise BackendError(
        f"backend 'tflite-runtime' needs NumPy 1, here is {np.__version__}. Make an environment for it, and name its "
        "Python with --python: python3.11 -m venv DIR; DIR/bin/pip install tflite-runtime 'numpy<2' "
        "'opencv-python-headless<4.12' psutil."
    )

from tflite_runtime.interpreter import Interpreter


class TfLiteRuntime(TfLite):
    name = "tflite-runtime"
    package = "tflite-runtime"
    interpreter = Interpreter


BACKEND = TfLiteRuntime
