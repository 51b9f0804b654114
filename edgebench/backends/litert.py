"""LiteRT, which TensorFlow Lite is called today."""

from __future__ import annotations

from ai_edge_litert.interpreter import Interpreter

from edgebench.backends.tflite import TfLite


class LiteRt(TfLite):
    name = "litert"
    package = "ai-edge-litert"
    interpreter = Interpreter


BACKEND = LiteRt
