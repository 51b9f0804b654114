"""What a device has of runtimes, what it could have, and the command that mends what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
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
    for backend, package in RUNTIMES.items():
        there = _exists(package, facts["machine"], glibc, facts["release"])
        if there:
            lines.append(Line(f"{backend}: {package} has a wheel for it; `edgebench run` brings it along", True))
        else:
            advice = "Install another there (sudo apt install python3.11), and name it with --python"
            lines.append(Line(f"{backend}: {package} has no wheel for Python {facts['release']}. {advice}.", False))
    return lines


def _exists(package: str, machine: str, glibc: int, release: str) -> bool:
    uv = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "-q",
        "--no-deps",
        *wheels.for_machine(machine, glibc, release),
        "-",
    ]
    done = subprocess.run(uv, input=f"{package}\n", capture_output=True, text=True)
    return done.returncode == 0
