"""Reports on disk: made from results/ alone, written whole, or compared with what stands there."""

from __future__ import annotations

from pathlib import Path

from edgebench.errors import ReportError
from edgebench.files import replace_text
from edgebench.records import evaluation, evaluation_summary, published, store
from edgebench.records.evaluation_summary import Evaluation
from edgebench.records.published import Published
from edgebench.records.summary import Summary, summarise

PAPER = "rai-dastidar-2019"
TABLES = "tables-1-6.md"


def read(results: Path) -> tuple[Published, tuple[Summary, ...]]:
    """All that a report is made of; raises RecordError for a damaged file, ReportError for no folder."""
    if not results.is_dir():
        raise ReportError(f"{results}: no such folder. Name the one that `edgebench run` wrote to with --results.")
    paper = published.load(published.find(PAPER, results))
    return paper, tuple(summarise(record) for record in store.load_all(results))


def read_evaluations(results: Path) -> tuple[Published, tuple[Evaluation, ...]]:
    """The same for the report on Tables 1 to 6; without an evaluation it is made all the same."""
    paper = published.load(published.find(PAPER, results))
    return paper, tuple(evaluation_summary.summarise(record) for record in evaluation.load_each(results))


def tables(results: Path, folder: Path) -> Path:
    """Write tables-1-6.md and its figures; returns its path."""
    from edgebench.report import evaluated, plots
    from edgebench.report.tables import document

    paper, evaluations = read_evaluations(results)
    path = folder / TABLES
    write(path, document(paper, evaluations))
    try:
        plots.draw(evaluated.view(evaluations), folder)
    except OSError as error:
        raise ReportError(f"{folder}: figures cannot be written ({error}). Name another folder with --out.") from error
    return path


def check_tables(results: Path, folder: Path) -> Path:
    """Raise ReportError unless tables-1-6.md says what the evaluations do; figures need only be there."""
    from edgebench.report import evaluated, plots
    from edgebench.report.tables import document

    paper, evaluations = read_evaluations(results)
    path = folder / TABLES
    check(path, document(paper, evaluations))
    for name in plots.names(evaluated.view(evaluations)):
        if not (folder / name).is_file():
            raise ReportError(f"{folder / name}: missing. Make it with edgebench report.")
    return path


def has_tables(results: Path, folder: Path) -> bool:
    """Whether the report on Tables 1 to 6 is there, or something for it to say."""
    return (folder / TABLES).is_file() or bool(evaluation.paths(results))


def write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written ({error.strerror}). Name another folder with --out.") from error


def check(path: Path, text: str) -> None:
    """Raise ReportError unless the file holds exactly this text."""
    try:
        found = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ReportError(f"{path}: missing. Make it with edgebench report.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: cannot be read ({error}). Make it again with edgebench report.") from error
    if found == text:
        return
    old, new = found.splitlines(), text.splitlines()
    line = next((n for n, (a, b) in enumerate(zip(old, new), 1) if a != b), min(len(old), len(new)) + 1)
    raise ReportError(
        f"{path}: out of date from line {line} on, the records say something else. Make it again with edgebench report."
    )
