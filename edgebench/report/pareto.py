"""The picture of a search: what quantisation adds to the error against latency, the size of each point its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgebench.files import whole

Point = tuple[float, int, float, bool]  # error added (um), bytes, ms, within the margin


def draw(path: Path, points: Sequence[Point], plain: tuple[int, float], margin_um: float, where: str) -> None:
    """PNG or SVG by the suffix; plain: bytes and ms of float32, which adds nothing."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 4.2), layout="constrained")
    largest = max([plain[0], *(point[1] for point in points)])
    for within, marker, face in ((True, "o", "#0072b2"), (False, "X", "#d55e00")):
        some = [point for point in points if point[3] == within]
        if some:
            label = "within the margin" if within else "not shown to be"
            axes.scatter(
                [point[2] for point in some],
                [point[0] for point in some],
                s=[30 + 220 * point[1] / largest for point in some],
                marker=marker,
                facecolor=face,
                edgecolor="black",
                linewidth=0.6,
                alpha=0.85,
                label=label,
            )
    axes.scatter([plain[1]], [0], s=30 + 220 * plain[0] / largest, marker="s", color="0.4", label="float32")
    axes.axhline(margin_um, color="black", linewidth=0.8, linestyle="--")
    axes.annotate(
        f"margin {margin_um:g} um", (0.99, margin_um), xycoords=("axes fraction", "data"), ha="right", va="bottom"
    )
    axes.set_yscale("symlog", linthresh=margin_um)  # what counts lies about the margin, and a failure is 200 times it
    added = [margin_um, *(point[0] for point in points)]
    axes.set_ylim(min(0, *added) - margin_um, 2 * max(added))
    axes.yaxis.set_major_formatter(lambda value, place: f"{value:g}")
    axes.set_xlabel("ms for 8 patches, one thread (a look, not a record)")
    axes.set_ylabel("added to the error of an image, um")
    axes.set_title(where, fontsize=9)
    axes.legend(fontsize=8, title="area: bytes", title_fontsize=8, markerscale=0.6)
    with whole(path) as writing:
        figure.savefig(
            writing,
            format=path.suffix[1:] or "png",
            dpi=150,
            metadata={"Date": None} if path.suffix == ".svg" else None,
        )
    pyplot.close(figure)
