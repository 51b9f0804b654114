"""One self-test from start to end: its parts one after the other, its record in one piece."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import edgebench
from edgebench.devices.base import Device
from edgebench.files import sha256_of_sources
from edgebench.selftest import live, store
from edgebench.selftest.parts import PARTS

NOTE = "programmed latency, no model"
Tell = Callable[[str, int, str, float], None]  # part, its number, what is done now, share of the part that is behind
_CODE = (
    "backends/programmable.py",
    "bench/*.py",
    "devices/*.py",
    "energy/*.py",
    "records/*.py",
    "runner/*.py",
    "selftest/*.py",
)


def run(
    names: Sequence[str],
    device: Device,
    *,
    seed: int = 0,
    quick: bool = False,
    tell: Tell = lambda part, number, what, share: None,
) -> dict[str, Any]:
    """The record of these parts. Raises what a measured run raises."""
    before = device.state()
    raw: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    with live.opened(device, seed=seed, quick=quick) as bench:
        for number, name in enumerate(names):

            def told(what: str, share: float, name: str = name, number: int = number) -> None:
                tell(name, number, what, share)

            began = time.monotonic()
            raw[name] = PARTS[name].measure(replace(bench, tell=told))
            seconds[name] = round(time.monotonic() - began, 3)
    return {
        "schema": store.VERSION,
        "kind": store.KIND,
        "note": NOTE,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "edgebench": edgebench.__version__,
        "code_sha256": code_sha256(),
        "seed": seed,
        "quick": quick,
        "device": {
            "name": device.name,
            "emulated": device.emulated,
            "host": {key: value for key, value in device.host().items() if key != "event"},
            "before": before,
            "after": device.state(),
        },
        "seconds": seconds,
        "parts": raw,
    }


def code_sha256() -> str:
    """Of the code that measures and judges."""
    package = Path(edgebench.__file__).parent
    return sha256_of_sources(package, sorted(path for pattern in _CODE for path in package.glob(pattern)))
