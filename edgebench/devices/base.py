"""What a device is, and the table of them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Optional, Protocol, runtime_checkable

from edgebench import errors, extensions
from edgebench.emulation.boards import BOARDS
from edgebench.errors import DeviceError, EdgebenchError, UsageError
from edgebench.types import RunSpec

CODE = (
    "types.py",
    "errors.py",
    "extensions.py",
    "focus/*.py",
    "backends/*.py",
    "energy/*.py",
    "runner/*.py",
)  # that runs on a device
Event = dict[str, Any]  # one line of the runner's protocol, docs/architecture.md


class Device(Protocol):
    name: str
    emulated: bool

    def run(self, spec: RunSpec) -> Iterator[Event]:
        """Start one fresh runner, yield its events as they come, the last is "done".

        An error event is raised as the error it names; a runner that dies is a DeviceError. Closing the iterator
        ends the runner.
        """

    def host(self) -> Event:
        """The facts of the device, as the runner gives them, without measuring."""

    def state(self) -> dict[str, object]:
        """What may disturb a measurement now: temperature, governor, load; None for what cannot be seen."""


@runtime_checkable
class Remote(Protocol):
    """A device that is brought what it lacks."""

    def need(self, packages: Sequence[str]) -> None:
        """Distributions of the runtimes that the runs take; before the first of them."""

    def clean(self) -> None:
        """Leave nothing behind there."""


@runtime_checkable
class Limiting(Protocol):
    """A device that may limit the memory of a runner."""

    limiter: str  # what sets the limit

    def no_limits(self) -> Optional[str]:
        """Why it cannot; None where it can."""

    def survives(self, spec: RunSpec, limit_bytes: int, patience_s: float) -> bool:
        """Whether a fresh runner comes to its end in so much memory: False where the kernel kills it, or where it
        takes longer. What else goes wrong is raised."""


@dataclass(frozen=True)
class Asked:
    """How a device is to be reached, beside its name."""

    emulate: str = ""  # board
    host: str = ""  # user@board, or a name of the user's ssh configuration
    python: str = ""  # there
    tell: Callable[[str], None] = lambda line: None  # for a line to the user


DEVICES = {
    "local": "edgebench.devices.local",
    "raspberrypi": "edgebench.devices.raspberrypi",
    "ssh": "edgebench.devices.remote",
}  # beside them, the boards that can be emulated, by their own names
GROUP = "edgebench.devices"  # of entry points: a module with connect(asked) -> Device each
_ERRORS = {
    name: found for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, EdgebenchError)
}


def connect(name: str, asked: Optional[Asked] = None) -> Device:
    """A device by its name, or by one of the user's own (named.py), which gives host, python and emulate.

    Raises UsageError for an unknown name, DeviceError for a device that cannot be reached.
    """
    from edgebench.devices import named

    asked = asked or Asked()
    own = named.load()
    if name not in (*DEVICES, *BOARDS, *own):
        others = extensions.found(GROUP)
        if name not in others:
            raise UsageError(f"no device {name!r}. Devices: {', '.join([*DEVICES, *BOARDS, *own, *others])}.")
        return _other(name, asked)
    if name in own and not (asked.host or asked.emulate):
        given = {key: value for key, value in own[name].items() if key != "python" or not asked.python}
        asked = replace(asked, **given)  # type: ignore[arg-type]
    if name in BOARDS and name not in own:
        asked = replace(asked, emulate=asked.emulate or name)
    kind = name if name in DEVICES else "raspberrypi"
    if asked.host and kind == "local":
        raise UsageError(f"--host {asked.host}: device 'local' is this machine. Use --device ssh or raspberrypi.")
    if asked.emulate and asked.host:
        raise UsageError("--emulate and --host exclude each other. Give one.")
    if asked.emulate and kind != "raspberrypi":
        raise UsageError(f"--emulate {asked.emulate}: device {name!r} is none to emulate. Use --device raspberrypi.")
    device: Device = importlib.import_module(DEVICES[kind]).connect(asked)
    if name not in DEVICES:
        device.name = name
    return device


def _other(name: str, asked: Asked) -> Device:
    """A device of another package."""
    module = extensions.load(GROUP, name, ModuleType)
    if not hasattr(module, "connect"):
        raise UsageError(f"device {name!r}: {module.__name__} has no connect(asked). Install it again.")
    device: Device = module.connect(asked)
    return device


def event(device: str, line: str) -> Event:
    """One line of the runner; an error event is raised."""
    try:
        found = json.loads(line)
        kind = found["event"]
    except (ValueError, TypeError, KeyError) as error:
        raise DeviceError(f"device {device!r}: the runner wrote {line[:80]!r}, not an event. Update it.") from error
    if kind == "error":
        raise error_of(found)
    return dict(found)


def error_of(found: Mapping[str, str]) -> EdgebenchError:
    return _ERRORS.get(found["kind"], DeviceError)(found["message"])
