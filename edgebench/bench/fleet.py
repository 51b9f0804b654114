"""Accuracy on several devices of one type: stacks handed out by Dask, one at a time to each device.

A worker drives one device: of those named in a file, from this machine; or, with a scheduler of the user's, the machine
that the worker is on, which sees the same files at the same path. What is finished is on disk before the next comes.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.bench import cells, shards, worker
from edgebench.bench.journal import Finished, Journal
from edgebench.bench.plan import Plan
from edgebench.bench.shards import Checked, Shard
from edgebench.bench.worker import Failed, Wanted
from edgebench.devices import base, named
from edgebench.devices.base import Device
from edgebench.errors import DeviceError, EdgebenchError, UsageError

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 10
CHECK = 2  # shards of a session that are measured by two devices
TRIES = 3  # failures of one device, after which it gets nothing more
WORKER = "dask worker {} --nthreads 1 --memory-limit 0"
Say = Callable[[str], None]


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
    return worker.connect(name, one, say)


def measure(todo: Plan, fleet: Fleet, say: Say) -> list[Checked]:
    """Fill the journals of a plan with all accuracy processes that are left; what was measured twice is returned.

    Raises UsageError where the devices are not of one type or cannot work, DeviceError where none is left.
    """
    waiting = _waiting(todo)
    if not waiting:
        return []
    packages = sorted({cell.package for cell in todo.cells.values() if cell.package})
    with _client(fleet) as client:
        workers, wanted = _workers(client, fleet, packages)
        say(f"fleet: {sum(map(len, waiting.values()))} stacks of {len(waiting)} processes, {len(workers)} devices")
        return _all(_Hand(client, workers, wanted, say), waiting, todo, fleet.check if len(workers) > 1 else 0)


def _waiting(todo: Plan) -> dict[tuple[str, str], list[Shard]]:
    """Shards of each accuracy process that is left, by the cell's id and the phase."""
    found = {}
    for one in todo.left:
        if one.spec.mode == "accuracy":
            if one.spec.images:
                raise UsageError("a fleet measures all images: its shards are whole stacks. Leave out --images.")
            found[one.id, one.phase] = shards.split(one.id, one.phase, one.spec)
    return found


def _all(hand: _Hand, waiting: Mapping[tuple[str, str], list[Shard]], todo: Plan, check: int) -> list[Checked]:
    journals = {id: Journal(todo.results, todo.device, f"{id}-shards") for id, _ in waiting}
    done = {id: journal.read() for id, journal in journals.items()}
    every = [shard for some in waiting.values() for shard in some]
    chosen = random.Random(0).sample(every, min(check, len(every)))
    checks: dict[str, list[Checked]] = {id: [] for id in journals}
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
            hand.say(f"fleet: {found.name}: {' and '.join(found.devices)} differ by up to {found.away_um:.3g} um")
    for (id, phase), some in waiting.items():
        of_phase = [one for one in checks[id] if one.name.startswith(f"{phase}: ")]
        place = next(at for at, one in enumerate(todo.order, 1) if (one.id, one.phase) == (id, phase))
        todo.journals[id].append(shards.whole(some, done[id], of_phase, place))
    for journal in journals.values():
        journal.drop()
    return [one for found in checks.values() for one in found]


class _Hand:
    """What is given out and not yet taken back; a device that fails again and again gets nothing more."""

    def __init__(self, client: Client, workers: Mapping[str, str], wanted: Wanted, say: Say) -> None:
        self._client, self._wanted, self.say = client, wanted, say
        self._workers = dict(workers)  # device to worker
        self._failed = dict.fromkeys(workers, 0)
        self._running: dict[Future[Finished], Shard] = {}

    def give(self, shard: Shard, but: str = "") -> None:
        """To whichever device is free first; `but` and those that get nothing more only where there is no other."""
        able = [at for device, at in self._workers.items() if device != but] or list(self._workers.values())
        anyone = not but and len(self._workers) == len(self._failed)  # also a worker that was started later, or anew
        place = {} if anyone else {"workers": able, "allow_other_workers": True}
        key = f"edgebench-{shard.id}-{shard.name}-{time.monotonic_ns()}"
        task = shard.spec, self._wanted, but if len(self._workers) > 1 else ""
        self._running[self._client.submit(worker.measure, *task, key=key, pure=False, **place)] = shard

    def taken(self) -> Iterator[tuple[Shard, Finished]]:
        """As they end; a shard that failed is given to another device."""
        from distributed import wait

        while self._running:
            for future in wait(list(self._running), return_when="FIRST_COMPLETED").done:
                shard = self._running.pop(future)
                try:
                    found: Finished | Failed = future.result()
                except Exception as error:  # the worker itself, or Dask
                    raise DeviceError(f"fleet: {shard.name}: {' '.join(str(error).split())}") from error
                if isinstance(found, Finished):
                    yield shard, replace(found, phase=shard.name)
                else:
                    self._lost(shard, found)

    def _lost(self, shard: Shard, found: Failed) -> None:
        """Its device may be one that joined later, and is none of the workers."""
        before = self._failed.get(found.device, 0)
        self._failed[found.device] = now = before + (TRIES if found.unfit else bool(found.why))
        if before < TRIES <= now:
            self._workers.pop(found.device, None)
            self.say(f"fleet: {found.device} gets nothing more ({found.why})")
        if not self._workers:
            raise DeviceError(f"fleet: no device is left ({found.why}). What is finished is kept: run again.")
        self.give(shard, but=found.device)


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


def _workers(client: Client, fleet: Fleet, packages: list[str]) -> tuple[dict[str, str], Wanted]:
    """Device to the address of its worker, and what each of them is; UsageError where they are not of one type."""
    told = client.run(worker.facts, fleet.devices, packages, on_error="return")
    if not told:
        raise UsageError(
            f"{fleet.scheduler} has no worker. Start one on each machine: {WORKER.format(fleet.scheduler)}."
        )
    for address, facts in told.items():
        if isinstance(facts, EdgebenchError):
            raise facts
        if isinstance(facts, Exception):
            raise UsageError(f"worker {address} cannot measure ({facts}). Install edgebench there, as it is here.")
    devices = {facts["name"]: address for address, facts in told.items()}
    if fleet.scheduler:
        who, mend = "this machine, which measures time and memory", "run the command on one of its boards"
        host = base.connect("local").host()
    else:
        who, mend = next(iter(fleet.devices)), "make one of each"
        host = told[devices[who]]["host"]
    wanted = Wanted(fleet.devices, packages, cells.code_sha256(), host, who, mend)
    for facts in told.values():
        unfit = worker.unfit(facts, wanted)
        if unfit:
            raise UsageError(unfit)
    return devices, wanted
