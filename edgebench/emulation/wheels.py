"""Wheels for another machine, resolved here: a device needs no pip and no network."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from edgebench.errors import DeviceError

BASE = ("numpy", "opencv-python-headless")
OLD = "tflite-runtime"  # needs NumPy 1, and an OpenCV that does with it
_WITH_OLD = {"numpy": "numpy<2", "opencv-python-headless": "opencv-python-headless<4.12"}
MORE = {"ai-edge-litert": ("backports-strenum",)}  # what its metadata asks of a newer Python than its name says
_GLIBC = (17, 28, *range(31, 41))  # manylinux_2_* that uv knows


def wanted(packages: Sequence[str], release: str) -> list[str]:
    """Requirements of the packages and of the runner; of this environment's versions where the Python is the same."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    names = [each for name in (*BASE, *packages) for each in (name, *MORE.get(name, ()))]
    fixed = _WITH_OLD if OLD in packages else {}
    return [
        fixed[name]
        if name in fixed
        else f"{name}=={version}"
        if release == here and (version := _version(name))
        else name
        for name in names
    ]


def install(requirements: Sequence[str], machine: str, glibc: int, release: str, out: Path) -> None:
    """Unpack wheels below `out`.

    machine: aarch64 or x86_64. glibc: 36 for 2.36. DeviceError with the reason where there is none.
    """
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", *for_machine(machine, glibc, release)]
    done = subprocess.run(
        [*command, "--target", str(out), *requirements], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise DeviceError(
            f"no wheels of {', '.join(requirements)} for Python {release} on {machine}: {said[-300:]} "
            "(uv is needed here: pip install uv.)"
        )


def for_machine(machine: str, glibc: int, release: str) -> list[str]:
    """uv's options for wheels of that machine and no other kind of package."""
    fits = [minor for minor in _GLIBC if minor <= glibc]
    if not fits:
        raise DeviceError(f"glibc 2.{glibc} is too old for any wheel of a runtime. Install a newer system.")
    platform = f"{machine}-manylinux_2_{fits[-1]}"
    return ["--python-platform", platform, "--python-version", release, "--only-binary", ":all:"]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
