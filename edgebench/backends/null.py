"""No runtime at all: answers 0 um at once. It tests the harness, and shows what the harness itself costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np


class Null:
    quantisation = None

    def __init__(self, model: Path, *, batch_size: int, threads: int) -> None:
        self._answer = np.zeros(batch_size, np.float32)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self._answer

    def takes(self) -> dict[str, object]:
        return {}

    def executed(self) -> dict[str, object]:
        return {"call": "none: answers 0 um", "operators": {}}

    def versions(self) -> dict[str, str]:
        return {}


BACKEND = Null
