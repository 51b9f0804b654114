"""Numbers between float32 and int8, as an int8 file says them: real value = scale * (integer - zero_point)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np


@dataclass(frozen=True)
class Quantisation:
    """Of an int8 input or output, one for the whole tensor."""

    scale: float
    zero_point: int

    def quantise(self, x: np.ndarray, out: Optional[np.ndarray] = None) -> np.ndarray:
        """float32 to int8, same shape, to the bit as XNNPACK does it: times 1 / scale, half to even, shift."""
        y = x * (np.float32(1) / np.float32(self.scale))
        np.rint(y, out=y)
        y += np.float32(self.zero_point)
        np.clip(y, -128, 127, out=y)
        if out is None:
            return y.astype(np.int8)
        out[...] = y
        return out

    def real(self, q: np.ndarray) -> np.ndarray:
        """int8 to float32."""
        return (q.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)
