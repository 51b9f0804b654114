"""Debian packages without root: a private state of apt, the host's own sources, and dpkg-deb to unpack."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgebench.errors import DeviceError

_TOOLS = ("apt-get", "dpkg", "dpkg-deb")


def architecture() -> str:
    """The host's, as Debian calls it."""
    _check()
    done = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True)
    return done.stdout.strip() or "amd64"


def fetch(folder: Path, architecture: str, names: Sequence[str], out: Path) -> None:
    """Download packages with what they depend on, and unpack them all below `out`; `folder` is for apt's state."""
    _check()
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").write_text("")
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "Dir::State": folder,
        "Dir::State::status": folder / "status",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "false",
        "Debug::NoLocking": "1",
        "Acquire::Languages": "none",
    }
    apt = ["apt-get", "-qq", "-y", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
    _run([*apt, "update"], f"package lists for {architecture}")
    _run([*apt, "--download-only", "install", *names], f"packages for {architecture}")
    out.mkdir(parents=True, exist_ok=True)
    for package in sorted((folder / "cache" / "archives").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(out)], package.name)


def _check() -> None:
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if absent:
        raise DeviceError(
            f"emulation needs {' and '.join(absent)}: a userland is made of Debian packages. Run this on Debian, or "
            "measure on a board: --host user@board."
        )


def _run(command: Sequence[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()
        said = next((line for line in words if line.startswith("E:")), words[-1])
        raise DeviceError(f"emulation: {what} cannot be had: {said} Check the network and the host's apt sources.")
