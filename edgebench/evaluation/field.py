"""One field of view: from two images to the move that focuses it, as a microscope's software would ask.

The label is the defocus of the upper image: +3 um means that the stage stands 3 um above focus (paper, 3.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgebench.backends import base as backends
from edgebench.backends.base import Backend
from edgebench.errors import DatasetError, ModelError
from edgebench.evaluation import subjects
from edgebench.evaluation.subjects import Subject
from edgebench.focus import aggregate, preprocess
from edgebench.focus.images import read_image
from edgebench.models import store
from edgebench.models.quiet import quiet

PREFERRED = "tflite-float32.tflite"  # of a model's folder: a small runtime, and the same answers
RANGE_UM = 10.5  # the published stacks and their tests end within +- this
APART_UM = 1.0  # weighted and plain median further apart than this contradict each other
FEW = 0.25  # of the tiles: fewer with contrast are too few to trust


@dataclass(frozen=True)
class Answer:
    """What the tiles say together; distances in um, positive where the upper image lies above focus."""

    z_um: float  # median weighted by contrast
    median_um: float
    spread_um: float | None  # of the tiles about z_um: weighted median absolute deviation; None: fewer than two count
    tiles: int
    tiles_with_contrast: int
    warnings: tuple[str, ...]

    @property
    def direction(self) -> str:
        """Where the stage must go from the upper image: "down", "up", or "none" within 5 nm."""
        return "none" if abs(self.z_um) < 0.005 else "down" if self.z_um > 0 else "up"


def find(model: str, models: Path) -> Subject:
    """The model, as subjects.find; of a folder its float32 LiteRT artifact, where there is one."""
    found = subjects.find(model, models)
    artifact = found.path.with_name(PREFERRED)
    if found.path.name == store.MODEL and artifact.is_file() and Path(model).name != store.MODEL:
        return subjects.find(str(artifact), models)
    return found


def predict(subject: Subject, lower: Path, upper: Path) -> Answer:
    """Read both images, ask the model about every tile of 224 px, and take the contrast-weighted median.

    Raises DatasetError for images that cannot be read, differ in size or are the same; ModelError for an answer that is
    not a finite number.
    """
    below, above = read_image(lower), read_image(upper)
    if below.shape != above.shape:
        sizes = " and ".join(f"{image.shape[1]}x{image.shape[0]}" for image in (below, above))
        raise DatasetError(f"{lower} and {upper} differ in size: {sizes} px. Give two images of one field.")
    if np.array_equal(below, above):
        raise DatasetError(f"{lower} and {upper} hold the same pixels. Give two images taken 2 um apart.")
    kind = subject.model["kind"]
    tiles = {kind: preprocess.pair_tiles(below, above, kind) for kind in {"difference", kind}}
    patches = preprocess.model_input(tiles[kind], subject.model["input_size"])
    with quiet():  # standard error is for our warnings
        backend: Backend = backends.load(subject.backend)(subject.path, batch_size=len(patches), threads=1)
        answers = np.array(backend.predict(patches), np.float64)
    if not np.isfinite(answers).all():
        raise ModelError(f"{subject.path}: answers {answers[~np.isfinite(answers)][0]} to a tile. Train it again.")
    return judge(answers, aggregate.contrast(tiles["difference"]))


def judge(patches_um: np.ndarray, contrast: np.ndarray) -> Answer:
    """From the answers and the contrast (grey values) of the tiles, (N,) each, to one answer with its warnings."""
    z_um, median_um = aggregate.weighted_value(patches_um, contrast), aggregate.image_value(patches_um)
    full = int(np.count_nonzero(contrast > aggregate.HALF_CONTRAST))
    spread_um = aggregate.weighted_value(np.abs(patches_um - z_um), contrast) if full > 1 else None
    return Answer(z_um, median_um, spread_um, len(patches_um), full, tuple(_warnings(z_um, median_um, full, contrast)))


def _warnings(z_um: float, median_um: float, full: int, contrast: np.ndarray) -> list[str]:
    found = []
    least = f"more than {aggregate.HALF_CONTRAST:g} grey values"
    if not full:
        found.append(
            f"no tile of {len(contrast)} has contrast ({least}; the best has {contrast.max():.1f}): the field is "
            "empty or far from focus. Do not trust the distance."
        )
    elif full < FEW * len(contrast):
        found.append(
            f"only {full} of {len(contrast)} tiles have contrast ({least}): the field is nearly empty or "
            "far from focus."
        )
    if abs(z_um - median_um) > APART_UM:
        found.append(
            f"the tiles disagree: {z_um:+.2f} um weighted by contrast, {median_um:+.2f} um as the plain median."
        )
    if abs(z_um) > RANGE_UM:
        found.append(f"{z_um:+.2f} um lies outside the range that was tested, +-{RANGE_UM:g} um. Move, and ask again.")
    return found
