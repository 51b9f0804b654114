"""A stack at a glance as PNG: planes (paper, Figure 1), difference images (Figure 4), network input (Figure 3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from edgebench.errors import DatasetError
from edgebench.files import whole
from edgebench.focus import preprocess
from edgebench.focus.images import read_image
from edgebench.types import FocalStack, Plane, PlanePair

WIDTH, MARGIN, GAP, CAPTION = 1600, 24, 12, 30  # px
PLANES_UM = (-9.0, -5.0, -2.0, 0.0, 2.0, 5.0, 9.0)
PAIRS_UM = (-2.5, 4.5)  # upper plane of the pair below and of the pair above focus (paper, Figure 4)
INK, FAINT, BACK, GREY = (30, 30, 30), (110, 110, 110), (250, 250, 250), 128
FONT = cv2.FONT_HERSHEY_SIMPLEX
INPUT_SIZE = 112
STRETCH = 3.0  # standard deviations from mid-grey to black or white

Panel = tuple[str, np.ndarray]
AtDistance = TypeVar("AtDistance", Plane, PlanePair)


def contact_sheet(stack: FocalStack, out: Path, *, title: str) -> None:
    """Write the sheet: every row fills its width, zero difference is mid-grey. Raises DatasetError.

    The planes and the tile rows show the tile with most detail; a training tile is a tile already.
    """
    planes = _nearest(stack.planes, PLANES_UM)
    pairs = _nearest(tuple(stack.pairs()), PAIRS_UM)
    images = {plane: read_image(plane.path) for plane in planes}
    images |= {plane: read_image(plane.path) for pair in pairs for plane in (pair.lower, pair.upper)}
    differences = [
        preprocess.difference(preprocess.smooth(images[pair.lower]), preprocess.smooth(images[pair.upper]))
        for pair in pairs
    ]
    detail = sum(np.std(preprocess.tiles(one), axis=(1, 2, 3)) for one in differences)
    at, count = int(np.argmax(detail)), np.size(detail)
    tile = f"tile {at + 1} of {count}" if count > 1 else "one tile"
    seen = [(f"{plane.z_um:+.2f} um", preprocess.tiles(images[plane])[at]) for plane in planes]
    rows = [_row(f"Planes by their distance to best focus ({tile})", seen)]
    if count > 1:
        for pair, difference in zip(pairs, differences):
            panels = _pair(pair, images[pair.lower], images[pair.upper], difference)
            rows.append(_row(f"Pair {_side(pair)} focus, whole field", panels))
    for pair, difference in zip(pairs, differences):
        lower, upper, one = (preprocess.tiles(x)[at] for x in (images[pair.lower], images[pair.upper], difference))
        given = preprocess.model_input(one[np.newaxis], INPUT_SIZE)[0]
        panels = [*_pair(pair, lower, upper, one), (f"Network input, {INPUT_SIZE} px, standardised", _shown(given))]
        rows.append(_row(f"Pair {_side(pair)} focus, {tile}; label {pair.z_um:+.2f} um", panels))
    _write(np.vstack([_text(title, 60, 0.85, INK), *rows]), out)


def _nearest(choices: Sequence[AtDistance], wanted_um: Sequence[float]) -> list[AtDistance]:
    """Those nearest to the wanted distances, each once."""
    nearest = [min((abs(one.z_um - z_um), i) for i, one in enumerate(choices))[1] for z_um in wanted_um]
    return [choices[i] for i in dict.fromkeys(nearest)]


def _side(pair: PlanePair) -> str:
    return "below" if pair.upper.z_nm <= 0 else "above" if pair.lower.z_nm >= 0 else "across"


def _pair(pair: PlanePair, lower: np.ndarray, upper: np.ndarray, difference: np.ndarray) -> list[Panel]:
    return [
        (f"I1 at {pair.lower.z_um:+.2f} um", lower),
        (f"I2 at {pair.upper.z_um:+.2f} um", upper),
        ("I2 - I1, stretched", _shown(difference)),
    ]


def _shown(signed: np.ndarray) -> np.ndarray:
    scale = GREY / (STRETCH * max(float(signed.std()), 1e-6))
    grey: np.ndarray = np.clip(GREY + scale * signed.astype(np.float32), 0, 255).astype(np.uint8)
    return grey


def _row(heading: str, panels: Sequence[Panel]) -> np.ndarray:
    """A heading, then the panels side by side over the sheet's width, each above its caption."""
    height, width = panels[0][1].shape[:2]
    across = (WIDTH - 2 * MARGIN - GAP * (len(panels) - 1)) // len(panels)
    down = round(across * height / width)
    row = np.full((down + CAPTION, WIDTH, 3), BACK, np.uint8)
    for i, (caption, image) in enumerate(panels):
        left = MARGIN + i * (across + GAP)
        how = cv2.INTER_AREA if image.shape[1] >= across else cv2.INTER_NEAREST
        row[:down, left : left + across] = cv2.resize(image, (across, down), interpolation=how)
        cv2.putText(row, caption, (left, down + 20), FONT, 0.5, FAINT, 1, cv2.LINE_AA)
    return np.vstack([_text(heading, 38, 0.6, INK), row])


def _text(words: str, height: int, size: float, ink: tuple[int, int, int]) -> np.ndarray:
    line = np.full((height, WIDTH, 3), BACK, np.uint8)
    cv2.putText(line, words, (MARGIN, height - 12), FONT, size, ink, 1, cv2.LINE_AA)
    return line


def _write(sheet: np.ndarray, out: Path) -> None:
    _, png = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    try:
        with whole(out) as writing:
            writing.write_bytes(png.tobytes())
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error.strerror}). Name another file with --out.") from error
