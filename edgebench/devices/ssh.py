"""Any 64-bit Linux board over SSH: it gets Python packages, runner, artifact and data, what it lacks of them, by hash.

Everything lies in ~/.cache/edgebench/board on it. A run is a job of its own there: a lost connection does not end it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import json
import re
import shlex
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import edgebench
from edgebench.devices.base import CODE, Event, event
from edgebench.devices.hold import END, Hold
from edgebench.devices.transport import Transport, sha256
from edgebench.emulation import wheels
from edgebench.errors import DeviceError
from edgebench.types import RunSpec

CACHE = ".cache/edgebench/board"  # below the home there; what lies beside it is of an edgebench that runs there
MACHINES = ("aarch64", "x86_64")
SKEW_S = 120
_SPARE_KB = 512 * 1024  # that must stay free, beside what is sent
_PROBE = Path(__file__).with_name("probe.sh")
_SUFFIXES = (".xml", ".bin")  # an artifact of two files
_START = """if mkdir started 2> /dev/null; then
    touch events; (setsid nohup sh -c SCRIPT > /dev/null 2>&1 < /dev/null &)
fi
turn=0
until test -s pid; do
    turn=$((turn + 1))
    test $turn -lt 600 || { echo 'the runner does not start' >&2; exit 1; }
    sleep 0.05
done"""  # in the folder of a job; once, though the command comes twice
_WAIT_S = (1, 2, 4, 8, 10, 10, 10)  # between tries to reach the board again


class Ssh:
    emulated = False

    def __init__(self, name: str, transport: Transport, python: str = "", tell: Any = lambda line: None) -> None:
        """Probe the board; DeviceError where it cannot run anything, in one line."""
        self.name, self._transport, self._tell = name, transport, tell
        self.facts = _facts(transport.run(f"sh -s -- {shlex.quote(python)}", _PROBE.read_bytes()))
        _check(transport.host, self.facts, python)
        away = abs(int(self.facts["seconds"]) - time.time())
        if away > SKEW_S:
            tell(
                f"host {transport.host!r}: its clock is {away:.0f} s off; times of day in the records are the board's."
            )
        self._site = self._code = ""
        self._sent: set[str] = set()
        self._hold = Hold(transport, CACHE)

    def need(self, packages: Sequence[str]) -> None:
        """Bring the runner, and Python packages beside it; before the first run. From here on the board is held."""
        self._hold.take()
        with tempfile.TemporaryDirectory() as work:
            code = Path(work) / "code.tar"
            _pack(code, Path(edgebench.__file__).parent, ("__init__.py", *CODE), "edgebench")
            self._code = self._unpacked("code", code)
            if packages or not self._site:
                glibc = int(re.findall(r"\d+", self.facts["libc"])[1])
                site = Path(work) / "site"
                release = self.facts["release"]
                wheels.install(wheels.wanted(packages, release), self.facts["machine"], glibc, release, site)
                archive = Path(work) / "site.tar"
                _pack(archive, site, ("**/*",), "")
                self._site = self._unpacked("site", archive)

    def run(self, spec: RunSpec) -> Iterator[Event]:
        there = self._artifact(Path(spec.artifact))
        root = self._data(spec)
        moved = dataclasses.replace(spec, artifact=there, data_root=root)
        return self._job([], json.dumps(dataclasses.asdict(moved)), "done")

    def host(self) -> Event:
        (found,) = self._job(["--host"], "", "host")
        return found

    def state(self) -> dict[str, object]:
        """As the local device tells it; what the board does not show is None."""
        code = "import json; from edgebench.runner import state; print(json.dumps(state.now()))"
        return dict(json.loads(self._transport.run(f"{self._python()} -c {shlex.quote(code)}")))

    def shell(self, script: str) -> str:
        return self._transport.run("sh -s", script.encode())

    def clean(self) -> None:
        """Leave nothing behind. DeviceError where another session has the board: what lies there is also its own."""
        self._hold.take()
        every = f'for one in {CACHE}/sessions/*; do end "$one"; done; rm -rf {CACHE}; rmdir {Path(CACHE).parent}'
        self._transport.run(f"sh -c {shlex.quote(f'{END} {every} 2> /dev/null; :')}")
        self._hold.release()
        self._site = self._code = ""
        self._sent.clear()

    def _python(self) -> str:
        home = self.facts["home"]
        path = f"{home}/{self._code}:{home}/{self._site}"
        return f"PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={shlex.quote(path)} {shlex.quote(self.facts['python'])}"

    def _unpacked(self, kind: str, archive: Path) -> str:
        """The folder of an archive's contents on the board, named by its hash."""
        folder = f"{CACHE}/{kind}-{sha256(archive)[:16]}"
        whole = f"test -e {folder}/.whole && echo yes"
        if folder in self._sent or self._transport.run(whole, check=False).strip() == "yes":
            self._sent.add(folder)
            return folder
        self._check_space(archive.stat().st_size)
        self._tell(f"host {self._transport.host!r}: sending {kind}, {archive.stat().st_size / 2**20:.1f} MiB")
        self._transport.put(archive, f"{folder}.tar")
        self._transport.run(
            f"mkdir -p {folder} && tar -xf {folder}.tar -C {folder} && rm -f {folder}.tar && touch {folder}/.whole"
        )
        self._sent.add(folder)
        return folder

    def _check_space(self, size: int) -> None:
        free = int(self._transport.run("df -Pk . | tail -n 1 | awk '{print $4}'"))
        if free - 2 * size / 1024 < _SPARE_KB:
            raise DeviceError(
                f"host {self._transport.host!r}: {free / 2**20:.1f} GiB free, too little for {size / 2**30:.2f} GiB "
                "more. Make room there."
            )

    def _artifact(self, file: Path) -> str:
        with tempfile.TemporaryDirectory() as work:
            archive = Path(work) / "artifact.tar"
            parts = [file.with_suffix(suffix).name for suffix in _SUFFIXES] if file.suffix in _SUFFIXES else [file.name]
            _pack(archive, file.parent, map(glob.escape, parts), "")
            return f"{self.facts['home']}/{self._unpacked('artifact', archive)}/{file.name}"

    def _data(self, spec: RunSpec) -> str:
        """Stack by stack: a folder of links to what has arrived, so that one stack is sent once for all runs."""
        root = Path(spec.data_root)
        home = self.facts["home"]
        folders = []
        for stack in spec.stacks:
            with tempfile.TemporaryDirectory() as work:
                archive = Path(work) / "stack.tar"
                _pack(archive, root, [glob.escape(name) for name, _ in stack.planes], "")
                parents = sorted({str(Path(name).parent) for name, _ in stack.planes})
                folders.append((self._unpacked("stack", archive), parents))
        view = f"{CACHE}/views/{uuid.uuid5(uuid.NAMESPACE_OID, repr(folders)).hex[:16]}"
        links = [f"mkdir -p {view}"]
        for folder, parents in folders:
            for parent in parents:
                at = shlex.quote(f"{view}/{parent}")
                links.append(f"mkdir -p {at} && ln -sf {shlex.quote(home)}/{folder}/{shlex.quote(parent)}/* {at}/")
        self._transport.run("sh -s", "\n".join(links).encode())
        return f"{home}/{view}"

    def _job(self, options: list[str], text: str, last: str) -> Iterator[Event]:
        self._hold.take()
        job = f"{self._hold.folder}/{uuid.uuid4().hex[:12]}"
        run = f"{self._python()} -m edgebench.runner {' '.join(options)}"
        script = f"echo $$ > pid; {run} < spec > events 2> log; echo $? > rc"
        kind = None
        try:
            self._transport.run(f"mkdir -p {job} && cat > {job}/spec", text.encode())
            self._transport.run(f"cd {job} || exit\n{_START.replace('SCRIPT', shlex.quote(script))}")
            for line in self._lines(job):
                found = event(self.name, line)
                kind = found["event"]
                yield found
            status = self._transport.run(f"cat {job}/rc 2>/dev/null", check=False).strip()
            if status != "0" or kind != last:
                said = self._transport.run(f"tail -n 1 {job}/log", check=False).strip() or "none"
                raise DeviceError(
                    f"device {self.name!r}: the runner ended with status {status or 'unknown (killed)'} after "
                    f"{kind or 'no'} event. Its last words: {said}"
                )
        finally:
            with contextlib.suppress(DeviceError):  # what cannot be ended now is ended when the next session begins
                self._transport.run(f"sh -c {shlex.quote(f'{END} end {job}')}", check=False)

    def _lines(self, job: str) -> Iterator[str]:
        """Every line of the events once, though the connection drops; a last one that was cut is none."""
        seen, count, tries = 0, 0, iter(_WAIT_S)
        while True:
            before = seen
            follow = f"tail -c +{seen + 1} -f --pid=$(cat {job}/pid) {job}/events"
            for line in self._transport.follow(follow):
                seen, count = seen + len(line), count + 1
                yield line.decode(errors="replace")
            if seen > before:
                tries = iter(_WAIT_S)
            over = self._over(job)
            self._hold.take()
            if over and self._count(job) <= count:
                return
            wait = next(tries, None)
            if wait is None:
                raise DeviceError(
                    f"host {self._transport.host!r}: lost, though tried again. Run again: what is done is kept."
                )
            time.sleep(wait)

    def _over(self, job: str) -> bool:
        alive = f'test -e {job}/rc || ! kill -0 "$(cat {job}/pid)" 2>/dev/null'
        return self._transport.run(f"({alive}) && echo over", check=False).strip() == "over"

    def _count(self, job: str) -> int:
        """Of whole lines; 0 where the job is gone."""
        return int(self._transport.run(f"cat {job}/events 2>/dev/null | wc -l"))


