"""What every command prints with: a table for eyes, whole lines for a pipe, one JSON document for a machine.

Results go to standard output, progress and remarks to standard error.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead, for machines.")]
GAP = "  "


def line(text: str) -> None:
    """A result, on a line of its own that nothing breaks."""
    typer.echo(text)


def say(text: str) -> None:
    """A remark on the way."""
    typer.echo(text, err=True)


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[int] = (),
    whole: Collection[int] = (0,),
    title: str = "",
) -> None:
    """Fitted to a terminal, whose narrow columns may break lines (not those in `whole`); in a pipe one line a row.

    right: numbers of the columns set to the right. A line feed in a cell is a space in a pipe.
    """
    given = [tuple(row) for row in rows]
    if not sys.stdout.isatty():
        for text in [title] * bool(title) + plain_table(headers, given, right):
            typer.echo(text)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), title=title or None, title_justify="left")
    for number, header in enumerate(headers):
        justify, no_wrap = "right" if number in right else "left", number in whole
        shown.add_column(Text(header), justify=justify, no_wrap=no_wrap, overflow="fold")  # type: ignore[arg-type]
    for row in given:
        shown.add_row(*map(Text, row))  # a name in brackets is no markup
    Console().print(shown)


def plain_table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Columns apart by two spaces or more, as wide as they need."""
    cells = [[_in_one_line(cell) for cell in row] for row in ([headers] if any(headers) else []) + list(rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]

    def fitted(row: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths))
        ]
        return GAP.join(parts).rstrip()

    return [fitted(row) for row in cells]


def _in_one_line(cell: str) -> str:
    return cell.replace("/\n", "/").replace("\n", " ")


def document(found: object) -> None:
    """The one JSON document of a command."""
    typer.echo(json.dumps(plain(found), indent=1, ensure_ascii=False, allow_nan=False))


def plain(value: object) -> Any:
    """As JSON has it: a dataclass is an object without its hidden fields, what is no finite number is null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value) if one.repr}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(one) for one in value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Enum):
        return plain(value.value)
    if hasattr(value, "tolist"):  # of numpy
        return plain(value.tolist())
    return value


def bars(*columns: ProgressColumn, refresh: bool = True) -> Progress:
    """Bars on standard error, gone when they are done; none where it is no terminal.

    refresh: drawn by a thread of their own; False: only when told to, so that nothing disturbs a measurement.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(
        *columns,
        console=console,
        transient=True,
        auto_refresh=refresh,
        disable=not sys.stderr.isatty(),
        redirect_stdout=sys.stdout.isatty(),  # else a result would go to the terminal, not to the file
    )
