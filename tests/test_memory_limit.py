"""R21: the smallest limit of memory that is survived, by a limit that the kernel keeps; skipped with the reason."""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from test_devices import SPEC
from test_runner import change, of, process
from test_runner import run_spec as run_spec  # a fixture
from test_session import HOST, LOAD, Canned, run
from test_session import cell as cell  # a fixture
from test_session import data as data  # a fixture

from edgebench.bench import memory_limit
from edgebench.bench.memory_limit import STEP
from edgebench.cli.run_table import table
from edgebench.devices import limits
from edgebench.devices.local import Local
from edgebench.errors import DeviceError
from edgebench.records import store
from edgebench.records.summary import summarise

PEAK = 100 * STEP - 7


class Limited(Canned):
    """Survives in so many steps of memory, or cannot limit it at all."""

    limiter = "a fake"

    def __init__(self, needs=0, reason=None):
        super().__init__()
        self._needs, self._reason, self.tried = needs, reason, []

    def run(self, spec):
        if spec.mode != "endure":
            return super().run(spec)
        self.started.append(spec.mode)
        return iter([HOST, LOAD, {"event": "endure", "calls": 50, "peak_rss_bytes": PEAK}, {"event": "done"}])

    def no_limits(self):
        return self._reason

    def survives(self, spec, limit_bytes, patience_s):
        assert spec.mode == "endure" and patience_s > 0
        self.tried.append(limit_bytes // STEP)
        return limit_bytes >= self._needs * STEP


@pytest.mark.parametrize("needs", [1, 2, 37, 99, 100, 101, 180, 1000])
def test_r21_the_smallest_limit_is_found_in_few_runs(needs):
    tried = []
    assert memory_limit.search(lambda n: tried.append(n) or n >= needs, 100, 1000) == needs
    assert len(tried) == len(set(tried)) <= 20


def test_r21_a_limit_beyond_the_memory_of_the_device_is_none():
    assert memory_limit.search(lambda n: False, 100, 1000) is None


def test_r21_the_record_holds_every_try(cell, data, tmp_path, capsys):
    device = Limited(needs=73)
    (outcome,) = run([cell(memory_limit=True)], device, data, tmp_path)
    found = store.load(outcome.path)["memory_limit"]
    assert found["limit_bytes"] == 73 * STEP
    assert [one["limit_bytes"] // STEP for one in found["tries"]] == device.tried
    assert {one["limit_bytes"]: one["survived"] for one in found["tries"]}[72 * STEP] is False
    assert (found["limiter"], found["calls"], found["reason"]) == ("a fake", 50, None)
    assert summarise(store.load(outcome.path)).limit.mib == 73
    table([outcome], ["test-1", "test-2"])
    assert "73" in capsys.readouterr().out


def test_r21_a_device_that_cannot_limit_is_skipped_with_the_reason(cell, data, tmp_path, capsys):
    device = Limited(reason="no such controller")
    (outcome,) = run([cell(memory_limit=True)], device, data, tmp_path)
    assert "endure" not in device.started and device.tried == []
    found = store.load(outcome.path)["memory_limit"]
    assert found == {"limit_bytes": None, "reason": "no such controller"}
    table([outcome], ["test-1", "test-2"])
    out = capsys.readouterr().out
    assert "none" in out and "skipped: no such controller." in out


def test_a_kind_of_device_without_limits_is_skipped_too(cell, data, tmp_path):
    (outcome,) = run([cell(memory_limit=True)], Canned(), data, tmp_path)
    assert "cannot set limits" in store.load(outcome.path)["memory_limit"]["reason"]


def test_without_the_option_nothing_is_searched(cell, data, tmp_path):
    device = Limited(needs=73)
    (outcome,) = run([cell()], device, data, tmp_path)
    assert store.load(outcome.path)["memory_limit"] is None and device.tried == []


# the runner


def test_the_runner_answers_50_times_and_reads_no_image(run_spec):
    status, events, _ = process(change(run_spec, mode="endure", data_root="/nowhere"))
    (found,) = of(events, "endure")
    assert status == 0
    assert found["calls"] == 50 and found["peak_rss_bytes"] > 0


def test_what_is_limited_does_not_import_opencv():
    code = "import edgebench.runner.endure, sys; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# the device


class Fake:
    """Puts a program of a few lines in the place of the runner; it sees the limit."""

    name = "a fake"

    def __init__(self, program):
        self._program = program

    @contextlib.contextmanager
    def limited(self, limit_bytes):
        yield [sys.executable, "-c", f"import os, sys, time; limit = {limit_bytes}; {self._program}"]


def device(program, monkeypatch):
    monkeypatch.setattr(limits, "find", lambda: Fake(program))
    return Local()


DONE = """print('{"event": "done"}')"""


def test_a_runner_that_the_kernel_kills_did_not_survive(monkeypatch):
    local = device(f"limit < 100 and os.kill(os.getpid(), 9); {DONE}", monkeypatch)
    assert [local.survives(SPEC, limit, 60) for limit in (50, 100)] == [False, True]
    assert local.limiter == "a fake"


def test_a_runner_that_only_waits_for_its_pages_did_not_survive(monkeypatch):
    assert device("time.sleep(600)", monkeypatch).survives(SPEC, 1, 0.2) is False


def test_a_runner_that_fails_otherwise_is_an_error(monkeypatch):
    with pytest.raises(DeviceError, match="ended with status 7"):
        device("sys.exit(7)", monkeypatch).survives(SPEC, 1, 60)


def test_a_limit_that_was_not_read_back_is_none(monkeypatch):
    monkeypatch.setattr(limits, "find", lambda: "no controller")
    local = Local()
    assert local.no_limits() == "no controller" and local.limiter == ""
    with pytest.raises(DeviceError, match=r"cannot be limited \(no controller\)"):
        local.survives(SPEC, 1, 60)


# the limiters


MOUNTS = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"


def test_the_mount_of_cgroup_v2_is_found():
    assert limits.mount(MOUNTS) == Path("/sys/fs/cgroup/unified")
    assert limits.mount("tmpfs /run tmpfs rw 0 0\n") is None


def test_groups_are_made_only_where_memory_may_be_limited(tmp_path):
    own = "1:cpu:/x\n0::/user/session\n"
    session = tmp_path / "user" / "session"
    session.mkdir(parents=True)
    assert limits.writable(tmp_path, own) is None
    (session.parent / "cgroup.subtree_control").write_text("cpu memory\n")
    assert limits.writable(tmp_path, own) == session.parent
    (session.parent / "cgroup.subtree_control").write_text("cpu\n")
    assert limits.writable(tmp_path, own) is None
    assert limits.writable(tmp_path, "1:cpu:/x\n") is None


def test_a_group_gets_its_limit_no_swap_and_the_command(tmp_path):
    with limits.Folder(tmp_path).limited(2**20) as prefix:
        (group,) = tmp_path.iterdir()
        assert (group / "memory.max").read_text() == str(2**20)
        assert (group / "memory.swap.max").read_text() == "0"
        done = subprocess.run([*prefix, "echo", "here"], capture_output=True, text=True)
        assert done.stdout == "here\n"
        assert (group / "cgroup.procs").read_text().strip().isdigit()
        for file in group.iterdir():  # the kernel's own vanish with the group
            file.unlink()
    assert list(tmp_path.iterdir()) == []


def test_a_limiter_that_does_not_limit_is_found_out(tmp_path):
    class Nothing:
        name = "nothing"

        @contextlib.contextmanager
        def limited(self, limit_bytes):
            yield []

    assert limits.fault(Nothing(), tmp_path) is not None


def test_systemd_is_asked_for_memory_without_swap():
    with limits.Systemd().limited(2**20) as prefix:
        assert prefix[0] == "systemd-run" and "--scope" in prefix and prefix[-1] == "--"
        assert {"MemoryMax=1048576", "MemorySwapMax=0"} <= set(prefix)


def test_this_machine_limits_or_says_why_not():
    """On a machine that can, a small runner must survive in much memory and not in a little."""
    local = Local()
    reason = local.no_limits()
    if reason is not None:
        assert len(reason) > 10
        pytest.skip(f"no limits here: {reason}")
    spec = dataclasses.replace(SPEC, mode="endure")
    assert local.survives(spec, 2**30, 120)
    assert not local.survives(spec, 2**20, 120)
