"""The cells of a sweep on several machines: one at a time to each worker of a Dask scheduler.

All machines see the data, the models and the cache at the same path. A lost worker's cell is handed out again, and goes
on from its checkpoint; a sweep that is stopped takes its cells back, after the step that they are at.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from edgebench.errors import UsageError
from edgebench.training import cells
from edgebench.training.cells import Outcome, Report
from edgebench.training.job import Job

if TYPE_CHECKING:
    from distributed import Client, Future

    from edgebench.models.train import Status

CONNECT_S = 10
WAIT_S = 5  # for the patches, before a worker looks whether its cell is still wanted
POLL_S = 0.5
WORKER = "dask worker {} --nthreads 1 --memory-limit 0"
_alone = threading.Lock()  # a worker that joins later is not asked for its threads


def run(
    jobs: Sequence[Job],
    address: str,
    *,
    force: bool = False,
    report: Report = lambda cell, status: None,
    hardware: Callable[[], dict[str, Any]] = dict,
) -> Iterator[Outcome]:
    """Outcomes as the cells end; `report` is told each finished epoch. UsageError where the cluster is unfit."""
    try:
        from distributed import Client
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"--scheduler needs Dask ({missing}). Install it: pip install 'edgebench[cluster]'."
        ) from missing
    try:
        client = Client(address, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler at {address} ({error}). Start one: dask scheduler.") from error
    with client:
        _refuse_unfit(client, address, jobs)
        topic = f"edgebench-sweep-{uuid4().hex}"
        client.subscribe_topic(topic, lambda event: _tell(report, event[1]))
        here = str(Path.cwd())

        def submit(job: Job, needed: tuple[Outcome, ...]) -> Future[Outcome]:
            key = f"{topic}-{job.name}"  # never one that a worker may still be giving back
            return client.submit(_cell, job, needed, force, topic, here, hardware, key=key, pure=False)

        yield from _hand_out(client, jobs, submit)


def _hand_out(
    client: Client, jobs: Sequence[Job], submit: Callable[[Job, tuple[Outcome, ...]], Future[Outcome]]
) -> Iterator[Outcome]:
    """As many cells as there are workers without work: Dask, given all, lets some wait behind a long training."""
    folders = {str(job.folder) for job in jobs}
    waiting = list(jobs)
    running: dict[Future[Outcome], Job] = {}
    done: dict[str, Outcome] = {}
    while waiting or running:
        processing = client.processing()
        placed = {key for keys in processing.values() for key in keys}
        free = sum(not keys for keys in processing.values()) - sum(future.key not in placed for future in running)
        ready = [job for job in waiting if not set(job.needs) & (folders - done.keys())]
        for job in ready[: max(free, 0)]:
            waiting.remove(job)
            running[submit(job, cells.needed(job, done))] = job
        time.sleep(POLL_S)
        for future in [one for one in running if one.done()]:
            job = running.pop(future)
            outcome = future.result() if future.status == "finished" else _lost(job.name, future.exception())
            done[str(job.folder)] = outcome
            yield outcome


def _lost(name: str, error: BaseException | None) -> Outcome:
    return Outcome(name, "failed", " ".join(str(error or "the scheduler has gone, or took it back").split()))


def _tell(report: Report, message: dict[str, Any]) -> None:
    from edgebench.models.train import Status

    report(message["cell"], Status(**message["status"]))


def _refuse_unfit(client: Client, address: str, jobs: Sequence[Job]) -> None:
    start = f"Start one on each machine: {WORKER.format(address)}."
    folder = Path(jobs[0].models)
    folder.mkdir(parents=True, exist_ok=True)
    token = (folder / f".sweep-{uuid4().hex}").resolve()
    token.touch()
    try:
        unfit = client.run(_unfit, str(token), on_error="return")
    finally:
        token.unlink()
    if not unfit:
        raise UsageError(f"{address} has no worker. {start}")
    for worker, why in unfit.items():
        if isinstance(why, Exception):  # it could not even import this module
            raise UsageError(f"worker {worker} cannot train ({why}). Install edgebench[all] there, as it is here.")
        if why:
            raise UsageError(f"worker {worker} {why}. {start}")


def _unfit(token: str, dask_worker: Any = None) -> str:
    """Why a worker cannot train; empty if it can."""
    if dask_worker.state.nthreads > 1:
        return f"has {dask_worker.state.nthreads} threads, and would train as many models at once"
    if dask_worker.memory_manager.memory_limit:
        return "has a memory limit, and would be killed for the patches that it maps from disk"
    if not Path(token).is_file():
        return f"does not see {Path(token).parent}: all machines need the same files at the same path"
    return ""


def _cell(
    job: Job,
    needed: tuple[Outcome, ...],
    force: bool,
    topic: str,
    folder: str,
    hardware: Callable[[], dict[str, Any]],
) -> Outcome:
    """The task, on a worker: relative paths mean what they mean where the sweep was started."""
    from distributed import Lock, get_worker

    worker = get_worker()
    key = worker.get_current_task()
    multiprocessing.current_process().daemon = False  # as Dask's nanny starts it; daemons may have no pool of processes

    def go_on() -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":
            raise CancelledError(f"{job.name}: nobody waits for it any more")

    def report(cell: str, status: Status) -> None:
        has_patches.close()
        if status.validation_um is not None:
            worker.log_event(topic, {"cell": cell, "status": asdict(status)})
        go_on()

    with _alone, contextlib.chdir(folder), contextlib.ExitStack() as has_patches:
        lock = Lock(
            f"edgebench {Path(job.cache).resolve()}"
        )  # cells share patches, and must not make them twice at once
        while not lock.acquire(timeout=WAIT_S):
            go_on()
        has_patches.callback(lock.release)
        return cells.train(job, needed, force=force, making=lambda *what: go_on(), report=report, hardware=hardware)
