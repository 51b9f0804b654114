from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgebench import errors
from edgebench.devices import base, local
from edgebench.errors import BackendError, DeviceError, UsageError
from edgebench.runner import state as runner_state
from edgebench.types import RunSpec, StackFiles

SPEC = RunSpec("accuracy", "model.any", "null", 2, 1, 32, "/nowhere", (StackFiles("s1_l1", "s1", (("a.jpg", 0),)),))


@pytest.fixture
def device():
    return base.connect("local")


@pytest.fixture
def child(monkeypatch):
    """Replace the runner by a program of a few lines."""

    original = subprocess.Popen

    def replace(program):
        def popen(command, **options):
            assert command[1:] == ["-m", "edgebench.runner"]
            return original([sys.executable, "-c", program], **options)

        monkeypatch.setattr(local.subprocess, "Popen", popen)

    return replace


def test_events_come_as_they_are_written(device, child):
    child("""
import sys
print('{"event": "host", "cores": 2}', flush=True)
spec = sys.stdin.read()
print('{"event": "done"}')
""")
    assert [event["event"] for event in device.run(SPEC)] == ["host", "done"]


def test_the_runner_gets_the_spec_as_json(device, child):
    child("import json, sys; print(json.dumps({'event': 'done', 'spec': json.load(sys.stdin)}))")
    (event,) = device.run(SPEC)
    assert event["spec"]["backend"] == "null"
    assert event["spec"]["stacks"][0]["planes"] == [["a.jpg", 0]]


def test_an_error_event_is_raised_as_the_error_it_names(device, child):
    child(
        """import sys; print('{"event": "error", "kind": "BackendError", "message": "no such thing"}'); sys.exit(2)"""
    )
    with pytest.raises(BackendError, match="no such thing"):
        list(device.run(SPEC))


def test_every_error_of_the_tree_can_cross_the_border():
    for kind in errors.EdgebenchError.__subclasses__():
        assert type(base.error_of({"kind": kind.__name__, "message": ""})) is kind


def test_a_runner_that_dies_is_named_with_its_status_and_last_words(device, child):
    child("import sys; sys.stderr.write('one\\nlast words\\n\\n'); sys.exit(7)")
    with pytest.raises(DeviceError, match=r"ended with status 7 .* last words"):
        list(device.run(SPEC))


def test_a_runner_that_is_killed_is_named_with_its_signal(device, child):
    child("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(DeviceError, match="SIGKILL"):
        list(device.run(SPEC))


def test_a_runner_that_ends_well_but_early_is_an_error(device, child):
    child('print(\'{"event": "host"}\')')
    with pytest.raises(DeviceError, match="status 0 after host event"):
        list(device.run(SPEC))


def test_a_line_that_is_no_event_is_shown(device, child):
    child("print('Loading delegate...')")
    with pytest.raises(DeviceError, match="Loading delegate"):
        list(device.run(SPEC))


def test_a_runner_that_writes_much_to_standard_error_does_not_block(device, child):
    child("""import sys; sys.stderr.write('x' * 10**6); print('{"event": "done"}')""")
    assert len(list(device.run(SPEC))) == 1


def test_a_spec_larger_than_a_pipe_arrives_or_fails_in_one_line(device, child):
    planes = tuple((f"{i}.jpg", i) for i in range(20_000))
    large = dataclasses.replace(SPEC, stacks=(StackFiles("s1_l1", "s1", planes),))
    child("import sys; print('{\"event\": \"done\"}' if len(sys.stdin.read()) > 200_000 else '')")
    assert len(list(device.run(large))) == 1
    child("import sys; sys.exit(3)")
    with pytest.raises(DeviceError, match="status 3"):
        list(device.run(large))


def test_closing_the_iterator_ends_the_runner(device, child):
    child("""
import os, time
print('{"event": "host", "pid": %d}' % os.getpid(), flush=True)
time.sleep(600)
""")
    events = device.run(SPEC)
    pid = next(events)["pid"]
    events.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def test_a_runner_ends_when_its_session_is_killed():
    program = """
import os, sys
from edgebench.devices import local
from edgebench.types import RunSpec
runner = "import os, time; print('{\\"event\\": %d}' % os.getpid(), flush=True); time.sleep(600)"
original = local.subprocess.Popen
local.subprocess.Popen = lambda command, **options: original([sys.executable, "-c", runner], **options)
print(next(local.Local().run(RunSpec("latency", "", "", 1, 1, 1, "", ())))["event"], flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    status = Path(f"/proc/{int(done.stdout)}/status")
    while status.exists() and "zombie" not in status.read_text():  # ends at once, or the test never does
        time.sleep(0.05)


def test_the_real_runner_answers_through_the_device(device):
    with pytest.raises(errors.DatasetError, match="no two planes"):
        list(device.run(SPEC))
    assert device.host()["event"] == "host"


def test_the_state_says_none_for_what_cannot_be_seen(device):
    state = device.state()
    seen = {"temperature_c", "throttle_count", "governor", "requested_khz"}
    assert set(state) == seen | {"load", "free_bytes", "swap_used_bytes"}
    assert state["free_bytes"] > 0


def test_the_state_reads_every_group_of_cores(device, monkeypatch, tmp_path):
    for group, khz in ((0, 600_000), (4, 1_800_000)):
        folder = tmp_path / f"policy{group}"
        folder.mkdir()
        (folder / "scaling_governor").write_text("ondemand\n")
        (folder / "scaling_cur_freq").write_text(f"{khz}\n")
    for zone, millidegrees in ((0, "41500\n"), (1, "52250\n"), (2, "broken\n")):
        (tmp_path / f"thermal_zone{zone}").mkdir()
        (tmp_path / f"thermal_zone{zone}" / "temp").write_text(millidegrees)
    monkeypatch.setattr(runner_state, "CPUFREQ", tmp_path)
    monkeypatch.setattr(runner_state, "THERMAL", tmp_path)
    state = device.state()
    assert state["governor"] == ["ondemand", "ondemand"]
    assert state["requested_khz"] == [600_000, 1_800_000]
    assert state["temperature_c"] == 52.25


def test_an_unknown_device_lists_the_names():
    with pytest.raises(UsageError, match=r"no device 'pi'\. Devices: local, raspberrypi"):
        base.connect("pi")
