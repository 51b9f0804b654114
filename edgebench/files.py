"""Files on the host: written whole or not at all, and known by their hash. Standard library only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, of the same suffix: renamed to it when the block ends well, else deleted."""
    writing = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield writing
        with writing.open("rb") as file:
            os.fsync(file.fileno())  # else a power cut on a board may leave the new name with nothing in it
        writing.replace(path)
    finally:
        writing.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Raises OSError."""
    with whole(path) as writing:
        writing.write_text(text, encoding="utf-8")


def sha256_of_sources(package: Path, paths: Iterable[Path]) -> str:
    """One hash of files below a package, in this order, with their names."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
