"""A Raspberry Pi: one over SSH where a host is given, this machine where it is one, else an emulated one."""

from __future__ import annotations

import platform
from pathlib import Path

from edgebench.devices.base import Asked, Device
from edgebench.devices.local import Local
from edgebench.errors import UsageError

MODEL = Path("/proc/device-tree/model")
NAME = "raspberrypi"
BOARD = "pi4"  # that is emulated where none is named


def connect(asked: Asked) -> Device:
    """Says which mode it is in one line. Raises UsageError for a board that nobody knows, DeviceError otherwise."""
    if asked.host:
        from edgebench.devices import remote

        return remote.connect(asked)
    here = on_board()
    if here is not None:
        if asked.emulate:
            raise UsageError(f"--emulate {asked.emulate}: this machine is a {here}. Leave it out to measure here.")
        asked.tell(f"raspberrypi: this machine is one ({here}); everything is measured on it.")
        return Local(NAME, asked.python)
    if asked.python:
        raise UsageError(
            f"--python {asked.python}: an emulated board has a Python of its own. Leave it out, or use --device local."
        )
    from edgebench.devices.emulated import Emulated
    from edgebench.emulation import boards, userland

    board = boards.find(asked.emulate or BOARD)
    asked.tell(
        f"raspberrypi: no board here and no --host, so a {board.model} is EMULATED by qemu (--emulate "
        f"{'|'.join(boards.BOARDS)}): answers, instructions, cache misses and memory are measured, times are not."
    )
    there = userland.prepare(userland.folder(), asked.tell)
    if there.plugin is None:
        asked.tell(f"raspberrypi: no instructions are counted, so that nothing is estimated: {there.no_plugin}.")
    return Emulated(board, there)


def on_board() -> str | None:
    """The model of this machine where it is a Raspberry Pi with a 64-bit userland."""
    try:
        model = MODEL.read_bytes().rstrip(b"\0").decode(errors="replace")
    except OSError:
        return None
    return model if model.startswith("Raspberry Pi") and platform.machine() == "aarch64" else None
