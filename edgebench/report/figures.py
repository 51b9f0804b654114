"""The paper's Figures 1 and 2 for our stacks: figures of merit along a stack, with images of some of its planes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import numpy as np

from edgebench.errors import ReportError
from edgebench.files import whole
from edgebench.records.classical_summary import Scene

SIZE_IN, DPI = (9.0, 7.0), 130
NOTE_WIDTH = 140  # characters in a line of the note
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#555555", "#e69f00", "#56b4e9")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))


def draw(path: Path, scene: Scene, thumbnails: Sequence[np.ndarray], *, title: str, note: str) -> None:
    """Write a PNG: every curve scaled from its lowest to its highest value, the images below at their distances D.

    thumbnails: (H, W, 3) uint8 RGB, one for each of scene.planes. The same input gives the same bytes: no date, no
    version. Raises ReportError where it cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    z_um = np.asarray(scene.stack["z_um"])
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9, "axes.spines.top": False}):
        page = pyplot.figure(figsize=SIZE_IN, dpi=DPI, facecolor="white")
        grid = page.add_gridspec(
            2, 1, height_ratios=(1.7, 1), left=0.07, right=0.98, top=0.92, bottom=0.06, hspace=0.27
        )
        axes = page.add_subplot(grid[0])
        axes.axvline(0, color="#bbbbbb", linewidth=0.8)
        for number, (name, curve) in enumerate(scene.stack["curves"].items()):
            style = {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number % len(DASHES)]}
            width = 2.2 if name == scene.measure else 1.5
            axes.plot(z_um, _scaled(curve), label=name.replace("-", " "), linewidth=width, **style)
        for number, plane in enumerate(scene.planes):
            axes.axvline(z_um[plane], color="black", linewidth=0.6, linestyle=(0, (1, 3)))
            axes.annotate(_letter(number), (z_um[plane], 1.06), ha="center", va="bottom", annotation_clip=False)
        axes.set(xlabel="distance D to best focus, um", ylabel="figure of merit, scaled", ylim=(-0.04, 1.06))
        axes.set_xlim(float(z_um[0]), float(z_um[-1]))
        axes.spines["right"].set_visible(False)
        axes.legend(facecolor="white", edgecolor="none", framealpha=1, loc="upper left", borderpad=0.2)
        page.suptitle(title, x=0.07, y=0.985, ha="left", fontsize=11)
        page.text(0.07, 0.008, fill(note, NOTE_WIDTH), fontsize=8, color="#555555", va="bottom", linespacing=1.1)
        below = grid[1].subgridspec(1, len(thumbnails), wspace=0.05)
        for number, (plane, image) in enumerate(zip(scene.planes, thumbnails)):
            panel = page.add_subplot(below[number])
            panel.imshow(image, interpolation="antialiased")
            panel.set_title(f"{_letter(number)}   D = {z_um[plane]:+.2f} um", fontsize=9)
            panel.axis("off")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as writing:
                page.savefig(writing, metadata={"Software": None})
        except OSError as error:
            raise ReportError(f"{path}: cannot be written ({error.strerror}). Name another --results.") from error
        finally:
            pyplot.close(page)


def _scaled(curve: Sequence[float]) -> np.ndarray:
    values = np.asarray(curve, float)
    span = float(np.ptp(values))
    return (values - values.min()) / span if span > 0 else np.zeros_like(values)


def _letter(number: int) -> str:
    return chr(ord("a") + number)
