"""One session at a time on a device and a results folder: two would share journals, and disturb each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgebench.errors import UsageError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The folder of the device's records, locked until the block ends, or the process does.

    UsageError at once where another session holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(f"another session measures into {folder}. Wait for its end, or stop it.") from None
    else:
        yield
    finally:
        os.close(descriptor)
