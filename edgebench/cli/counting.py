"""A bar for work of which the number of steps is known; drawn only between steps, which may silence the output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Gives a function of steps done, steps in all, and the name of the step that begins."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    from edgebench.cli import screen

    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn())
    with screen.bars(*columns, refresh=False) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, of: int, name: str) -> None:
            bar.update(task, completed=done, total=of, description=f"{what}: {name}" if name else what)
            bar.refresh()

        yield show
