"""What emulation runs on, made once in a cache folder: qemu, a userland for aarch64 with Python, wheels, and boards."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from edgebench.emulation import boards, packages, wheels
from edgebench.emulation.boards import Board
from edgebench.errors import DeviceError

Tell = Callable[[str], None]
QEMU = ("qemu-user",)  # not -static: only the dynamic one takes plugins
GUEST = ("python3-minimal", "libpython3-stdlib", "libstdc++6", "libgomp1")
WHEELS = ("numpy", "opencv-python-headless", "ai-edge-litert", "backports-strenum", "onnxruntime", "openvino")
_GLIBC = 36  # of the guest, Debian 12
_SOURCE = Path(__file__).with_name("edgecount.c")


@dataclass(frozen=True)
class Userland:
    """Folders of a finished one."""

    qemu: Path  # unpacked packages of the host's architecture
    root: Path  # of the guest
    site: Path  # wheels of the guest
    plugin: Path | None  # that counts instructions; None without a C compiler
    no_plugin: str  # why

    @property
    def emulator(self) -> list[str]:
        """Its program behind its own loader, with its own libraries: the host's may be of another version."""
        (program,) = self.qemu.glob("usr/bin/qemu-aarch64")
        loaders = [*self.qemu.glob("lib*/ld-linux-*.so.*"), *self.qemu.glob("usr/lib*/ld-linux-*.so.*")]
        folders = sorted(str(path) for path in {found.parent for found in self.qemu.glob("**/*.so*")})
        return [str(loaders[0]), "--library-path", ":".join(folders), str(program)]

    @property
    def python(self) -> Path:
        return _python(self.root)


def folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "edgebench" / "emulation"


def prepare(cache: Path, tell: Tell) -> Userland:
    """Make what is not there; each part lies in a folder named by the hash of what it is made of."""
    qemu = _part(
        cache,
        "qemu",
        (packages.SUITE, *QEMU),
        tell,
        lambda out, work: packages.fetch(work, packages.architecture(), QEMU, out),
    )
    root = _part(
        cache, "userland", (packages.SUITE, *GUEST), tell, lambda out, work: packages.fetch(work, "arm64", GUEST, out)
    )
    wanted = [f"{name}=={_version(name)}" for name in WHEELS]
    release = _python(root).name.removeprefix("python")
    site = _part(
        cache,
        "wheels",
        [release, *wanted],
        tell,
        lambda out, work: wheels.install(wanted, "aarch64", _GLIBC, release, out),
    )
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return Userland(qemu, root, site, None, "there is no C compiler (gcc) for the plugin that counts instructions")
    text = _SOURCE.read_text(encoding="utf-8")
    made = _part(cache, "plugin", [text], tell, lambda out, work: _compile(compiler, out))
    return Userland(qemu, root, site, made / "edgecount.so", "")


def overlay(userland: Userland, board: Board, folder: Path) -> Path:
    """A root for qemu's -L: the userland, and the files by which a runtime knows the board."""
    for entry in userland.root.iterdir():
        if entry.name not in ("proc", "sys"):
            (folder / entry.name).symlink_to(entry)
    for name, data in boards.files(board).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def _python(root: Path) -> Path:
    found = sorted(root.glob("usr/bin/python3.[0-9]*"))
    if not found:
        raise DeviceError(f"emulation: {root} holds no Python. Remove the folder, and run again.")
    return found[0]


def _part(cache: Path, name: str, of: Sequence[str], tell: Tell, make: Callable[[Path, Path], None]) -> Path:
    done = cache / f"{name}-{hashlib.sha256(repr(tuple(of)).encode()).hexdigest()[:12]}"
    if done.is_dir():
        return done
    tell(f"emulation: fetching {name}" if name != "plugin" else "emulation: compiling the plugin")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f".{name}-") as work:
        out = Path(work) / "out"
        out.mkdir()
        make(out, Path(work) / "state")
        try:
            out.rename(done)
        except OSError:  # another session was first
            if not done.is_dir():
                raise
    return done


def _compile(compiler: str, out: Path) -> None:
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(out / "edgecount.so"), str(_SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise DeviceError(
            f"emulation: {compiler} cannot compile {_SOURCE.name}: {done.stderr.strip().splitlines()[-1]}"
        )


def _version(name: str) -> str:
    """The host's, so that both run the same code."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError as error:
        raise DeviceError(f"emulation takes the versions of this environment, and {name} is not in it.") from error
