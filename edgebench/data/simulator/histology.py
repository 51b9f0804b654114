"""Procedural stained tissue: zones, fibres, nuclei, red cells, gaps; every number a documented parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebench.data.simulator.fields import Rng, Shape, fibres, noise, smoothstep, warp, window

LAYERS = 3


@dataclass(frozen=True)
class Tissue:
    """What one field contains. Lengths in px of the 0.345 um grid, amounts in units of the stain vectors."""

    dense: float = 0.5  # share of the field that is compact, strongly stained tissue
    gaps: float = 0.10  # share that is empty glass (lumen, cracks)
    eosin: float = 0.45  # mean amount in compact tissue
    pale: float = 0.35  # amount in loose tissue, relative to compact
    grain: float = 0.25  # relative strength of the cytoplasm's texture
    fibre: float = 0.35  # relative strength of fibres
    fibre_width_px: float = 3.0
    nuclei: float = 1.2  # per 1,000 px of tissue
    nucleus_px: float = 8.0  # mean semi-axis
    elongation: float = 1.5
    haematoxylin: float = 0.8  # amount in a mean nucleus
    vesicular: float = 0.4  # share of pale nuclei with a rim and a nucleolus
    crowding: float = 0.6  # 0: nuclei evenly spread, 1: strongly clustered
    red_cells: float = 0.15  # per 1,000 px
    haze: float = 0.12  # haematoxylin in the cytoplasm


def concentrations(shape: Shape, tissue: Tissue, rng: Rng) -> dict[str, np.ndarray]:
    """{stain: (LAYERS, H, W) float32 amounts} on a torus."""
    big = min(shape) / 1.5
    zones = noise(shape, rng, slope=2.2, longest_px=big, shortest_px=12)
    relief = warp(noise(shape, rng, slope=2.2, longest_px=big / 2, shortest_px=12), rng, reach_px=25, longest_px=150)
    compact = smoothstep(zones, *_around(zones, 1 - tissue.dense, 0.25))
    tissue_here = 1 - smoothstep(relief, *_around(relief, 1 - tissue.gaps, 0.06))
    base = tissue_here * (tissue.pale + (1 - tissue.pale) * compact) * tissue.eosin
    grain = noise(shape, rng, slope=0.9, longest_px=40)
    angle = rng.uniform(0, np.pi)
    strands = [
        fibres(shape, rng, length_px=14 * tissue.fibre_width_px, width_px=tissue.fibre_width_px, angle=angle + turn)
        for turn in (0, rng.uniform(0.4, 1.6))
    ]
    strand = strands[0] * compact + strands[1] * (1 - compact)
    eosin = np.empty((LAYERS, *shape), np.float32)
    for layer in eosin:  # the same statistics, other places: a rolled field is an independent texture
        texture = 1 + tissue.grain * _rolled(grain, rng) + tissue.fibre * _rolled(strand, rng)
        np.multiply(base, np.maximum(texture, 0), out=layer)
    eosin /= LAYERS
    haematoxylin = tissue.haze / tissue.eosin * eosin
    _nuclei(haematoxylin, tissue, compact * tissue_here, tissue_here, grain, rng)
    red = np.zeros((LAYERS, *shape), np.float32)
    _red_cells(red, tissue, 1 - 0.7 * tissue_here, rng)
    return {"eosin": eosin, "haematoxylin": haematoxylin, "erythrocyte": red}


def _around(field: np.ndarray, quantile: float, width: float) -> tuple[float, float]:
    middle = float(np.quantile(field[::4, ::4], np.clip(quantile, 0, 1)))
    edge = 4.0 if quantile >= 1 else 0.0 if quantile > 0 else -4.0
    return middle + edge - width, middle + edge + width


def _rolled(field: np.ndarray, rng: Rng) -> np.ndarray:
    return np.roll(field, tuple(int(k) for k in rng.integers(0, field.shape)), (0, 1))


def _places(count: int, weight: np.ndarray, rng: Rng) -> np.ndarray:
    """(count, 2) places drawn with probability `weight` (H, W)."""
    cumulative = np.cumsum(weight, dtype=np.float64)
    flat = np.searchsorted(cumulative, rng.uniform(0, cumulative[-1], count))
    y, x = np.divmod(np.minimum(flat, weight.size - 1), weight.shape[1])
    return np.stack([y, x], 1) + rng.uniform(0, 1, (count, 2))


def _nuclei(
    amount: np.ndarray, tissue: Tissue, compact: np.ndarray, tissue_here: np.ndarray, grain: np.ndarray, rng: Rng
) -> None:
    shape = (amount.shape[1], amount.shape[2])
    clumps = np.exp(2.2 * tissue.crowding * noise(shape, rng, slope=1.2, longest_px=min(shape) / 3, shortest_px=25))
    weight = (0.25 * tissue_here + compact) * clumps + 1e-9
    taken = np.zeros(shape, bool)  # nuclei touch, they seldom overlap
    for place in _places(rng.poisson(tissue.nuclei * tissue_here.sum() / 1000), weight, rng):
        if taken[int(place[0]) % shape[0], int(place[1]) % shape[1]] and rng.uniform() < 0.93:
            continue
        size = tissue.nucleus_px * rng.lognormal(0, 0.22)
        stretch = tissue.elongation ** rng.uniform(0.1, 1.0)
        at, offset = window((place[0], place[1]), int(size * stretch + 4), shape)
        turn = rng.uniform(0, np.pi)
        u = (offset[1] * np.cos(turn) + offset[0] * np.sin(turn)) / (size * np.sqrt(stretch))
        v = (-offset[1] * np.sin(turn) + offset[0] * np.cos(turn)) / (size / np.sqrt(stretch))
        bend = 0.12 * np.cos(3 * np.arctan2(v, u) + rng.uniform(0, 6.3))
        r = np.hypot(u, v) * (1 + bend)
        inside = smoothstep(-r, -1.0 - 1.2 / size, -1.0 + 1.2 / size)
        taken[at] |= r < 1.5
        if rng.uniform() < tissue.vesicular:
            profile = 0.35 + 0.75 * np.exp(-(((r - 0.88) / 0.16) ** 2))
            spot = rng.uniform(-0.4, 0.4, 2)
            profile = profile + 0.9 * np.exp(-((u - spot[0]) ** 2 + (v - spot[1]) ** 2) / 0.02)
        else:
            profile = 0.8 + 0.25 * (1 - r)
        chromatin = np.maximum(1 + 0.22 * grain[at], 0.2)
        target = tissue.haematoxylin * rng.lognormal(0, 0.25) * profile * chromatin
        layer = amount[rng.integers(0, len(amount))]
        patch = layer[at]
        layer[at] = patch + inside * (np.maximum(target, patch) - patch)


def _red_cells(amount: np.ndarray, tissue: Tissue, open_here: np.ndarray, rng: Rng) -> None:
    shape = (amount.shape[1], amount.shape[2])
    pools = noise(shape, rng, slope=1.5, longest_px=min(shape) / 3, shortest_px=25)
    weight = open_here * np.exp(3.0 * pools) + 1e-9
    for place in _places(rng.poisson(tissue.red_cells * open_here.size / 1000), weight, rng):
        size = 9.5 * rng.lognormal(0, 0.12)
        at, offset = window((place[0], place[1]), int(1.6 * size + 3), shape)
        turn, squash = rng.uniform(0, np.pi), rng.uniform(0.65, 1)
        u = (offset[1] * np.cos(turn) + offset[0] * np.sin(turn)) / size
        v = (-offset[1] * np.sin(turn) + offset[0] * np.cos(turn)) / (size * squash)
        r = np.hypot(u, v)
        inside = smoothstep(-r, -1.12, -0.9)
        target = rng.uniform(0.5, 0.8) * (0.65 + 0.5 * np.exp(-(((r - 0.65) / 0.3) ** 2)))
        layer = amount[rng.integers(0, len(amount))]
        patch = layer[at]
        layer[at] = patch + inside * (np.maximum(target, patch) - patch)
