"""Sweeps on a Dask cluster: cells handed out in order, taken over from a lost worker, given back on Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import threading
import time
from pathlib import Path

import pytest
from fixtures_models import network
from fixtures_sweep import FakeTraining, write

from edgebench.errors import ModelError, UsageError
from edgebench.models import recipes, regressor, state, store
from edgebench.training import cluster
from edgebench.training import job as jobs
from edgebench.training.job import Job

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")
PATIENCE_S = 60


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cluster, "POLL_S", 0.05)


@contextlib.contextmanager
def workers(count=1, *, threads=1, processes=False, memory_limit=0):
    options = {"dashboard_address": ":0", "memory_limit": memory_limit, "protocol": "tcp"}
    with distributed.LocalCluster(n_workers=count, threads_per_worker=threads, processes=processes, **options) as made:
        yield made


def job(name, **changed):
    return Job(name, ("d",), **changed)


def whats(outcomes):
    return {one.name: one.what for one in outcomes}


def test_cells_are_trained_skipped_and_failed_as_on_one_machine(monkeypatch):
    fake, told = FakeTraining(), []
    fake.fails["bad"] = ModelError("diverged")
    monkeypatch.setattr(jobs, "run", fake)
    pupil = {"recipe": "distil", "epochs": 1}
    cells = [
        job("a", epochs=1),
        job("pupil", teacher="models/a", **pupil),
        job("bad"),
        job("of-bad", teacher="models/bad", **pupil),
        job("b", epochs=1),
    ]
    with workers(2) as made:
        found = whats(cluster.run(cells, made.scheduler_address, report=lambda *what: told.append(what)))
        assert found == {"a": "trained", "pupil": "trained", "b": "trained", "bad": "failed", "of-bad": "failed"}
        assert whats(cluster.run(cells[:2], made.scheduler_address)) == {"a": "skipped", "pupil": "skipped"}
    assert {(cell, now.epoch, now.validation_um) for cell, now in told} == {
        (name, 1, 0.25) for name in ("a", "b", "pupil")
    }
    assert not list(Path("models").glob(".sweep-*"))


def test_a_worker_trains_one_cell_at_a_time_even_if_it_could_more(monkeypatch):
    running, most = [], []

    def train(job, **_):
        running.append(job.name)
        most.append(len(running))
        time.sleep(0.05)
        running.remove(job.name)
        return write(job, {})

    monkeypatch.setattr(jobs, "run", train)
    monkeypatch.setattr(cluster, "_unfit", lambda token: "")
    with workers(1, threads=4) as made:
        assert set(whats(cluster.run([job(name) for name in "abcd"], made.scheduler_address)).values()) == {"trained"}
    assert set(most) == {1}


def test_two_workers_never_make_the_same_patches_at_once(monkeypatch):
    from edgebench.models.train import Status

    making, most, steps = [], [], threading.Barrier(2, timeout=PATIENCE_S)

    def train(job, *, report, **_):
        making.append(job.name)
        most.append(len(making))
        time.sleep(0.05)
        making.remove(job.name)
        report(Status(1, 1, 9, 0.5, 9.0, 1.0))
        steps.wait()  # but they train at once
        return write(job, {})

    monkeypatch.setattr(jobs, "run", train)
    monkeypatch.setattr(cluster, "_alone", contextlib.nullcontext())  # each process has one; here both workers are one
    with workers(2) as made:
        assert set(whats(cluster.run([job("a"), job("b")], made.scheduler_address)).values()) == {"trained"}
    assert set(most) == {1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 2}, "has 2 threads, .* Start one on each machine: dask worker tcp://.* --nthreads 1"),
        ({"memory_limit": 10**9}, "has a memory limit"),
    ],
)
def test_a_cluster_that_is_unfit_is_refused_before_anything_is_trained(options, message):
    with workers(**options) as made, pytest.raises(UsageError, match=message) as refused:
        next(cluster.run([job("a")], made.scheduler_address))
    assert "\n" not in str(refused.value)
    assert not list(Path("models").iterdir())


def test_a_cluster_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr(distributed.Client, "run", lambda *_, **__: {})
    with workers() as made, pytest.raises(UsageError, match=r"tcp://.* has no worker\. Start one on each machine"):
        next(cluster.run([job("a")], made.scheduler_address))


def test_a_worker_without_edgebench_is_refused(monkeypatch):
    monkeypatch.setattr(distributed.Client, "run", lambda *_, **__: {"tcp://w": Exception("No module named 'e'")})
    with workers() as made, pytest.raises(UsageError, match=r"worker tcp://w cannot train \(No module named 'e'\)"):
        next(cluster.run([job("a")], made.scheduler_address))


def test_a_worker_that_sees_other_files_is_refused(monkeypatch):
    monkeypatch.setattr(Path, "touch", lambda path: None)
    monkeypatch.setattr(Path, "unlink", lambda path, missing_ok=False: None)
    with workers() as made, pytest.raises(UsageError, match=r"does not see .*models: all machines need the same"):
        next(cluster.run([job("a")], made.scheduler_address))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere"])
def test_a_scheduler_that_is_not_there_is_one_line(address, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    with pytest.raises(UsageError, match=rf"no Dask scheduler at {address} .* Start one: dask scheduler"):
        next(cluster.run([job("a")], address))


def test_a_sweep_that_is_stopped_takes_its_cell_back_from_the_worker(monkeypatch):
    begun, ended = threading.Event(), []

    def train(job, *, report, **_):
        from edgebench.models.train import Status

        try:
            for step in range(PATIENCE_S * 50):
                report(Status(1, step, 9, 0.5, 9.0, 1.0))
                begun.set()
                time.sleep(0.02)
        finally:
            ended.append(step)

    monkeypatch.setattr(jobs, "run", train)
    with workers() as made:
        outcomes = cluster.run([job("a")], made.scheduler_address)
        thread = threading.Thread(target=lambda: (begun.wait(PATIENCE_S), _interrupt(made)))
        thread.start()
        assert [one.what for one in outcomes] == ["failed"]
        thread.join()
        until = time.monotonic() + PATIENCE_S
        while not ended and time.monotonic() < until:
            time.sleep(0.05)
    assert ended[0] < PATIENCE_S * 50 - 1


def _interrupt(made):
    """What the end of the client's process does: the scheduler forgets what it wanted."""
    made.scheduler.loop.add_callback(
        lambda: [made.scheduler.remove_client(name) for name in list(made.scheduler.clients)]
    )


