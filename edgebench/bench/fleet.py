"""Accuracy on several devices of one type: stacks handed out by Dask, one at a time to each device.

A worker drives one device: of those named in a file, from this machine; or, with a scheduler of the user's, the machine
that the worker is on, which sees the same files at the same path. What is finished is on disk before the next comes.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.bench import cells, shards
from edgebench.bench.journal import Finished, Journal
from edgebench.bench.plan import Plan
from edgebench.bench.shards import Checked, Shard
from edgebench.devices import base, named
from edgebench.devices.base import Asked, Device
from edgebench.errors import DeviceError, EdgebenchError, UsageError
from edgebench.types import RunSpec

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 10
CHECK = 2  # shards of a session that are measured by two devices
AGAIN_S = 0.5  # before a shard that came to the wrong worker goes back
TRIES = 3  # failures of one device, after which it gets nothing more
WORKER = "dask worker {} --nthreads 1 --memory-limit 0"
Say = Callable[[str], None]
_SAME = ("cpu", "machine", "python", "versions")


@dataclass(frozen=True)
class Fleet:
    devices: Mapping[str, Mapping[str, str]]  # name to host, python, emulate; empty with a scheduler
    scheduler: str = ""
    check: int = CHECK


def load(file: Path) -> Fleet:
    """UsageError for what a fleet cannot be."""
    devices, more = named.read(file, ("scheduler", "check"))
    scheduler, check = more.get("scheduler", ""), more.get("check", CHECK)
    if not isinstance(scheduler, str) or type(check) is not int or check < 0:
        raise UsageError(f"{file}: scheduler is a text such as 'tcp://lab:8786', check a number of shards. Correct it.")
    if bool(devices) is bool(scheduler):
        raise UsageError(f"{file}: give tables [device.NAME], or scheduler = 'tcp://...', and not both.")
    return Fleet(devices, scheduler, check)


def first(fleet: Fleet, say: Say) -> Device:
    """The device that measures what is not handed out: time and memory; by its own name."""
    if fleet.scheduler:
        return base.connect("local")
    name, one = next(iter(fleet.devices.items()))
    return _connect(name, one, say)


def measure(todo: Plan, fleet: Fleet, say: Say) -> list[Checked]:
    """Fill the journals of a plan with all accuracy processes that are left; what was measured twice is returned.

    Raises UsageError where the devices are not of one type or cannot work, DeviceError where none is left.
    """
    waiting = _waiting(todo)
    if not waiting:
        return []
    packages = sorted({cell.package for cell in todo.cells.values() if cell.package})
    with _client(fleet) as client:
        workers = _workers(client, fleet, packages, todo)
        say(f"fleet: {sum(map(len, waiting.values()))} stacks of {len(waiting)} processes, {len(workers)} devices")
        return _all(client, workers, waiting, todo, fleet, packages, say)


def _waiting(todo: Plan) -> dict[tuple[str, str], list[Shard]]:
    """Shards of each accuracy process that is left, by the cell's id and the phase."""
    found = {}
    for one in todo.left:
        if one.spec.mode == "accuracy":
            if one.spec.images:
                raise UsageError("a fleet measures all images: its shards are whole stacks. Leave out --images.")
            found[one.id, one.phase] = shards.split(one.id, one.phase, one.spec)
    return found


