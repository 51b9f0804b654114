"""Parts of pages that people write, such as README.md, which `edgebench report` writes again from the records.

A region stands between `<!-- edgebench:region NAME -->` and `<!-- /edgebench:region -->`, each on a line of its own;
what is around it is never touched, and marks within a code block are text like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from edgebench.errors import ReportError
from edgebench.files import replace_text

_BEGIN = re.compile(r"\s*<!-- edgebench:region ([a-z0-9-]+) -->\s*")
_END = re.compile(r"\s*<!-- /edgebench:region -->\s*")
_FENCE = re.compile(r"\s*(```|~~~)")


def pages(folder: Path) -> list[Path]:
    """README.md and docs/*.md of a folder, those that have a region."""
    files = [folder / "README.md", *sorted((folder / "docs").glob("*.md"))]
    return [file for file in files if file.is_file() and any(_names(_read(file), file))]


def update(files: Iterable[Path], blocks: Mapping[str, str]) -> list[Path]:
    """Put each region's block in its place; the files that were changed. Nothing is written if one has an error."""
    made = {file: (_read(file), filled(_read(file), blocks, file)) for file in files}
    changed = [file for file, (old, new) in made.items() if old != new]
    for file in changed:
        replace_text(file, made[file][1])
    return changed


def check(files: Iterable[Path], blocks: Mapping[str, str]) -> list[Path]:
    """The files, each as the blocks say; ReportError for one that is out of date."""
    checked = list(files)
    for file in checked:
        old, new = _read(file), filled(_read(file), blocks, file)
        if old != new:
            pairs = enumerate(zip(old.splitlines(), new.splitlines()), 1)
            line = next((number for number, (a, b) in pairs if a != b), 1)
            raise ReportError(
                f"{file}: a region is out of date from line {line} on, the records say something else. "
                "Make it again with edgebench report."
            )
    return checked


def filled(text: str, blocks: Mapping[str, str], file: Path) -> str:
    """The text with every region's block; ReportError for a region that has none, or that does not end."""
    out: list[str] = []
    inside = ""
    for line, name, ends in _marks(text, file):
        if name:
            if name not in blocks:
                raise ReportError(f"{file}: no region {name!r} is known. Regions: {', '.join(sorted(blocks))}.")
            out += [line, "", *blocks[name].strip("\n").splitlines(), ""]
            inside = name
        elif ends:
            out.append(line)
            inside = ""
        elif not inside:
            out.append(line)
    return "\n".join(out) + ("\n" if text.endswith("\n") else "")


def _marks(text: str, file: Path) -> Iterator[tuple[str, str, bool]]:
    """Each line, the name of the region that begins with it, and whether it ends one."""
    inside, fenced = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and not inside and fenced in ("", fence[1]):
            fenced = "" if fenced else fence[1]
        begins, ends = _BEGIN.fullmatch(line), _END.fullmatch(line)
        if fenced:
            yield line, "", False
            continue
        if (begins and inside) or (ends and not inside):
            wrong = f"begins inside region {inside!r}" if begins else "ends, but none has begun"
            raise ReportError(f"{file}: line {number}: a region {wrong}. Correct the marks.")
        inside = begins[1] if begins else "" if ends else inside
        yield line, begins[1] if begins else "", bool(ends)
    if inside:
        raise ReportError(f"{file}: region {inside!r} does not end. Add <!-- /edgebench:region -->.")


def _names(text: str, file: Path) -> Iterator[str]:
    return (name for _, name, _ in _marks(text, file) if name)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"{file}: cannot be read ({error}). Its regions are made by edgebench report.") from error