class Dying(distributed.WorkerPlugin):
    """The first training in a worker process takes the process with it, after its first epoch."""

    def setup(self, worker):
        jobs.run = self.train

    def train(self, job, **_):
        begun = job.folder / state.NAME
        if not begun.is_file():
            FakeTraining().checkpoint(job)
            os._exit(1)
        assert not multiprocessing.current_process().daemon  # it may have a pool of processes
        return write(job, {"went on from": json.loads(begun.read_text())["epochs"]})


def test_the_cell_of_a_lost_worker_is_handed_out_again_and_goes_on(tmp_path):
    locks = {"lease-timeout": "2s", "lease-validation-interval": "1s"}  # of the lost worker's lock
    with dask.config.set({"distributed.scheduler.locks": locks}), workers(1, processes=True) as made:
        with distributed.Client(made) as client:
            client.register_plugin(Dying())
        assert whats(cluster.run([job("a")], made.scheduler_address)) == {"a": "trained"}
    assert store.load_card(tmp_path / "models/a").made["hardware"] == {"went on from": 20}


def test_a_real_network_is_trained_on_a_worker_and_its_epochs_come_back(tiny_dataset, monkeypatch, tmp_path):
    monkeypatch.setattr(regressor, "build", network)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0})
    monkeypatch.setitem(recipes.RECIPES, "paper", recipes.Recipe("sgd", 1e-3, "mse", 4, 0.9, clipnorm=1.0))
    told = []
    cells = [Job(name, (str(tiny_dataset),), "paper", input_size=32, epochs=2) for name in "ab"]
    with workers() as made:
        found = whats(cluster.run(cells, made.scheduler_address, report=lambda *what: told.append(what)))
        assert whats(cluster.run(cells[:1], made.scheduler_address)) == {"a": "skipped"}
    assert found == {"a": "trained", "b": "trained"}
    assert {(cell, now.epoch) for cell, now in told} == {(cell, epoch) for cell in "ab" for epoch in (1, 2)}
    one, two = (store.load(tmp_path / "models" / name)[0] for name in "ab")
    assert [layer.name for layer in one.layers] == [layer.name for layer in two.layers]
