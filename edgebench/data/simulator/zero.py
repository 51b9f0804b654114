"""Where a stack's zero lies: the plane where its own object, free of noise, is sharpest.

That is the plane a microscopist and a figure of merit find. It is not the focal plane of the middle layer: spherical
aberration, the colours' focal shifts, the phase of what absorbs and the layer that holds most detail all move it, each
by several tenths of a um; a regressor cannot know the one, and no user asks for it.
"""

from __future__ import annotations

import numpy as np

from edgebench.data.simulator.optics import GRID_NM, TABLE, Optics, transfer_tables

REACH_NM = 3000
SAMPLES = 20_000  # spatial frequencies that are summed
COARSE_POINTS = 120  # of the source


def sharpest_um(
    spectra: tuple[np.ndarray, np.ndarray], depth_nm: np.ndarray, optics: Optics, frequency: np.ndarray
) -> float:
    """Peak over z of the energy of the gradient of R, G and B, um above the paraxial focus of green at depth 0.

    spectra: (L, 3, h, w) of what the layers take of the light, and of their phase. depth_nm: (L,), to GRID_NM.
    frequency: (h, w) radial, cycles/um. A parabola through the highest three values.
    """
    z_nm = np.arange(-REACH_NM, REACH_NM + 1, GRID_NM)
    rows = np.rint(depth_nm / GRID_NM).astype(int)
    grid_nm = np.arange(z_nm[0] + rows.min() * GRID_NM, z_nm[-1] + rows.max() * GRID_NM + 1, GRID_NM)
    tables, step = transfer_tables(optics, grid_nm, points=COARSE_POINTS)
    some = slice(None, None, max(1, frequency.size // SAMPLES))
    f = frequency.ravel()[some]
    place = np.minimum(np.rint(f / step), TABLE - 1).astype(np.intp)
    taken, phase = (one.reshape(*one.shape[:-2], -1)[..., some] for one in spectra)
    energy = np.zeros(len(z_nm))
    for colour in range(3):
        through = tables[:, colour][..., place]
        for k in range(len(z_nm)):
            at = rows - rows.min() + k
            seen = (taken[:, colour] * through[0, at] + phase[:, colour] * through[1, at]).sum(axis=0)
            energy[k] += float((np.abs(f * seen) ** 2).sum())
    if not energy.any():  # nothing to focus on
        return 0.0
    return (_peak(energy) * GRID_NM + float(z_nm[0])) / 1000


def _peak(values: np.ndarray) -> float:
    """Index of the highest value, refined by a parabola."""
    k = int(np.clip(np.argmax(values), 1, len(values) - 2))
    below, here, above = values[k - 1 : k + 2]
    bend = below - 2 * here + above
    return k + (0.5 * float((below - above) / bend) if bend < 0 else 0.0)
