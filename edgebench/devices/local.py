"""This machine: the runner is a fresh child process of the same Python; the parent sleeps until a line comes."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Timer
from typing import IO, Optional, Union

import edgebench
from edgebench.devices import limits
from edgebench.devices.base import Asked, Device, Event, event
from edgebench.errors import DeviceError
from edgebench.runner import state
from edgebench.types import RunSpec

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Killed(DeviceError):
    """A runner that SIGKILL ended, as the kernel does where memory is out."""


class Local:
    emulated = False

    def __init__(self, name: str = "local", python: str = "", prefix: Sequence[str] = ()) -> None:
        """python: another interpreter that the runner runs in, which need not have edgebench. prefix: a command that
        starts it, such as `nice -n 10`; it must pass on standard input and output, and see the same paths."""
        self.name = name
        self._prefix = tuple(prefix)
        self._other = shutil.which(python) if python else None
        if python and self._other is None:
            raise DeviceError(f"device {name!r}: no Python {python!r} here. Name one with --python.")
        if self._other:
            self._code = tempfile.TemporaryDirectory(prefix="edgebench-")  # the package alone, not what lies beside it
            Path(self._code.name, "edgebench").symlink_to(Path(edgebench.__file__).parent)
        self._limits: Union[limits.Limiter, str, None] = None  # the last: not looked for yet

    @property
    def limiter(self) -> str:
        return "" if isinstance(self._limits, (str, type(None))) else self._limits.name

    def no_limits(self) -> Optional[str]:
        if self._limits is None:
            self._limits = limits.find()
        return self._limits if isinstance(self._limits, str) else None

    def survives(self, spec: RunSpec, limit_bytes: int, patience_s: float) -> bool:
        reason = self.no_limits()
        if reason is not None or self._limits is None or isinstance(self._limits, str):
            raise DeviceError(f"device {self.name!r}: memory cannot be limited ({reason}). Leave out --memory-limit.")
        with self._limits.limited(limit_bytes) as prefix:
            try:
                for _ in self._events([], _json(spec), last="done", prefix=prefix, patience_s=patience_s):
                    pass
            except Killed:
                return False
        return True

    def run(self, spec: RunSpec) -> Iterator[Event]:
        return self._events([], _json(spec), last="done")

    def host(self) -> Event:
        (found,) = self._events(["--host"], "", last="host")
        return found

    def state(self) -> dict[str, object]:
        return state.now()

    def shell(self, script: str) -> str:
        done = subprocess.run(["sh", "-s"], input=script, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]
            raise DeviceError(f"device {self.name!r}: {said}.")
        return done.stdout

    @property
    def python(self) -> str:
        """That runs the runner."""
        return self._other or sys.executable

    def _python(self) -> list[str]:
        """The command that is Python."""
        return [*self._prefix, self.python]

    def _environment(self) -> Optional[dict[str, str]]:
        """None: that of this process."""
        return {**os.environ, "PYTHONPATH": self._code.name} if self._other else None

    def _events(
        self, options: list[str], text: str, *, last: str, prefix: Sequence[str] = (), patience_s: float = 0
    ) -> Iterator[Event]:
        """patience_s: after so long the runner is killed; 0: never, and no thread waits for it."""
        with (
            tempfile.TemporaryFile() as errors,  # a pipe that nobody reads would block the runner
            subprocess.Popen(
                [*prefix, *self._python(), "-m", "edgebench.runner", *options],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                preexec_fn=_end_with_parent,
            ) as process,
        ):
            clock = Timer(patience_s, process.kill) if patience_s else None
            try:
                if clock:
                    clock.start()
                yield from self._talk(process, text, errors, last)
            finally:
                if clock:
                    clock.cancel()
                process.kill()  # nothing where it has ended

    def _talk(self, process: subprocess.Popen[str], text: str, errors: IO[bytes], last: str) -> Iterator[Event]:
        if process.stdin is None or process.stdout is None:
            raise DeviceError(f"device {self.name!r}: the runner has no pipes.")
        try:
            process.stdin.write(text)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it died before it read: its status tells
        kind = None
        for line in process.stdout:
            found = event(self.name, line)
            kind = found["event"]
            yield found
        status = process.wait()
        if status or kind != last:
            kind_of_error = Killed if status == -signal.SIGKILL else DeviceError
            raise kind_of_error(
                f"device {self.name!r}: the runner {_ended(status)} after {kind or 'no'} event. "
                f"Its last words: {_last_line(errors)}"
            )


def _json(spec: RunSpec) -> str:
    return json.dumps(dataclasses.asdict(spec))


def _end_with_parent() -> None:
    """A runner whose session was killed would disturb the next one."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    hint = " (out of memory?)" if -status == signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-status).name}{hint}"


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = [line.strip() for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "none"


def connect(asked: Asked) -> Device:
    return Local(python=asked.python)