def _all(
    client: Client,
    workers: Mapping[str, str],
    waiting: Mapping[tuple[str, str], list[Shard]],
    todo: Plan,
    fleet: Fleet,
    packages: Sequence[str],
    say: Say,
) -> list[Checked]:
    journals = {id: Journal(todo.results, todo.device, f"{id}-shards") for id, _ in waiting}
    done = {id: journal.read() for id, journal in journals.items()}
    every = [shard for some in waiting.values() for shard in some]
    chosen = random.Random(0).sample(every, min(fleet.check, len(every))) if len(workers) > 1 else []
    checks: dict[str, list[Checked]] = {id: [] for id in journals}
    hand = _Hand(client, workers, fleet, packages, say)
    for shard in every:
        if shard.name not in done[shard.id]:
            hand.give(shard)
    for shard, finished in hand.taken():
        journals[shard.id].append(finished)
        done[shard.id][shard.name] = finished
    for shard in chosen:
        hand.give(shard, but=str(done[shard.id][shard.name].events["device"][0]["name"]))
    for shard, again in hand.taken():
        found = shards.checked(shard, done[shard.id][shard.name], again)
        checks[shard.id].append(found)
        if found.away_um:
            say(f"fleet: {found.name}: {' and '.join(found.devices)} differ by up to {found.away_um:.3g} um")
    for (id, phase), some in waiting.items():
        of_phase = [one for one in checks[id] if one.name.startswith(f"{phase}: ")]
        place = next(at for at, one in enumerate(todo.order, 1) if (one.id, one.phase) == (id, phase))
        todo.journals[id].append(shards.whole(some, done[id], of_phase, place))
    for journal in journals.values():
        journal.drop()
    return [one for found in checks.values() for one in found]


class _Hand:
    """What is given out and not yet taken back; a device that fails again and again gets nothing more."""

    def __init__(
        self, client: Client, workers: Mapping[str, str], fleet: Fleet, packages: Sequence[str], say: Say
    ) -> None:
        self._client, self._fleet, self._packages, self._say = client, fleet, packages, say
        self._workers = dict(workers)  # device to worker
        self._failed = dict.fromkeys(workers, 0)
        self._running: dict[Future[Finished], Shard] = {}

    def give(self, shard: Shard, but: str = "") -> None:
        """To whichever device is free first; `but` and those that get nothing more only where there is no other."""
        able = [worker for device, worker in self._workers.items() if device != but] or list(self._workers.values())
        anyone = not but and len(self._workers) == len(self._failed)  # also a worker that was started anew
        place = {} if anyone else {"workers": able, "allow_other_workers": True}
        key = f"edgebench-{shard.id}-{shard.name}-{time.monotonic_ns()}"
        task = shard.spec, self._fleet.devices, self._packages, but if len(self._workers) > 1 else ""
        self._running[self._client.submit(_measure, *task, key=key, pure=False, **place)] = shard

    def taken(self) -> Iterator[tuple[Shard, Finished]]:
        """As they end; a shard that failed is given to another device."""
        from distributed import wait

        while self._running:
            for future in wait(list(self._running), return_when="FIRST_COMPLETED").done:
                shard = self._running.pop(future)
                try:
                    found: Finished | _Failed = future.result()
                except Exception as error:  # the worker itself, or Dask
                    raise DeviceError(f"fleet: {shard.name}: {' '.join(str(error).split())}") from error
                if isinstance(found, Finished):
                    yield shard, replace(found, phase=shard.name)
                else:
                    self._lost(shard, found)

    def _lost(self, shard: Shard, found: _Failed) -> None:
        self._failed[found.device] += bool(found.why)
        if self._failed[found.device] == TRIES:
            self._workers.pop(found.device, None)
            self._say(f"fleet: {found.device} gets nothing more ({found.why})")
        if not self._workers:
            raise DeviceError(f"fleet: no device is left ({found.why}). What is finished is kept: run again.")
        self.give(shard, but=found.device)


@dataclass(frozen=True)
class _Failed:
    device: str
    why: str  # empty: this device must not have it, though Dask moved it here


