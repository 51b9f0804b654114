"""What a backend is, and the table of them; no runtime is imported before load() names it."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Protocol

from edgebench import extensions
from edgebench.errors import BackendError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from edgebench.backends.quantisation import Quantisation


class Backend(Protocol):
    """One artifact, loaded for one batch size; the constructor does all work that a later call should not."""

    quantisation: Optional[Quantisation]  # of an int8 input; predict() then takes int8, too, and is spared the work

    def __init__(self, model: Path, *, batch_size: int, threads: int) -> None: ...

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(B, S, S, 3) float32 to (B,) float32 um; B is the batch_size of the constructor."""

    def takes(self) -> dict[str, object]:
        """ "input_shape" (None: any size) and "input_dtype" of the artifact, where the runtime tells; at no cost."""

    def executed(self) -> dict[str, object]:
        """What really runs: operators by type and precision, delegate, provider, hints; may run the artifact."""

    def versions(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class Entry:
    module: str
    package: str | None  # distribution that must be installed
    suffixes: tuple[str, ...]  # files that it reads; empty: any


BACKENDS = {
    "litert": Entry("edgebench.backends.litert", "ai-edge-litert", (".tflite",)),
    "tflite-runtime": Entry("edgebench.backends.tflite_runtime", "tflite-runtime", (".tflite",)),
    "onnxruntime": Entry("edgebench.backends.onnxruntime", "onnxruntime", (".onnx",)),
    "openvino": Entry("edgebench.backends.openvino", "openvino", (".xml", ".onnx", ".tflite")),
    "keras": Entry("edgebench.backends.keras", "keras", (".keras",)),
    "null": Entry("edgebench.backends.null", None, ()),
    "programmable": Entry("edgebench.backends.programmable", None, ()),
}


GROUP = "edgebench.backends"  # of entry points: an Entry each


def entry(name: str) -> Entry:
    if name in BACKENDS:
        return BACKENDS[name]
    if name not in known():
        raise UsageError(f"no backend {name!r}. Backends: {', '.join(known())}.")
    return extensions.load(GROUP, name, Entry)


def known() -> tuple[str, ...]:
    """Names of all there are, those of other packages last."""
    return (*BACKENDS, *extensions.found(GROUP))


def load(name: str) -> type[Backend]:
    """Import the one runtime of a backend; BackendError where it is not installed, or does not start."""
    found = entry(name)
    try:
        backend: type[Backend] = importlib.import_module(found.module).BACKEND
    except ImportError as missing:
        if missing.name is not None and missing.name.startswith("edgebench"):
            raise
        raise BackendError(
            f"backend {name!r} needs {found.package}, which {sys.executable} cannot import ({missing}). "
            f"Install it there: pip install {found.package}."
        ) from missing
    return backend


def for_artifact(path: Path) -> str:
    """The first backend of the table that reads files of this suffix."""
    for name in (*BACKENDS, *extensions.found(GROUP)):
        if path.suffix in entry(name).suffixes:
            return name
    reads = ", ".join(f"{suffix} ({for_artifact(Path('x' + suffix))})" for suffix in all_suffixes())
    raise UsageError(f"{path}: no backend for {path.suffix or 'a file without suffix'!r}. Known: {reads}.")


def check_reads(name: str, path: Path) -> None:
    """UsageError where the backend does not read this kind of file."""
    suffixes = entry(name).suffixes
    if suffixes and path.suffix not in suffixes:
        raise UsageError(f"{path}: backend {name!r} reads {', '.join(suffixes)} only. Name another --backend.")


def all_suffixes() -> tuple[str, ...]:
    return tuple(dict.fromkeys(suffix for name in known() for suffix in entry(name).suffixes))


def refused(name: str, model: Path, error: Exception) -> BackendError:
    """The error of a runtime that does not take a file, in one line: its last line says why."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return BackendError(f"{model}: {name} refuses it ({lines[-1]}). Convert or copy it again.")
