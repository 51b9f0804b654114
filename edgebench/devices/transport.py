"""The user's own OpenSSH: its configuration, agent, jump hosts and known hosts; host keys are never switched off."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Union

from edgebench.errors import DeviceError

LOST = 255  # ssh's own status; any other is the command's
_TRIES = 6
_MARK = "edgebench-begins"  # what the shell prints at login stands before it


class Transport:
    """Commands and files to one host, over one connection that all share and that is made again where it drops."""

    def __init__(self, host: str) -> None:
        if host.startswith("-") or not host.strip():
            raise DeviceError(
                f"host {host!r}: no name of a host. Give user@board, or a name of your ssh configuration."
            )
        self.host = host
        self._folder = tempfile.TemporaryDirectory(prefix="edgebench-ssh-")
        share = ["-o", "ControlMaster=auto", "-o", f"ControlPath={self._folder.name}/%C", "-o", "ControlPersist=60"]
        alive = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5"]
        self._ssh = ["ssh", *alive, "-o", "ServerAliveCountMax=3", *share, host]

    def run(self, command: str, data: Union[bytes, IO[bytes], None] = None, *, check: bool = True) -> str:
        """Standard output of a shell command; again where the connection is lost, unless it was given data."""
        for attempt in range(_TRIES):
            done = self._once(command, data)
            if done.returncode != LOST or data is not None or attempt == _TRIES - 1 or not self._drops(done.stderr):
                break
            time.sleep(min(2**attempt, 10))
        if done.returncode == LOST:
            raise DeviceError(f"host {self.host!r}: {_last(done.stderr)}. Try `ssh {shlex.quote(self.host)} true`.")
        if check and done.returncode:
            raise DeviceError(f"host {self.host!r}: {_last(done.stderr) or f'status {done.returncode}'}.")
        return done.stdout.decode(errors="replace").rpartition(f"{_MARK}\n")[2]

    def _once(self, command: str, data: Union[bytes, IO[bytes], None]) -> subprocess.CompletedProcess[bytes]:
        try:
            if data is None or isinstance(data, bytes):
                return subprocess.run(self._words(command), input=data or b"", capture_output=True)
            return subprocess.run(self._words(command), stdin=data, capture_output=True)
        except FileNotFoundError as error:
            raise DeviceError("no ssh here. Install the OpenSSH client.") from error

    def _words(self, command: str) -> list[str]:
        return [*self._ssh, f"echo {_MARK}; {command}"]

    @staticmethod
    def _drops(said: bytes) -> bool:
        """Whether it is worth another try: a connection that was there, or may come."""
        words = said.decode(errors="replace").lower()
        return not any(word in words for word in ("denied", "verification failed", "could not resolve", "no route"))

    def follow(self, command: str) -> Iterator[bytes]:
        """Complete lines of a command as they come; ends where it ends, or where the connection drops."""
        with subprocess.Popen(
            self._words(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield from (line for line in _answer(process.stdout or ()) if line.endswith(b"\n"))
            finally:
                process.kill()

    def opened(self, command: str) -> tuple[subprocess.Popen[bytes], str]:
        """A command that goes on until its standard input is closed, and the first line that it writes."""
        process = subprocess.Popen(
            self._words(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # what the terminal sends to this process is not for it
        )
        for line in _answer(process.stdout or ()):
            return process, line.decode(errors="replace").strip()
        _, said = process.communicate()
        raise DeviceError(f"host {self.host!r}: {_last(said) or 'lost'}. Try `ssh {shlex.quote(self.host)} true`.")

    def put(self, local: Path, remote: str) -> int:
        """Send what is missing of a file, and give the bytes sent: 0 where it is there. `remote` is a path below home.

        A dropped upload goes on where it stopped; it takes its name only with the right hash.
        """
        wanted = sha256(local)
        name, part = shlex.quote(remote), shlex.quote(f"{remote}.part")
        if self.run(f"sha256sum {name} 2>/dev/null | cut -c1-64", check=False).strip() == wanted:
            return 0
        self.run(f"mkdir -p {shlex.quote(str(Path(remote).parent))}")
        for _ in range(_TRIES):
            there = int(self.run(f"wc -c < {part} 2>/dev/null || echo 0").strip() or 0)
            size = local.stat().st_size
            if there > size:
                self.run(f"rm -f {part}")
                there = 0
            with local.open("rb") as opened:
                opened.seek(there)
                try:
                    self.run(f"cat >> {part}", opened)
                except DeviceError as error:
                    if "No space left" in str(error):
                        self.run(f"rm -f {part}")
                        raise
                    continue
            if self.run(f"sha256sum {part} | cut -c1-64").strip() == wanted:
                self.run(f"mv -f {part} {name}")
                return size - there
            self.run(f"rm -f {part}")
        raise DeviceError(f"host {self.host!r}: {local.name} does not arrive whole. Check the connection and the disk.")


def sha256(path: Path) -> str:
    """In hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _answer(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Those of the command itself."""
    mark, found = f"{_MARK}\n".encode(), iter(lines)
    if any(line.endswith(mark) for line in found):
        yield from found


def _last(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else ""
