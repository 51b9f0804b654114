"""How a run ends: as an exception where a signal ends it, and with boards as --clean asks, whatever ended it."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType, TracebackType
from typing import Any

import typer

from edgebench.bench.fleet import Fleet
from edgebench.cli.screen import say
from edgebench.devices.base import Asked, Device, Remote, connect
from edgebench.errors import DeviceError

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def by_exception() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as SystemExit, so that what it holds is let go; a second one changes nothing."""
    former: dict[signal.Signals, Any] = {one: signal.getsignal(one) for one in SIGNALS}
    heard = [one for one in SIGNALS if former[one] is not signal.SIG_IGN]  # nohup

    def end(number: int, frame: FrameType | None) -> None:
        for one in heard:
            signal.signal(one, signal.SIG_IGN)
        with contextlib.suppress(OSError):  # the terminal may be gone
            name = signal.Signals(number).name
            say(f"edgebench: stopped by {name}; what was finished is kept, the same command goes on from there.")
        sys.exit(128 + number)

    for one in heard:
        signal.signal(one, end)
    try:
        yield
    finally:
        for one in heard:
            signal.signal(one, former[one])


def others(fleet: Fleet | None) -> list[Asked]:
    """The boards of a fleet that are reached from here, after the first."""
    rest = list(fleet.devices.values())[1:] if fleet else []
    return [Asked(host=one["host"], python=one.get("python", "")) for one in rest if one.get("host")]


class Cleaned:
    """A block after which nothing is left on a board, nor on the others of its fleet, however it ends.

    A board that cannot be cleaned is told; it is the error of a block that had none.
    """

    def __init__(self, target: Device, others: Sequence[Asked] = ()) -> None:
        self._target, self._others = target, others

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reached: list[Callable[[], Device]] = [lambda: self._target]
        reached += [partial(connect, "raspberrypi", asked) for asked in self._others]
        failed = [said for said in map(_clean, reached) if said is not None]
        if failed and (error is None or isinstance(error, typer.Exit)):
            raise failed[0]
        for said in failed:
            say(f"not cleaned: {said}")


def _clean(reach: Callable[[], Device]) -> DeviceError | None:
    try:
        device = reach()
        if isinstance(device, Remote):
            device.clean()
    except DeviceError as error:
        return error
    return None
