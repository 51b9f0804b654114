"""A folder to build in: it has a temporary name, vanishes unless it is renamed, and so do those of killed processes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """An empty folder beside `target`; rename it, or files in it, when they are whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*.tmp"):
        pid = left.name.split(".")[-2]
        if not Path(f"/proc/{pid}").exists() or pid == str(os.getpid()):
            shutil.rmtree(left, ignore_errors=True)
    building = target.parent / f".{target.name}.{os.getpid()}.tmp"
    building.mkdir()
    try:
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)