@contextlib.contextmanager
def _client(fleet: Fleet) -> Iterator[Client]:
    """Of the user's scheduler, or of workers that are started here, one for each device."""
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as missing:
        raise UsageError(f"--fleet needs Dask ({missing}). Install it: pip install 'edgebench[cluster]'.") from missing
    if not fleet.scheduler:
        options = {"dashboard_address": ":0", "memory_limit": 0, "protocol": "tcp", "processes": True}
        count = len(fleet.devices)
        with LocalCluster(n_workers=count, threads_per_worker=1, **options) as own, Client(own) as client:
            yield client
        return
    try:
        client = Client(fleet.scheduler, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler at {fleet.scheduler} ({error}). Start one: dask scheduler.") from error
    with client:
        yield client


def _workers(client: Client, fleet: Fleet, packages: Sequence[str], todo: Plan) -> dict[str, str]:
    """Device to the address of its worker; UsageError where they are not all of the type of the first."""
    found = client.run(_facts, fleet.devices, list(packages), on_error="return")
    start = f"Start one on each machine: {WORKER.format(fleet.scheduler)}."
    if not found:
        raise UsageError(f"{fleet.scheduler} has no worker. {start}")
    devices = {}
    for worker, told in found.items():
        if isinstance(told, EdgebenchError):
            raise told
        if isinstance(told, Exception):
            raise UsageError(f"worker {worker} cannot measure ({told}). Install edgebench there, as it is here.")
        if told["threads"] > 1:
            raise UsageError(f"worker {worker} has {told['threads']} threads, and would disturb itself. {start}")
        if told["code"] != cells.code_sha256():
            raise UsageError(f"worker {worker} has another edgebench. Install the same there.")
        devices[told["name"]] = worker
        if told["host"]["cpu"] != todo.cpu or not _alike(told, next(iter(found.values()))):
            raise UsageError(
                f"{told['name']} is a {told['host']['cpu']} with {told['host']['python']}, and not of the type of the "
                f"first ({todo.cpu}), or with other runtimes. A fleet is of one type: make one of each."
            )
    return devices


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one["host"].get(key) == other["host"].get(key) for key in _SAME)


def _connect(name: str, one: Mapping[str, str], say: Say) -> Device:
    asked = Asked(one.get("emulate", ""), one.get("host", ""), one.get("python", ""), say)
    device = base.connect("raspberrypi", asked)
    if not device.emulated:
        device.name = name
    return device


# What follows runs on a worker.

_devices: dict[str, Device] = {}  # of this process: one


def _name(worker: Any, devices: Mapping[str, Mapping[str, str]]) -> str:
    """Of a worker's device: one of the file by the worker's number, or the machine that it is on."""
    if devices:
        return list(devices)[int(worker.name) % len(devices)]
    told = f"{socket.gethostname()} {worker.name}"  # no name of a machine in a record
    return f"worker-{hashlib.sha256(told.encode()).hexdigest()[:6]}"


def _device(name: str, devices: Mapping[str, Mapping[str, str]], packages: Sequence[str]) -> Device:
    if name not in _devices:
        device = _connect(name, devices[name], lambda line: None) if devices else base.connect("local")
        if isinstance(device, base.Remote):
            device.need(packages)
        _devices[name] = device
    return _devices[name]


def _facts(
    devices: Mapping[str, Mapping[str, str]], packages: Sequence[str], dask_worker: Any = None
) -> dict[str, Any]:
    name = _name(dask_worker, devices)
    host = _device(name, devices, packages).host()
    return {"name": name, "host": host, "threads": dask_worker.state.nthreads, "code": cells.code_sha256()}


def _measure(
    spec: RunSpec, devices: Mapping[str, Mapping[str, str]], packages: Sequence[str], but: str
) -> Finished | _Failed:
    """One shard, alone on its host: its times are measured, too. Not on `but`, whose answers are to be checked."""
    from distributed import Lock, get_worker

    name = _name(get_worker(), devices)
    if name == but:
        time.sleep(AGAIN_S)
        return _Failed(name, "")
    host = devices[name].get("host", "") if devices else socket.gethostname()
    with Lock(f"edgebench {host}") if host else contextlib.nullcontext():
        try:
            return _finished(name, _device(name, devices, packages), spec)
        except DeviceError as error:
            return _Failed(name, str(error))


def _finished(name: str, device: Device, spec: RunSpec) -> Finished:
    before, began = device.state(), time.monotonic()
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    events: dict[str, list[dict[str, Any]]] = {"device": [{"name": name}]}
    for event in device.run(spec):
        events.setdefault(event["event"], []).append({k: v for k, v in event.items() if k != "event"})
    seconds = round(time.monotonic() - began, 3)
    return Finished("", 0, started, seconds, before, device.state(), events)
