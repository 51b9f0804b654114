"""Reports on disk: made from results/ alone, written whole, or compared with what stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgebench.errors import ReportError
from edgebench.files import replace_text
from edgebench.records import classical as classical_records
from edgebench.records import evaluation, evaluation_summary, published
from edgebench.records.evaluation_summary import Evaluation
from edgebench.report import build
from edgebench.report import classical as classical_report
from edgebench.report import tables as tables_report
from edgebench.report.document import Document
from edgebench.report.formats import markdown
from edgebench.report.material import PAPER

TABLES, CLASSICAL = "tables-1-6.md", "classical.md"


def tables(results: Path, folder: Path) -> Path:
    """Write tables-1-6.md with its figures, and classical.md if there is something for it to say; path of the first."""
    return evaluations(results, folder, tables=True)[0]


def classical(results: Path, folder: Path) -> Path:
    """Write classical.md alone; its figures need the images, so that only `edgebench evaluate --method` draws them."""
    records = classical_records.load_all(results)
    return write(folder / CLASSICAL, classical_report.document(records, _evaluations(results)))


def evaluations(
    results: Path, folder: Path, *, tables: bool = False, made: Sequence[Document] | None = None
) -> list[Path]:
    """Write every page on evaluations that is there, or that has something to say; tables: that one in any case.

    made: what `documents` gives, where that has been asked already; here and below.
    """
    if made is None:
        made = documents(results, folder, _evaluations(results), tables=tables)
    paths = [write(folder / f"{document.name}.md", markdown.render(document)) for document in made]
    for name, text in build.stills(made).items():
        write(folder / name, text)
    return paths


def check_evaluations(results: Path, folder: Path, made: Sequence[Document] | None = None) -> list[Path]:
    """Raise ReportError unless those pages say what the records do; figures need only be there."""
    made = documents(results, folder, _evaluations(results)) if made is None else made
    texts = {f"{one.name}.md": markdown.render(one) for one in made}
    return check_all(folder, texts, pictures=[markdown.file(one) for one in build.charts(made)])


def documents(results: Path, folder: Path, found: Sequence[Evaluation], *, tables: bool = False) -> list[Document]:
    """The pages on evaluations that are there, or that have something to say."""
    pages = []
    if tables or (folder / TABLES).is_file() or found:
        pages.append(tables_report.page(published.load(published.find(PAPER, results)), found))
    if (folder / CLASSICAL).is_file() or classical_records.paths(results):
        pages.append(classical_report.page(classical_records.load_all(results), found))
    return pages


def _evaluations(results: Path) -> tuple[Evaluation, ...]:
    return tuple(evaluation_summary.summarise(record) for record in evaluation.load_each(results))


def write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written ({error.strerror}). Name another folder with --out.") from error
    return path


def check_all(folder: Path, texts: Mapping[str, str], *, pictures: Sequence[str] = ()) -> list[Path]:
    """Check each file; of pictures, SVG among them, that they are there. Paths of the pages."""
    checked = []
    for name, text in texts.items():
        path = folder / name
        if name.endswith(".svg"):
            pictures = (*pictures, name)
        else:
            check(path, text)
            checked.append(path)
    for name in pictures:
        if not (folder / name).is_file():
            raise ReportError(f"{folder / name}: missing. Make it with edgebench report.")
    return checked


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
