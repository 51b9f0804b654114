"""What an object is to the optics: a few thin layers of optical density and phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Optical density (natural logarithm) per unit of stain in R, G, B; haematoxylin and eosin after Ruifrok and
# Johnston 2001, bent towards the dull violet and pink of the published images.
STAINS = {
    "haematoxylin": (0.66, 0.69, 0.33),
    "eosin": (0.22, 0.62, 0.33),
    "erythrocyte": (0.10, 0.72, 0.66),
    "dab": (0.30, 0.56, 0.76),
}


@dataclass(frozen=True)
class Layers:
    """density: (L, 3, H, W) float32, natural-log optical density; phase: (L, H, W) float32, rad at green."""

    density: np.ndarray
    phase: np.ndarray


def stained(concentrations: dict[str, np.ndarray], vectors: dict[str, np.ndarray], phase_per_density: float) -> Layers:
    """Layers from stain concentrations {stain: (L, H, W)} and stain vectors {stain: (3,)}.

    Phase grows with what absorbs, since both grow with dry mass; erythrocytes refract twice as much.
    """
    first = next(iter(concentrations.values()))
    density = np.zeros((first.shape[0], 3, *first.shape[1:]), np.float32)
    phase = np.zeros(first.shape, np.float32)
    for stain, amount in concentrations.items():
        vector = np.asarray(vectors[stain], np.float32)
        density += amount[:, None] * vector[:, None, None]
        phase += amount * (float(vector.mean()) * phase_per_density * (2 if stain == "erythrocyte" else 1))
    return Layers(density, phase)


def linearised(layers: Layers, wavelengths_um: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """What each layer does to the intensity, to first order: ((L, 3, H, W) taken away, (L, 3, H, W) phase, rad).

    The layers together take 1 - exp(-density) of the light, each in proportion to its density; their phase acts on
    what is left of it, and goes with 1 / wavelength. In focus the picture is that of Beer and Lambert, and out of
    focus no light is lost or won: blurring the density instead would darken every plane but the sharpest, and a
    network reads the direction of focus from that.
    """
    total = layers.density.sum(axis=0)
    left = np.exp(-total)
    taken = layers.density * ((1 - left) / np.maximum(total, 1e-6))
    turn = np.float32(wavelengths_um[1]) / np.asarray(wavelengths_um, np.float32)
    return taken, layers.phase[:, None] * (left * turn[:, None, None])
