"""The parameters of a stack: fixed and documented for the test splits, drawn per stack for training.

Training draws the signs of the chromatic shifts and of the aberration as well as their sizes: they are one
instrument's, and a network that leans on them fails on the next. That what absorbs also delays light is physics, so
most stacks, but not all, have a positive phase. The rest of what tells above from below is the look of stained tissue,
in any colour.
docs/simulator.md has the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from edgebench.data.simulator.fields import Rng
from edgebench.data.simulator.histology import LAYERS, Tissue
from edgebench.data.simulator.layers import STAINS
from edgebench.data.simulator.optics import Optics

STEP_NM = 500
PLANES = 45  # the 41 published ones and four more below: 41 pairs, 2 um apart
LOWEST_NM = -12500
BEYOND = 4  # planes more of a training stack, above and below: a network shrinks its answers at the ends of what it saw

POSITIVE_PHASE = 0.75  # share of the training stacks; what mounts tissue may refract more than it

# Microscopes for tests of what a regressor never saw. outside: every number lies outside the training ranges, signs are
# those of the standard one. reversed: all signs are turned, that of the phase, too, as on a stage whose z axis points
# down; for what only absorbs nothing changes.
MICROSCOPES = {
    "outside": Optics(
        na=0.65,
        coherence=0.85,
        wavelengths_um=(0.64, 0.55, 0.44),
        focal_shift_um=(-0.65, 0.0, 0.05),
        spherical_waves=0.28,
        pixel_um=0.40,
        blur_px=0.9,
    ),
    "reversed": Optics(focal_shift_um=(0.3, 0.0, -0.3), spherical_waves=-0.08),
}
ONE = "one"  # for training: the signs of the standard microscope and the usual stains, as of one laboratory


@dataclass(frozen=True)
class Parameters:
    """All that a stack is made from, beside its seed and the size and format of its files."""

    kind: str  # "histology", "leaves" or "image"
    first_nm: int  # lowest plane; on a 50 nm grid, as published
    planes: int = PLANES
    optics: Optics = field(default_factory=Optics)
    tissue: Tissue = field(default_factory=Tissue)
    stains: dict[str, tuple[float, float, float]] = field(default_factory=lambda: dict(STAINS))
    layer_step_nm: int = 1250  # distance of neighbouring layers; a multiple of the optical grid
    phase_per_density: float = 0.45  # rad of phase per unit of mean optical density
    contrast: float = 0.5  # leaves: mean optical density
    smallest_px: float = 3.0  # leaves: smallest shape
    image: str = ""  # image: file name below the objects folder
    image_scale: float = 1.0
    image_colours: tuple[tuple[float, ...], ...] | None = None  # rows R, G, B: shares of the image's densities
    white: tuple[float, float, float] = (192, 186, 180)  # grey values of empty glass
    noise: float = 0.008  # standard deviation at white, relative to white; shot-like
    jpeg_quality: int = 95
    jpeg_444: bool = True
    optical_model: str = "linear"  # or "exact"
    source_points: int = 0  # exact: of the condenser (0: the linear model has its own)
    slices: int = LAYERS  # image: how many layers it is spread over; with another number than LAYERS exact only

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def protocol(number: int, slide: Rng, rng: Rng, *, image: str = "", microscope: str | None = None) -> Parameters:
    """A test stack of staining protocol 1 or 2: fixed optics and camera; stains jittered per slide, tissue per stack.

    Protocol 2 stands for another site: stronger haematoxylin, bluer eosin, other camera gains, more phase.
    image: a real image as the object. microscope: one of MICROSCOPES instead of the standard one.
    """
    first = number == 1
    strength = {"haematoxylin": 1.0 if first else 1.25, "eosin": 1.0 if first else 0.8, "erythrocyte": 1.0}
    tint = np.ones(3) if first else np.array([1.10, 0.92, 1.12])
    standard = Optics() if first else Optics(spherical_waves=0.11, focal_shift_um=(-0.25, 0.0, 0.35))
    return Parameters(
        kind="image" if image else "histology",
        image=image,
        first_nm=_first(rng),
        optics=MICROSCOPES[microscope] if microscope else standard,
        tissue=_tissue(rng, slide),
        stains=_stains(slide, strength, tint, jitter=0.06),
        phase_per_density=(0.45 if first else 0.6) * (-1 if microscope == "reversed" else 1),
        white=(192, 186, 180) if first else (206, 204, 212),
        noise=0.008,
    )


def training(slide: Rng, rng: Rng, objects: tuple[str, ...] = (), *, one: bool = False) -> Parameters:
    """A training stack: kind of object, optics, stains and camera drawn per stack around and beyond both protocols.

    one: signs and colours are not drawn. A single image tells above from below by them, and by little else.
    """
    kind = str(rng.choice(["histology", "leaves"], p=(0.75, 0.25)))
    if objects and rng.uniform() < 0.6:
        kind = "image"
    strength = {stain: float(rng.lognormal(0, 0.3)) for stain in ("haematoxylin", "eosin", "erythrocyte")}
    brightness = rng.uniform(160, 235)
    return Parameters(
        kind=kind,
        first_nm=_first(rng) - BEYOND * STEP_NM,
        planes=PLANES + 2 * BEYOND,
        optics=_standard_signs(_optics(rng)) if one else _optics(rng),
        tissue=_tissue(rng, slide),
        stains=_stains(slide, strength, rng.lognormal(0, 0.15, 3), jitter=0.15, base=STAINS if one else _palette(rng)),
        layer_step_nm=250 * int(rng.integers(3, 8)),
        phase_per_density=float(rng.uniform(0, 1)) * (1 if one or rng.uniform() < POSITIVE_PHASE else -1),
        contrast=float(rng.uniform(0.15, 1.2)),
        smallest_px=float(rng.uniform(2.0, 6.0)),
        image=str(rng.choice(objects)) if kind == "image" else "",
        image_scale=float(rng.uniform(0.6, 1.6)) if kind == "image" else 1.0,
        image_colours=_mixture(rng) if kind == "image" and not one else None,
        white=tuple(float(w) for w in brightness * rng.uniform(0.92, 1.06, 3)),  # type: ignore[arg-type]
        noise=float(rng.uniform(0.003, 0.014)),
        jpeg_quality=int(rng.integers(88, 99)),
        jpeg_444=bool(rng.uniform() < 0.7),
    )


def _first(rng: Rng) -> int:
    return LOWEST_NM + 50 * int(rng.integers(0, 10))


def _optics(rng: Rng) -> Optics:
    return Optics(
        na=float(rng.uniform(0.71, 0.79)),
        coherence=float(rng.uniform(0.45, 0.75)),
        wavelengths_um=tuple(w + float(rng.uniform(-0.01, 0.01)) for w in (0.62, 0.53, 0.46)),  # type: ignore[arg-type]
        focal_shift_um=(float(rng.uniform(-0.5, 0.5)), 0.0, float(rng.uniform(-0.5, 0.5))),
        spherical_waves=float(rng.uniform(-0.2, 0.2)),
        pixel_um=0.345 * float(rng.uniform(0.93, 1.07)),
        blur_px=float(rng.uniform(0.1, 0.7)),
    )


def _standard_signs(drawn: Optics) -> Optics:
    red, green, blue = drawn.focal_shift_um
    shift_um = (-abs(red), green, abs(blue))
    return replace(drawn, focal_shift_um=shift_um, spherical_waves=abs(drawn.spherical_waves))


def _palette(rng: Rng) -> Mapping[str, tuple[float, ...]]:
    """The stain vectors, or (half of the stacks) others of the same strength: no colour means a nucleus everywhere."""
    if rng.uniform() < 0.5:
        return STAINS
    return {stain: tuple(rng.dirichlet((4, 4, 4)) * sum(vector)) for stain, vector in STAINS.items()}


def _mixture(rng: Rng) -> tuple[tuple[float, ...], ...] | None:
    """Other colours for an image (half of the stacks): each a mixture of its three, some stronger, some weaker."""
    if rng.uniform() < 0.5:
        return None
    rows = rng.dirichlet((0.8, 0.8, 0.8), 3) * rng.lognormal(0, 0.3, (3, 1))
    return tuple(tuple(float(share) for share in row) for row in rows)


def _stains(
    slide: Rng,
    strength: dict[str, float],
    tint: np.ndarray,
    jitter: float,
    base: Mapping[str, tuple[float, ...]] = STAINS,
) -> dict[str, tuple[float, float, float]]:
    return {
        stain: tuple(float(v) for v in np.asarray(base[stain]) * strength[stain] * tint * slide.lognormal(0, jitter, 3))  # type: ignore[misc]
        for stain in strength
    }


def _tissue(rng: Rng, slide: Rng) -> Tissue:
    """One draw for all splits: a slide has its own character, a field its own composition."""
    return Tissue(
        dense=float(rng.choice([rng.uniform(0.1, 0.5), rng.uniform(0.5, 1.0)])),
        gaps=float(rng.choice([0.0, rng.uniform(0.02, 0.12), rng.uniform(0.1, 0.35)], p=(0.25, 0.5, 0.25))),
        eosin=float(slide.uniform(0.35, 0.75)),
        pale=float(rng.uniform(0.2, 0.8)),
        grain=float(rng.uniform(0.12, 0.4)),
        fibre=float(rng.uniform(0.08, 0.4)),
        fibre_width_px=float(rng.uniform(1.5, 5.0)),
        nuclei=float(rng.lognormal(0.0, 0.6)),
        nucleus_px=float(slide.uniform(5.5, 9.5)),
        elongation=float(rng.uniform(1.1, 2.8)),
        haematoxylin=float(slide.uniform(0.5, 0.95)),
        vesicular=float(rng.uniform(0.0, 0.8)),
        crowding=float(rng.uniform(0.1, 1.0)),
        red_cells=float(rng.choice([0.02, rng.uniform(0.05, 0.6)])),
        haze=float(rng.uniform(0.06, 0.25)),
    )
