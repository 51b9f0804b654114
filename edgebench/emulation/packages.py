"""Debian packages without root: a private state of apt, the host's own mirror, and dpkg-deb to unpack."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgebench.errors import DeviceError

SUITE = "bookworm"  # on every host: qemu-user of later ones is linked statically, and takes no plugin
MIRROR = "EDGEBENCH_DEBIAN"  # environment: URI of a mirror, for a host that is no Debian
_OWN = ("Debian", False)  # origin, and whether it is of updates or security
_KEYS = tuple(Path("/usr/share/keyrings", f"debian-archive-keyring.{suffix}") for suffix in ("gpg", "pgp"))
_TOOLS = ("apt-get", "dpkg", "dpkg-deb")


def architecture() -> str:
    """The host's, as Debian calls it."""
    _check()
    done = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True)
    return done.stdout.strip() or "amd64"


def fetch(folder: Path, architecture: str, names: Sequence[str], out: Path) -> None:
    """Download packages of SUITE with what they depend on, and unpack them all below `out`; `folder` is for apt."""
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
    source = folder / "sources.list"
    source.write_text(_line(os.environ.get(MIRROR) or _mirror(_apt(options))))
    apt = _apt({**options, "Dir::Etc::sourcelist": source, "Dir::Etc::sourceparts": "/dev/null"})
    _run([*apt, "update"], f"package lists of {SUITE} for {architecture}")
    _run([*apt, "--download-only", "install", *names], f"packages for {architecture}")
    out.mkdir(parents=True, exist_ok=True)
    for package in sorted((folder / "cache" / "archives").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(out)], package.name)


def _apt(options: Mapping[str, object]) -> list[str]:
    return ["apt-get", "-qq", "-y", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]


def _mirror(apt: Sequence[str]) -> str:
    """Where the host has its own Debian from; it has all suites."""
    _run([*apt, "update"], "package lists of this host")
    listed = _run([*apt, "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)"], "apt's sources")
    found = (line.split() for line in listed.splitlines())
    uris = [
        uri for origin, codename, uri in (one for one in found if len(one) == 3) if (origin, "-" in codename) == _OWN
    ]
    if not uris:
        raise DeviceError(
            f"emulation needs packages of Debian {SUITE}, and apt here has no Debian. Name a mirror of it by {MIRROR}, "
            "and install debian-archive-keyring; or measure on a board: --host user@board."
        )
    return uris[0]


def _line(mirror: str) -> str:
    """A source of apt's; without that file, as on Debian itself, apt knows the key."""
    key = next((path for path in _KEYS if path.exists()), None)
    return f"deb {f'[signed-by={key}] ' if key else ''}{mirror} {SUITE} main\n"


def _check() -> None:
    absent = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if absent:
        raise DeviceError(
            f"emulation needs {' and '.join(absent)}: a userland is made of Debian packages. Run this on Debian, or "
            "measure on a board: --host user@board."
        )


def _run(command: Sequence[str], what: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()
        said = next((line for line in words if line.startswith("E:")), words[-1])
        raise DeviceError(f"emulation: {what} cannot be had: {said} Check the network and the host's apt sources.")
    return done.stdout
