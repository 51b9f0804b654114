"""A Raspberry Pi named with its own name; reaching one over SSH is not part of this version."""

from __future__ import annotations

from edgebench.devices.base import Device
from edgebench.errors import DeviceError


def connect() -> Device:
    raise DeviceError(
        "device 'raspberrypi': no board given, and naming one (--host user@board) comes with a later version. "
        "Until then install edgebench on the board and run it there with --device local."
    )
