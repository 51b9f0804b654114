"""What a device has of runtimes, what it could have, and the command that mends what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgebench.devices.base import Device
from edgebench.devices.local import Local
from edgebench.devices.ssh import Ssh
from edgebench.emulation import wheels

RUNTIMES = {
    "litert": "ai-edge-litert",
    "tflite-runtime": "tflite-runtime",
    "onnxruntime": "onnxruntime",
    "openvino": "openvino",
}

_OWN = (
    "It needs an environment of its own, for --python: python3.11 -m venv old && old/bin/pip install "
    f"{wheels.OLD} 'numpy<2' 'opencv-python-headless<4.12' psutil"
)

_UNSOLVED = "No solution found"  # what follows are uv's words, too
_NO_WHEEL = "no wheels with a matching"
_FOUND = "with the following Python ABI tag"
_NO_PACKAGE = "was not found in the package registry"


@dataclass(frozen=True)
class Line:
    text: str
    good: bool  # a runtime can be measured with


def examine(device: Device) -> list[Line]:
    """A board over SSH is asked what wheels there are for it; any other, what it has."""
    return _of_board(device) if isinstance(device, Ssh) else _of_machine(device)


def _of_machine(device: Device) -> list[Line]:
    host = device.host()
    lines = [Line(f"{device.name}: {host['cpu']}, {host['machine']}, Python {host['python']}", False)]
    for backend, package in RUNTIMES.items():
        version = host["versions"].get(package)
        if version:
            lines.append(Line(f"{backend}: {package} {version}", True))
        else:
            python = device.python if isinstance(device, Local) else sys.executable
            mend = f"Install it: {python} -m pip install {package}" if package != wheels.OLD else _OWN
            lines.append(Line(f"{backend}: no {package}. {mend}", False))
    return lines


def _of_board(device: Ssh) -> list[Line]:
    facts = device.facts
    glibc = int(re.findall(r"\d+", facts["libc"])[1])
    about = f"{facts.get('model', '').strip() or facts['machine']}, Python {facts['release']}, glibc 2.{glibc}"
    lines = [Line(f"{device.name}: {about}, {int(facts['free_kb']) / 2**20:.1f} GiB free", False)]
    options = wheels.for_machine(facts["machine"], glibc, facts["release"])
    for backend, package in RUNTIMES.items():
        done = _asked(package, options)
        said = " ".join(done.stderr.split())
        if not done.returncode:
            lines.append(Line(f"{backend}: {package} has a wheel for it; `edgebench run` brings it along", True))
        elif _NO_WHEEL in said:
            lines.append(Line(f"{backend}: {package} has no wheel for {_what_mends(said, facts, glibc)}", False))
        elif _NO_PACKAGE in said:
            lines.append(
                Line(f"{backend}: {package} is not in the package index. Name another: UV_DEFAULT_INDEX.", False)
            )
        else:
            lines.append(Line(f"wheels could not be looked up here ({_why(done.stderr)}). {_look_up(said)}", False))
            break
    return lines


def _what_mends(said: str, facts: Mapping[str, str], glibc: int) -> str:
    """Of uv's words on wheels that there are: those of another Python, or none for a system so old."""
    others = [int(minor) for minor in re.findall(r"`cp3(\d+)`", said.partition(_FOUND)[2])]
    if not others:
        return f"glibc 2.{glibc}. Install a newer system there."
    newest = f"3.{max(others)}"
    python = f"{facts['home']}/.local/bin/python{newest}"
    return f"Python {facts['release']}. There: uv python install {newest}; then --python {python} names it."


def _why(stderr: str) -> str:
    """First and last of uv's words: what failed, and the cause of its causes."""
    lines = [re.sub(r"^(error|cause|hint): ", "", line.strip()) for line in stderr.splitlines() if line.strip()]
    told = [line for line in lines[:1] + lines[1:][-1:] if not line.startswith(_UNSOLVED)]
    return ": ".join(told).rstrip(".") or "uv said nothing"


def _look_up(said: str) -> str:
    if "No module named uv" in said:
        return f"Install uv here: {sys.executable} -m pip install uv."
    return "uv asks from this machine, not from the board: mend that, and ask again."


def _asked(package: str, options: Sequence[str]) -> subprocess.CompletedProcess[str]:
    here = ["--python", sys.executable]  # else uv looks for one of the board's release here, which takes seconds
    uv = [sys.executable, "-m", "uv", "pip", "compile", "-q", "--no-deps", *here, *options, "-"]
    return subprocess.run(uv, input=f"{package}\n", capture_output=True, text=True)
