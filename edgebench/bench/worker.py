"""What a Dask worker of a fleet does: it drives one device, and refuses where that is not of the fleet's type."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from edgebench.bench import cells
from edgebench.bench.journal import Finished
from edgebench.devices import base
from edgebench.devices.base import Asked, Device
from edgebench.errors import DeviceError
from edgebench.types import RunSpec

AGAIN_S = 0.5  # before a shard that came to the wrong worker goes back
_SAME = ("cpu", "machine", "python")
_devices: dict[str, Device] = {}  # of this process: one
_hosts: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True)
class Wanted:
    """What every worker must be, also one that joins later: it is sent with each shard."""

    devices: Mapping[str, Mapping[str, str]]  # name to host, python, emulate; empty with a scheduler
    packages: Sequence[str]
    code: str  # hash of what runs on the device
    host: Mapping[str, Any]  # facts of the device that the others must be like
    who: str  # that device
    mend: str


@dataclass(frozen=True)
class Failed:
    device: str
    why: str  # empty: this device must not have it, though Dask moved it here
    unfit: bool = False  # it can never measure here


def connect(name: str, one: Mapping[str, str], say: Callable[[str], None]) -> Device:
    asked = Asked(one.get("emulate", ""), one.get("host", ""), one.get("python", ""), say)
    device = base.connect("raspberrypi", asked)
    if not device.emulated:
        device.name = name
    return device


def unfit(facts: Mapping[str, Any], wanted: Wanted) -> str:
    """Why a worker with these facts cannot take part; empty where it can."""
    name = facts["name"]
    if facts["threads"] > 1:
        return f"{name}: a worker of {facts['threads']} threads, which disturbs itself. Start it with --nthreads 1."
    if facts["code"] != wanted.code:
        return f"{name}: another edgebench. Install there the one that is here."
    one, other = (_type(host) for host in (facts["host"], wanted.host))
    for key in [*one, *other]:
        if one.get(key) != other.get(key):
            return (
                f"{name}: {key} {one.get(key)}, but {other.get(key)} on {wanted.who}. A fleet is of one type: "
                f"{wanted.mend}."
            )
    return ""


def _type(host: Mapping[str, Any]) -> dict[str, Any]:
    return {**{key: host.get(key) for key in _SAME}, **host["versions"]}


def facts(devices: Mapping[str, Mapping[str, str]], packages: Sequence[str], dask_worker: Any = None) -> dict[str, Any]:
    """Of the worker and its device; dask_worker is given by Client.run, and asked for in a task."""
    if dask_worker is None:
        from distributed import get_worker

        dask_worker = get_worker()
    name = _name(dask_worker, devices)
    if name not in _hosts:
        _hosts[name] = _device(name, devices, packages).host()
    return {"name": name, "host": _hosts[name], "threads": dask_worker.state.nthreads, "code": cells.code_sha256()}


def measure(spec: RunSpec, wanted: Wanted, but: str) -> Finished | Failed:
    """One shard, alone on its host: its times are measured, too. Not on `but`, whose answers are to be checked."""
    from distributed import Lock, get_worker

    devices, packages = wanted.devices, wanted.packages
    name = _name(get_worker(), devices)
    if name == but:
        time.sleep(AGAIN_S)
        return Failed(name, "")
    host = devices[name].get("host", "") if devices else socket.gethostname()
    with Lock(f"edgebench {host}") if host else contextlib.nullcontext():
        try:
            why = unfit(facts(devices, packages), wanted)
            if why:
                time.sleep(AGAIN_S)
                return Failed(name, why, unfit=True)
            return _finished(name, _device(name, devices, packages), spec)
        except DeviceError as error:
            return Failed(name, str(error))


def _name(worker: Any, devices: Mapping[str, Mapping[str, str]]) -> str:
    """Of a worker's device: one of the file by the worker's number, or the machine that it is on."""
    if devices:
        return list(devices)[int(worker.name) % len(devices)]
    told = f"{socket.gethostname()} {worker.name}"  # no name of a machine in a record
    return f"worker-{hashlib.sha256(told.encode()).hexdigest()[:6]}"


def _device(name: str, devices: Mapping[str, Mapping[str, str]], packages: Sequence[str]) -> Device:
    if name not in _devices:
        device = connect(name, devices[name], lambda line: None) if devices else base.connect("local")
        if isinstance(device, base.Remote):
            device.need(packages)
        _devices[name] = device
    return _devices[name]


def _finished(name: str, device: Device, spec: RunSpec) -> Finished:
    before, began = device.state(), time.monotonic()
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    events: dict[str, list[dict[str, Any]]] = {"device": [{"name": name}]}
    for event in device.run(spec):
        events.setdefault(event["event"], []).append({k: v for k, v in event.items() if k != "event"})
    seconds = round(time.monotonic() - began, 3)
    return Finished("", 0, started, seconds, before, device.state(), events)
