"""edgebench evaluate --method: classical autofocus on a data set, its record, its report and its two figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import typer

Progress = Callable[[str, int, int], None]  # split, stacks done, stacks in all


def classical(
    root: Path, splits: Sequence[str], results: Path, methods: Sequence[str], progress: Progress, *, force: bool = False
) -> None:
    """Evaluate, then write results/reports/classical.md (of all such records there), figure-1.png and figure-2.png.

    splits: none for every test split there is. Raises UsageError for an unknown method or split.
    """
    from edgebench.evaluation import classical as evaluation
    from edgebench.records import classical as records
    from edgebench.records import classical_summary
    from edgebench.report import classical as report
    from edgebench.report import figures, write

    record = evaluation.evaluate(root, splits, results, methods, progress, force=force)
    page = write.classical(results, results / "reports")
    scenes = {"figure-1.png": classical_summary.typical(record), "figure-2.png": classical_summary.misleading(record)}
    for name, scene in scenes.items():
        title, note = report.caption(record, scene)
        figures.draw(page.with_name(name), scene, evaluation.thumbnails(root, scene), title=title, note=note)
    typer.echo(f"{records.path_of(results, record['set'])}: {len(record['stacks'])} stacks")
    typer.echo(f"{page}, {', '.join(scenes)}: written")
