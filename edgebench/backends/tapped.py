"""Every tensor between two operators, of a file whose outputs they are: so the kernels that run are the usual ones."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from edgebench.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

_MODULES = {
    "litert": "edgebench.backends.tapped_litert",
    "onnxruntime": "edgebench.backends.tapped_onnxruntime",
    "openvino": "edgebench.backends.tapped_openvino",
}


@dataclass(frozen=True)
class Tensor:
    """What one operator gave."""

    name: str
    values: np.ndarray
    scale: Optional[float]  # of one step, in the tensor's own unit; None where it is not quantised


def outputs(backend: str, model: Path, x: np.ndarray, threads: int) -> Iterator[Tensor]:
    """In the order of the operators, for one batch (B, S, S, 3) float32; UsageError for a backend that cannot."""
    if backend not in _MODULES:
        raise UsageError(f"backend {backend!r} shows no layers. Those that do: {', '.join(_MODULES)}.")
    run: Callable[..., Iterator[Tensor]] = importlib.import_module(_MODULES[backend]).outputs
    return run(model, x, threads)
