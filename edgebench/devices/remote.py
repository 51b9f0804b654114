"""Any 64-bit Linux board by its host name, over SSH."""

from __future__ import annotations

import re

from edgebench.devices.base import Asked, Device
from edgebench.devices.ssh import Ssh
from edgebench.devices.transport import Transport
from edgebench.errors import UsageError


def connect(asked: Asked) -> Device:
    """Raises UsageError without a host, DeviceError for one that cannot be reached, or that cannot run anything."""
    if not asked.host:
        raise UsageError("--device ssh: no host. Give --host user@board, or a name of your ssh configuration.")
    board = Ssh(name_of(asked.host), Transport(asked.host), asked.python, asked.tell)
    model = board.facts.get("model", "").strip()
    what = f"{model or 'no board that names itself'}, {board.facts['machine']}, Python {board.facts['release']}"
    asked.tell(f"ssh: {asked.host} is reached ({what}); everything is measured on it.")
    if "EMULATED" in model or "qemu" in model.lower():
        board.emulated = True
        asked.tell(f"ssh: {asked.host} is an emulated machine: its times mean nothing, and are marked so.")
    return board


def name_of(host: str) -> str:
    """Of the records' folder: the host without its user, in plain letters."""
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", host.rpartition("@")[2]).strip("-")
    return plain or "board"
