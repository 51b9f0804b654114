"""Random fields and stamps on a torus, the raw material of the procedural objects. All arrays are periodic."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import fft

Rng = np.random.Generator
Shape = tuple[int, int]


def noise(shape: Shape, rng: Rng, *, slope: float, longest_px: float, shortest_px: float = 2.0) -> np.ndarray:
    """Gaussian field with amplitude spectrum f**-slope between two wavelengths: (H, W) float32, mean 0, std 1."""
    f = np.hypot(*_frequencies(shape))
    band = (f >= 1 / longest_px) & (f <= 1 / shortest_px)
    return _shaped(shape, rng, np.where(band, np.maximum(f, 1e-6) ** -slope, 0))


def fibres(shape: Shape, rng: Rng, *, length_px: float, width_px: float, angle: float) -> np.ndarray:
    """Elongated, wavy texture along `angle` (rad): (H, W) float32, mean 0, std 1."""
    fy, fx = _frequencies(shape)
    along = fx * np.cos(angle) + fy * np.sin(angle)
    across = -fx * np.sin(angle) + fy * np.cos(angle)
    band = np.exp(-2 * np.pi**2 * ((length_px * along) ** 2 + (width_px * across) ** 2) / 4)
    texture = _shaped(shape, rng, band * (np.hypot(fx, fy) > 0))
    return warp(texture, rng, reach_px=0.8 * length_px, longest_px=14 * length_px)


def warp(field: np.ndarray, rng: Rng, *, reach_px: float, longest_px: float) -> np.ndarray:
    """Displace a field by smooth random vectors of about `reach_px`."""
    shape = (field.shape[0], field.shape[1])
    limit = min(longest_px, min(shape))
    dy, dx = (reach_px * noise(shape, rng, slope=1.5, longest_px=limit, shortest_px=limit / 6) for _ in "yx")
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return cv2.remap(field, (x + dx) % shape[1], (y + dy) % shape[0], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def smoothstep(field: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def window(centre: tuple[float, float], reach: int, shape: Shape) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Index arrays of a square around a centre, wrapped on the torus, and its (2, n, n) offsets from the centre."""
    rows, columns = (np.arange(int(c) - reach, int(c) + reach + 1) for c in centre)
    y, x = np.meshgrid(rows - centre[0], columns - centre[1], indexing="ij")
    at = ((rows % shape[0])[:, None], (columns % shape[1])[None])
    return at, np.stack([y, x]).astype(np.float32)


def _frequencies(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    return np.fft.fftfreq(shape[0])[:, None].astype(np.float32), np.fft.rfftfreq(shape[1])[None].astype(np.float32)


def _shaped(shape: Shape, rng: Rng, amplitude: np.ndarray) -> np.ndarray:
    spectrum = fft.rfft2(rng.standard_normal(shape, np.float32)) * amplitude.astype(np.float32)
    field: np.ndarray = fft.irfft2(spectrum, shape)
    field -= field.mean()
    return field / max(float(field.std()), 1e-9)