def _facts(told: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)


def _check(host: str, facts: dict[str, str], python: str) -> None:
    machine, bits = facts.get("machine", "?"), facts.get("bits", "?")
    if bits == "32" or machine.startswith(("armv", "i")):
        raise DeviceError(
            f"host {host!r}: a 32-bit userland ({machine}), for which no runtime has wheels. Install a 64-bit system."
        )
    if machine not in MACHINES:
        raise DeviceError(f"host {host!r}: a {machine}, expected {' or '.join(MACHINES)}.")
    if "glibc" not in facts.get("libc", ""):
        raise DeviceError(f"host {host!r}: no glibc, for which the wheels are. Use Debian or Raspberry Pi OS.")
    if "python" not in facts:
        what, mend = "no Python of 3.9 or later", "There: sudo apt install python3; or give --python"
        if python:
            what, mend = f"--python {python} is none of 3.9 or later there", "Name another, or leave it out"
        raise DeviceError(f"host {host!r}: {what}. {mend}.")
    if "missing" in facts:
        raise DeviceError(f"host {host!r}: no {facts['missing']}. There: sudo apt install coreutils util-linux tar.")


def _pack(archive: Path, root: Path, patterns: Iterable[str], below: str) -> None:
    """A tar whose bytes depend on names and contents alone."""
    files = sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()})

    def plain(info: tarfile.TarInfo) -> Optional[tarfile.TarInfo]:
        if "__pycache__" in info.name:
            return None
        info.uid = info.gid = info.mtime = 0
        info.uname = info.gname = ""
        info.mode = 0o755 if info.mode & 0o100 else 0o644
        return info

    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in files:
            tar.add(path, str(Path(below) / path.relative_to(root)), filter=plain)
