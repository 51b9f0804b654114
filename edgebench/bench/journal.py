"""What a session has measured so far, process by process: a killed one goes on after the last finished process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgebench.errors import RecordError


@dataclass(frozen=True)
class Finished:
    """One process of a cell: its events by their names, and the device before and after it."""

    phase: str
    place: int  # in the session, from 1
    started: str  # UTC
    seconds: float
    before: dict[str, Any]
    after: dict[str, Any]
    events: dict[str, list[dict[str, Any]]]


class Journal:
    """results/unfinished/<device>/<id>.jsonl: one line a process; gone as soon as the record is written."""

    def __init__(self, results: Path, device: str, id: str) -> None:
        self.path = results / "unfinished" / device / f"{id}.jsonl"

    def read(self) -> dict[str, Finished]:
        """Finished processes by their phases; a line that a kill cut short is none."""
        return {one.phase: one for one in self._lines()}

    def append(self, one: Finished) -> None:
        """Written to the disk before it returns. RecordError where that fails."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            whole = self.path.is_file() and self.path.read_bytes()[-1:] not in (b"", b"\n")
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n" * whole + json.dumps(asdict(one), allow_nan=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except (OSError, ValueError) as error:
            raise RecordError(f"{self.path}: cannot be written ({error}). Make room, or check the folder.") from error

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        for folder in (self.path.parent, self.path.parent.parent):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _lines(self) -> Iterator[Finished]:
        if not self.path.is_file():
            return
        for line in self.path.read_bytes().split(b"\n"):
            try:
                yield Finished(**json.loads(line))
            except (ValueError, TypeError):
                continue
