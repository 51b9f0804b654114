"""What each operator of an artifact gives on a device, for the same few patches everywhere."""

from __future__ import annotations

from pathlib import Path

from edgebench.bench.cells import Data
from edgebench.devices.base import Device, Event, Remote
from edgebench.types import RunSpec

PATCHES = 8
_STACKS = 2  # so that little is sent to a board


def observe(
    device: Device, tapped: Path, backend: str, package: str | None, input_size: int, data: Data
) -> list[Event]:
    """The layer events of a file that convert/taps.py made; in float32 patches of the first stacks of the data."""
    if isinstance(device, Remote):
        device.need([package] if package else [])
    spec = RunSpec(
        mode="layers",
        artifact=str(tapped),
        backend=backend,
        batch_size=PATCHES,
        threads=1,
        input_size=input_size,
        data_root=data.root,
        stacks=tuple(next(iter(data.stacks.values()))[:_STACKS]),
        rotation=PATCHES,
    )
    return [event for event in device.run(spec) if event["event"] == "layer"]
