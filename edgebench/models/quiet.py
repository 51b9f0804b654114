"""Libraries that talk on standard output and error, silenced; what they said is kept for the case of a failure."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from edgebench.errors import ConversionError


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Redirect file descriptors 1 and 2, since the talk is C++'s too; afterwards the list holds the lines."""
    said: list[str] = []
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        kept = [os.dup(1), os.dup(2)]
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for to, copy in zip((1, 2), kept):
                os.dup2(copy, to)
                os.close(copy)
            file.seek(0)
            said += file.read().decode(errors="replace").splitlines()


@contextmanager
def told(what: str) -> Iterator[None]:
    """Silenced; a failure of the libraries inside is a ConversionError with the last line that they gave."""
    said: list[str] = []
    try:
        with quiet() as said:
            yield
    except (
        RuntimeError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        AssertionError,
        NotImplementedError,
        ImportError,
    ) as error:
        lines = [line.strip() for line in [*said, *str(error).splitlines()] if line.strip()]
        reason = lines[-1] if lines else type(error).__name__
        raise ConversionError(f"{what}: the converter failed ({reason}). See --debug.") from error


def import_tensorflow() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with quiet():
        import tensorflow  # noqa: F401
