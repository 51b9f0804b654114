"""What a target is, and the table of them; nothing heavy is imported, so that a shell can complete their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgebench import extensions
from edgebench.errors import UsageError
from edgebench.quantise.formats import CALIBRATED, INTEGERS, RUNTIMES

FLOAT32 = "float32"
GROUP = "edgebench.targets"  # of entry points: a Target each
FLOATS = {  # format: its module with convert(source, file, batch) -> Made
    "tflite": "edgebench.convert.tflite",
    "onnx": "edgebench.convert.onnx",
    "openvino": "edgebench.convert.openvino",
}
SUFFIXES = {"tflite": ".tflite", "onnx": ".onnx", "openvino": ".xml"}


@dataclass(frozen=True)
class Target:
    """A format with a precision."""

    name: str
    format: str
    precision: str
    io: str = "float32"  # of input and output
    by: str = ""  # format that is quantised first, and then converted to this one; empty: this one itself
    label: str = ""  # of the recipe: part of the name
    module: str = ""  # of a target from outside: convert(source, file, batch) -> Made
    ends: str = ""  # suffix of its first file
    runs: str = ""  # backend that its parity is checked with

    @property
    def suffix(self) -> str:
        """Of the first file, the one that the backend gets."""
        return self.ends or SUFFIXES[self.format]

    @property
    def backend(self) -> str:
        return self.runs or RUNTIMES[self.format]

    @property
    def calibrated(self) -> bool:
        return self.precision in CALIBRATED and not self.module

    @property
    def integers(self) -> bool:
        return self.precision in INTEGERS and not self.module


_ALL = (
    Target("tflite-float32", "tflite", FLOAT32),
    Target("tflite-float16", "tflite", "float16"),
    Target("tflite-dynamic", "tflite", "dynamic"),
    Target("tflite-int8", "tflite", "int8"),
    Target("tflite-int8-io", "tflite", "int8", io="int8"),
    Target("tflite-int16x8", "tflite", "int16x8"),
    Target("onnx-float32", "onnx", FLOAT32),
    Target("onnx-float16", "onnx", "float16"),
    Target("onnx-dynamic", "onnx", "dynamic"),
    Target("onnx-int8", "onnx", "int8"),
    Target("openvino-float32", "openvino", FLOAT32),
    Target("openvino-float16", "openvino", "float16"),
    Target("openvino-int8", "openvino", "int8"),
    Target("openvino-int8-qdq", "openvino", "int8", by="onnx"),
)
TARGETS = {target.name: target for target in _ALL}


def targets(names: Sequence[str], label: str = "") -> tuple[Target, ...]:
    """Targets by their names, each once; "all" means all of ours. A label makes them those of a recipe: float32, and
    what others convert, has none."""
    found = tuple(_named(name) for name in (TARGETS if "all" in names else dict.fromkeys(names)))
    if not label:
        return found
    return tuple(
        replace(target, name=f"{target.name}-{label}", label=label)
        for target in found
        if target.precision != FLOAT32 and not target.module
    )


def _named(name: str) -> Target:
    if name in TARGETS:
        return TARGETS[name]
    others = extensions.found(GROUP)
    if name not in others:
        raise UsageError(f"no target {name!r}. Targets: {', '.join([*TARGETS, *others])}, or all.")
    target = extensions.load(GROUP, name, Target)
    if target.name != name or not (target.module and target.ends and target.runs):
        raise UsageError(f"target {name!r} of {others[name]} lacks module, ends or runs, or has another name.")
    return target


def known() -> tuple[str, ...]:
    """Names of all there are, those of other packages last."""
    return (*TARGETS, *extensions.found(GROUP))
