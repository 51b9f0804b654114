"""Limits of memory that the kernel keeps: memory.max of a control group (cgroup v2), with no swap.

RLIMIT_AS is no substitute: it limits addresses, of which a runtime reserves far more than it ever touches.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Optional, Protocol, Union

_PROBE_BYTES = 128 * 2**20
_ENTER = 'echo $$ > "$0" && exec "$@"'  # a shell that moves itself into a group, and becomes the command
_READ_BACK = """
import sys
path = next(line.rstrip("\\n").split(":", 2)[2] for line in open("/proc/self/cgroup") if line.startswith("0::"))
for name in ("memory.max", "memory.swap.max"):
    try:
        print(open(sys.argv[1] + path + "/" + name).read().strip())
    except OSError:
        print("none")
"""
_count = itertools.count()


class Limiter(Protocol):
    name: str

    def limited(self, limit_bytes: int) -> AbstractContextManager[list[str]]:
        """What to put in front of a command, so that it and its children have so much memory."""


class Systemd:
    """A scope of systemd's, of the user's manager or, for root, of the system's."""

    def __init__(self) -> None:
        self._manager = [] if os.geteuid() == 0 else ["--user"]
        self.name = " ".join(["systemd-run", *self._manager, "--scope"])

    @contextmanager
    def limited(self, limit_bytes: int) -> Iterator[list[str]]:
        limits = ["-p", f"MemoryMax={limit_bytes}", "-p", "MemorySwapMax=0"]
        yield ["systemd-run", *self._manager, "--scope", "--quiet", "--collect", *limits, "--"]


class Folder:
    """A group below one that this user may write, made for the command and removed after it."""

    def __init__(self, parent: Path) -> None:
        self.name, self._parent = "cgroup memory.max", parent

    @contextmanager
    def limited(self, limit_bytes: int) -> Iterator[list[str]]:
        group = self._parent / f"edgebench-{os.getpid()}-{next(_count)}"
        group.mkdir()
        try:
            (group / "memory.max").write_text(str(limit_bytes))
            (group / "memory.swap.max").write_text("0")
            yield ["/bin/sh", "-c", _ENTER, str(group / "cgroup.procs")]
        finally:
            group.rmdir()


def find() -> Union[Limiter, str]:
    """A limiter whose limit was read back from inside, or the reason why there is none."""
    root = mount(Path("/proc/self/mounts").read_text())
    if root is None:
        return "no cgroup v2 is mounted here"
    if "memory" not in _words(root / "cgroup.controllers"):
        return "cgroup v2 does not have the memory controller here (it is off, or belongs to cgroup v1)"
    reasons = []
    parent = writable(root, Path("/proc/self/cgroup").read_text())
    for limiter in (Systemd() if shutil.which("systemd-run") else None, Folder(parent) if parent else None):
        if limiter is not None:
            wrong = fault(limiter, root)
            if wrong is None:
                return limiter
            reasons.append(f"{limiter.name}: {wrong}")
    return "; ".join(reasons) or "neither systemd-run nor a control group that this user may write"


def fault(limiter: Limiter, root: Path) -> Optional[str]:
    """Why the limiter does not limit, by what a command sees that runs in it; None where it does."""
    try:
        with limiter.limited(_PROBE_BYTES) as prefix:
            command = [*prefix, sys.executable, "-c", _READ_BACK, str(root)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return " ".join(str(error).split())
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    seen = done.stdout.split()
    return None if seen == [str(_PROBE_BYTES), "0"] else f"memory.max and memory.swap.max are {' and '.join(seen)}"


def mount(mounts: str) -> Optional[Path]:
    """Where cgroup v2 is mounted, from the lines of /proc/self/mounts."""
    found = [line.split() for line in mounts.splitlines()]
    return next((Path(fields[1]) for fields in found if len(fields) > 2 and fields[2] == "cgroup2"), None)


def writable(root: Path, own: str) -> Optional[Path]:
    """This process's group or the one above it, if groups that limit memory may be made there; `own` is the text of
    /proc/self/cgroup."""
    path = next((line.split(":", 2)[2] for line in own.splitlines() if line.startswith("0::")), None)
    if path is None:
        return None
    mine = root / path.lstrip("/")
    for parent in (mine, mine.parent) if mine != root else (root,):
        if "memory" in _words(parent / "cgroup.subtree_control") and os.access(parent, os.W_OK):
            return parent
    return None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
