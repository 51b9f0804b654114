"""Reports on disk: made from results/ alone, written whole, or compared with what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgebench.errors import ReportError
from edgebench.files import replace_text
from edgebench.records import classical as classical_records
from edgebench.records import evaluation, evaluation_summary, published, store
from edgebench.records.evaluation_summary import Evaluation
from edgebench.records.published import Published
from edgebench.records.summary import Summary, summarise
from edgebench.report import classical as classical_report
from edgebench.report import evaluated, plots
from edgebench.report import tables as tables_report
from edgebench.report.evaluated import View

PAPER = "rai-dastidar-2019"
TABLES, CLASSICAL = "tables-1-6.md", "classical.md"


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
    """Write tables-1-6.md with its figures, and classical.md if there is something for it to say; path of the first."""
    return evaluations(results, folder, tables=True)[0]


def classical(results: Path, folder: Path) -> Path:
    """Write classical.md alone; its figures need the images, so that only `edgebench evaluate --method` draws them."""
    path = folder / CLASSICAL
    write(path, _classical(results, read_evaluations(results)[1]))
    return path


def evaluations(results: Path, folder: Path, *, tables: bool = False) -> list[Path]:
    """Write every page on evaluations that is there, or that has something to say; tables: that one in any case."""
    view, texts = _pages(results, folder, tables)
    for path, text in texts.items():
        write(path, text)
    try:
        plots.draw(view, folder)
    except OSError as error:
        raise ReportError(f"{folder}: figures cannot be written ({error}). Name another folder with --out.") from error
    return list(texts)


def check_evaluations(results: Path, folder: Path) -> list[Path]:
    """Raise ReportError unless those pages say what the records do; figures need only be there."""
    view, texts = _pages(results, folder)
    for path, text in texts.items():
        check(path, text)
    for name in plots.names(view):
        if not (folder / name).is_file():
            raise ReportError(f"{folder / name}: missing. Make it with edgebench report.")
    return list(texts)


def _pages(results: Path, folder: Path, tables: bool = False) -> tuple[View, dict[Path, str]]:
    """What the figures are drawn of, and the text of each page; no evaluation is read where there is no page."""
    tables = tables or (folder / TABLES).is_file() or bool(evaluation.paths(results))
    classical = (folder / CLASSICAL).is_file() or bool(classical_records.paths(results))
    if not (tables or classical):
        return evaluated.view(()), {}
    paper, found = read_evaluations(results)
    texts = {folder / TABLES: tables_report.document(paper, found)} if tables else {}
    if classical:
        texts[folder / CLASSICAL] = _classical(results, found)
    return evaluated.view(found), texts


def _classical(results: Path, found: Sequence[Evaluation]) -> str:
    return classical_report.document(classical_records.load_all(results), found)


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
