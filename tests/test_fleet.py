"""Accuracy shared out to several devices: the same record as one device makes, whatever happens to a worker."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from dataclasses import replace

import pytest
from test_session import cell as cell  # a fixture
from test_session import data as data  # a fixture

from edgebench.bench import fleet as fleets
from edgebench.bench import plan, session, shards, worker
from edgebench.bench.journal import Finished
from edgebench.cli.main import main
from edgebench.devices.local import Local
from edgebench.errors import DeviceError, UsageError
from edgebench.records import store
from edgebench.records.summary import summarise

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")


@contextlib.contextmanager
def workers(count, **options):
    dask.config.set({"distributed.scheduler.locks.lease-timeout": "3s"})  # of a worker that died with the host's
    options = {"dashboard_address": ":0", "memory_limit": 0, "protocol": "tcp", **options}
    with distributed.LocalCluster(n_workers=count, threads_per_worker=1, **options) as made:
        yield made


@pytest.fixture
def whole(cell):
    """Of all images, on a real runtime; a latency process of few calls."""
    return cell(backend="litert", package="ai-edge-litert", images=0, repeats=1)


def measured(whole, data, results, fleet=None, say=lambda line: None):
    device = Local()
    todo = plan.make([whole], device, data, results, force=False, seed=0)
    found = []
    if fleet is not None:
        found = fleets.measure(todo, fleet, say)
        todo = plan.make([whole], device, data, results, force=False, seed=0)
        assert not [one for one in todo.left if one.spec.mode == "accuracy"]
    (outcome,) = session.follow(todo, device, data)
    return store.load(outcome.path), found


def answers(record):
    return {split: {(i["stack"], i["z_nm"]): i["patches_um"] for i in part["images"]}
            for split, part in record["accuracy"].items()}  # fmt: skip


@pytest.fixture
def alone(whole, data, tmp_path):
    return measured(whole, data, tmp_path / "alone")[0]


def test_several_workers_make_the_record_that_one_device_makes(whole, data, tmp_path, alone):
    said = []
    with workers(2, processes=True) as made:
        fleet = fleets.Fleet({}, made.scheduler_address)
        record, checked = measured(whole, data, tmp_path, fleet, said.append)
    assert answers(record) == answers(alone)
    assert said == ["fleet: 4 stacks of 2 processes, 2 devices"]
    assert len(checked) == 2 and all(one.away_um == 0 and one.devices[0] != one.devices[1] for one in checked)
    for split, part in record["accuracy"].items():
        assert set(part["fleet"]["stacks"]) == {image["stack"] for image in part["images"]}
        assert {one["stack"]: one["device"] for one in part["fleet"]["states"]} == part["fleet"]["stacks"]
        assert part["padded"] >= alone["accuracy"][split]["padded"]
    assert not list((tmp_path / "unfinished").glob("*/*"))
    assert os.uname().nodename not in str(record["accuracy"])
    assert summarise(record).errors.keys() == summarise(alone).errors.keys()


def _dies_once(flag):
    """In a worker: its first shard ends it, as when a board loses its power."""
    run = Local.run

    def dying(self, spec):
        with contextlib.suppress(FileExistsError):
            os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
        return run(self, spec)

    Local.run = dying


def _slow(flag):
    run = Local.run

    def slowly(self, spec):
        if distributed.get_worker().name == 0:
            time.sleep(2)
        return run(self, spec)

    Local.run = slowly


def _fails(flag):
    """One board can no longer be reached."""
    run = Local.run

    def failing(self, spec):
        if distributed.get_worker().name == 0:
            raise DeviceError("host 'pi-0': lost")
        return run(self, spec)

    Local.run = failing


@pytest.mark.parametrize("harm", [_dies_once, _slow, _fails])
def test_a_worker_that_is_killed_slow_or_failing_loses_nothing(harm, whole, data, tmp_path, alone):
    with workers(2, processes=True) as made, distributed.Client(made) as client:
        client.register_plugin(Harm(harm, str(tmp_path / "flag")))
        record, _ = measured(whole, data, tmp_path, fleets.Fleet({}, made.scheduler_address, check=0))
    assert answers(record) == answers(alone)
    assert harm is not _dies_once or (tmp_path / "flag").exists()


def _late_fails(flag):
    run = Local.run

    def failing(self, spec):
        if distributed.get_worker().name == 1:
            raise DeviceError("host 'pi-1': lost")
        return run(self, spec)

    Local.run = failing


def _late_is_of_another_type(name):
    if name == 1:
        _is_of_another_type(name)


def _is_of_another_type(flag):
    host = Local.host
    Local.host = lambda self: {**host(self), "cpu": "another CPU"}


class Harm(distributed.WorkerPlugin):
    def __init__(self, harm, flag=""):
        self._harm, self._flag = harm, flag

    def setup(self, worker):
        self._harm(self._flag or worker.name)


@pytest.mark.parametrize(
    ("harm", "why"), [(_late_fails, "host 'pi-1': lost"), (_late_is_of_another_type, "cpu another CPU, but")]
)
def test_a_worker_that_joins_later_is_looked_at_as_the_first_are(harm, why, whole, data, tmp_path, alone):
    said = []
    with workers(1, processes=True) as made, distributed.Client(made) as client:
        client.register_plugin(Harm(harm))

        def say(line):
            said.append(line)
            if len(said) == 1:  # the first are known, and nothing is handed out
                made.scale(2)
                client.wait_for_workers(2)

        record, _ = measured(whole, data, tmp_path, fleets.Fleet({}, made.scheduler_address), say)
    assert answers(record) == answers(alone)
    assert len({one for part in record["accuracy"].values() for one in part["fleet"]["stacks"].values()}) == 1
    assert any(why in line for line in said[1:]) or harm is _late_fails


def test_a_failure_of_a_device_that_nobody_knew_is_counted_as_any_other(whole, data):
    (phase, spec), *_ = whole.processes(data)
    (shard, *_) = shards.split("id", phase, spec)
    given, said = [], []
    hand = fleets._Hand(None, {"a": "tcp://a"}, None, said.append)
    hand.give = lambda shard, but="": given.append(but)
    for _ in range(fleets.TRIES + 1):
        hand._lost(shard, worker.Failed("worker-new", "lost"))
    hand._lost(shard, worker.Failed("worker-old", "another edgebench", unfit=True))
    assert given == ["worker-new"] * (fleets.TRIES + 1) + ["worker-old"]
    assert said == [f"fleet: {name} gets nothing more ({why})"
                    for name, why in (("worker-new", "lost"), ("worker-old", "another edgebench"))]  # fmt: skip


HOST = {"cpu": "Pi 4", "machine": "aarch64", "python": "3.11.2", "versions": {"onnxruntime": "1.22.0"}}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""),
        ({"threads": 4}, "a worker of 4 threads"),
        ({"code": "b"}, "another edgebench"),
        ({"host": {**HOST, "cpu": "Pi 5"}}, "lab-2: cpu Pi 5, but Pi 4 on lab-1. A fleet is of one type: make one of"),
        ({"host": {**HOST, "python": "3.13.1"}}, "python 3.13.1, but 3.11.2"),
        ({"host": {**HOST, "versions": {}}}, "onnxruntime None, but 1.22.0"),
        ({"host": {**HOST, "versions": {**HOST["versions"], "openvino": "1"}}}, "openvino 1, but None"),
    ],
)
def test_a_worker_of_another_type_is_refused_with_what_differs(change, why):
    wanted = worker.Wanted({}, (), "a", HOST, "lab-1", "make one of each")
    said = worker.unfit({"name": "lab-2", "threads": 1, "code": "a", "host": HOST, **change}, wanted)
    assert why in said and bool(why) is bool(said)


def test_a_scheduler_of_boards_is_told_to_a_machine_that_is_none(whole, data, tmp_path):
    todo = plan.make([whole], Local(), data, tmp_path, force=False, seed=0)
    with workers(1, processes=True) as made, distributed.Client(made) as client:
        client.register_plugin(Harm(_is_of_another_type))
        with pytest.raises(UsageError, match=r"on this machine, .* run the command on one of its boards\."):
            fleets.measure(todo, fleets.Fleet({}, made.scheduler_address), print)


def test_a_governor_of_a_fleet_is_refused_before_anything_is_reached(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["edgebench", "run", "--fleet", "fleet.toml", "--governor", "performance"])
    with pytest.raises(SystemExit) as exit:
        main()
    assert exit.value.code == 2
    assert "of a fleet the first device alone would have it" in " ".join(capsys.readouterr().err.split())


def test_what_was_finished_before_a_stop_is_not_measured_again(whole, data, tmp_path, alone):
    def stop(line):
        raise KeyboardInterrupt

    with workers(1, processes=False) as made:
        fleet = fleets.Fleet({}, made.scheduler_address)
        todo = plan.make([whole], Local(), data, tmp_path, force=False, seed=0)
        done = []
        append = fleets.Journal.append

        def appended(self, one):
            append(self, one)
            done.append(one.phase)
            if len(done) == 2:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(fleets.Journal, "append", appended)
            fleets.measure(todo, fleet, lambda line: None)
        seen = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fleets._Hand, "give", spied(seen, fleets._Hand.give))
            record, _ = measured(whole, data, tmp_path, fleet)
    assert len(done) == 2 and len(seen) == 2 and not set(done) & set(seen)
    assert answers(record) == answers(alone)


def spied(seen, give):
    def giving(self, shard, but=""):
        seen.append(shard.name)
        give(self, shard, but)

    return giving


def finished(shard, device, away=0.0):
    image = {"stack": shard.stack, "z_nm": 1000, "patches_um": [1.0, 2.0 + away]}
    times = {"wall_ns": 5, "cpu_ns": 4, "images": 1, "patches": 2, "padded": 6, "workers": 1, "peak_rss_bytes": 9}
    events = {"device": [{"name": device}], "host": [{}], "load": [{}], "image": [image], "accuracy": [times]}
    return Finished(shard.name, 0, "2026-01-01", 1.0, {"load": 1}, {"load": 2}, events)


def test_a_shard_that_two_devices_answer_differently_is_told_and_has_a_verdict(whole, data, alone):
    (phase, spec), *_ = whole.processes(data)
    parts = shards.split("id", phase, spec)
    done = {shard.name: finished(shard, "a") for shard in parts}
    found = shards.checked(parts[0], done[parts[0].name], finished(parts[0], "b", 0.25))
    assert (found.devices, found.away_um) == (("a", "b"), 0.25)
    one = shards.whole(parts, done, [found], 3)
    (total,) = one.events["accuracy"]
    assert (total["wall_ns"], total["images"], one.place) == (5 * len(parts), len(parts), 3)
    part = alone["accuracy"]["test-1"]
    part["fleet"] = total["fleet"]
    (verdict,) = [one for one in summarise(alone).verdicts if one.name == "MISMATCH"]
    assert verdict.about == "test-1" and "on a, b, by up to 0.25 um" in verdict.reason


def test_the_states_of_a_shared_process_are_each_of_one_device(whole, data):
    (phase, spec), *_ = whole.processes(data)
    one, other = shards.split("id", phase, spec)
    before, after = {"throttled": 0}, {"throttled": 0x50000}
    late = replace(finished(other, "b"), started="2026-01-02", before=after, after=after)
    done = {one.name: replace(finished(one, "a"), before=before, after=before), other.name: late}
    made = shards.whole([one, other], done, [], 1)
    assert (made.before, made.after) == (before, before)
    assert made.events["accuracy"][0]["fleet"]["states"] == [
        {"stack": one.stack, "device": "a", "before": before, "after": before},
        {"stack": other.stack, "device": "b", "before": after, "after": after},
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "give tables"),
        ('scheduler = "tcp://a:1"\n[device.a]\nhost = "a"', "not both"),
        ("scheduler = 7", "scheduler is a text"),
        ('check = -1\n[device.a]\nhost = "a"', "check a number"),
        ("[device.a]\npower = 1", "device.a.power"),
        ('[device.a]\nhost = "a"\ncheck = 2', "Put it on top"),
        ("[devices]", "not 'devices'"),
    ],
)
def test_a_fleet_that_cannot_be_is_one_line(text, why, tmp_path):
    (tmp_path / "fleet.toml").write_text(text)
    with pytest.raises(UsageError, match=why):
        fleets.load(tmp_path / "fleet.toml")


def test_a_fleet_of_devices_is_read(tmp_path):
    (tmp_path / "fleet.toml").write_text('check = 5\n[device.a]\nhost = "pi@a"\n[device.b]\nemulate = "pi4"\n')
    fleet = fleets.load(tmp_path / "fleet.toml")
    assert fleet == fleets.Fleet({"a": {"host": "pi@a"}, "b": {"emulate": "pi4"}}, "", 5)


def test_what_no_fleet_can_measure_is_refused(cell, whole, data, tmp_path):
    some = cell(backend="litert", package="ai-edge-litert", images=1)
    fleet = fleets.Fleet({}, "tcp://127.0.0.1:9")
    with pytest.raises(UsageError, match="Leave out --images"):
        fleets.measure(plan.make([some], Local(), data, tmp_path, force=False, seed=0), fleet, print)
    todo = plan.make([whole], Local(), data, tmp_path, force=False, seed=0)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(UsageError, match="no Dask scheduler"):
        patch.setattr(fleets, "CONNECT_S", 1)
        fleets.measure(todo, fleet, print)
    with workers(1, processes=False) as made, distributed.Client(made) as client:
        client.run(lambda: None)
        fit = fleets.Fleet({}, made.scheduler_address)
        with pytest.MonkeyPatch.context() as patch, pytest.raises(UsageError, match="another edgebench"):
            codes = iter(["a", "b"])
            patch.setattr(fleets.cells, "code_sha256", lambda: next(codes))
            fleets.measure(todo, fit, print)
    with workers(0) as made, pytest.raises(UsageError, match="has no worker"):
        fleets.measure(todo, fleets.Fleet({}, made.scheduler_address), print)
