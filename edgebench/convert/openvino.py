"""OpenVINO IR in float32, from the TensorFlow function or an ONNX file; weights are not compressed to float16."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from edgebench.convert.base import Made
from edgebench.convert.source import Source
from edgebench.quantise import ir


def convert(source: Source, file: Path, batch: int) -> Made:
    """Writes `file` (.xml) and its .bin."""
    ov = _openvino()
    if source.onnx is None:
        made = ov.convert_model(source.need_function("OpenVINO")(batch).get_concrete_function())
        ir.save(made, file)
    else:
        from edgebench.convert import onnx

        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "model.onnx"
            onnx.convert(source, plain, batch)
            of_file(plain, file)
    return Made({"compress_to_fp16": False, "batch": batch or None}, {"openvino": ov.__version__})


def of_file(onnx: Path, file: Path, *, final: bool = False) -> None:
    """An ONNX file, quantised or not, as IR; final: nothing is quantised from it."""
    ir.save(_openvino().convert_model(str(onnx)), file, final=final)


def _openvino() -> Any:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it reports over the network
    import openvino

    return openvino
