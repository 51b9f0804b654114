"""One session a board, one runner a job: what is refused, what goes on, and what is ended when a session is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from test_ssh import board as board  # a fixture
from test_ssh import reach as reach

from edgebench.bench.fleet import Fleet
from edgebench.cli import ending
from edgebench.devices import base, hold, ssh
from edgebench.devices.transport import LOST, Transport
from edgebench.errors import DeviceError

DONE = 'echo \'{"event": "done"}\''
STARTED = 'echo \'{"event": "host"}\'; sleep 0.3'


@pytest.fixture
def device(board, reach, tmp_path):
    """Makes a device whose runner is this shell script."""
    reach()

    def make(script):
        runner = tmp_path / f"runner-{len(list(tmp_path.glob('runner-*')))}"
        runner.write_text(f"#!/bin/sh\n{script}\n")
        runner.chmod(0o755)
        found = ssh.Ssh("board", Transport("board"), sys.executable)
        found._python = lambda: str(runner)
        return found

    return make


def working(board):
    """Processes of jobs on the board."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            cwd = (each / "cwd").readlink()
        except OSError:
            continue
        if cwd.parent.parent == board.home / ssh.CACHE / "sessions":
            found.append(int(each.name))
    return found


def gone(board):
    deadline = time.monotonic() + 5
    while working(board) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not working(board)


def test_a_second_session_is_refused_and_the_first_goes_on(device, board, monkeypatch):
    first = device(f"{STARTED}; sleep 3; {DONE}")
    events = first._job([], "", "done")
    next(events)
    device(DONE)._hold.take()  # of the same session: a worker of a fleet
    monkeypatch.setenv(hold.SESSION, "another")
    second = device(DONE)
    for refused in (lambda: second.need([]), second.clean, lambda: list(second._job([], "", "done"))):
        with pytest.raises(DeviceError, match=r"another session measures there\. .* there: kill \d+\.$"):
            refused()
    assert [event["event"] for event in events] == ["done"]
    first._hold.release()


def test_what_a_dead_session_left_running_is_ended_by_the_next(device, board, tmp_path):
    program = f"""
from edgebench.devices import ssh
from edgebench.devices.transport import Transport
device = ssh.Ssh("board", Transport("board"), {sys.executable!r})
device._python = lambda: {str(tmp_path / "endless")!r}
events = device._job([], "", "done")
print(next(events), flush=True)
input()
"""
    (tmp_path / "endless").write_text(f"#!/bin/sh\n{STARTED}; while :; do sleep 1; done\n")
    (tmp_path / "endless").chmod(0o755)
    fresh = {name: value for name, value in os.environ.items() if name != hold.SESSION}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=fresh, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as session:
        assert b"host" in session.stdout.readline()
        with pytest.raises(DeviceError, match="another session"):
            device(DONE)._hold.take()
        session.kill()
    assert working(board)
    time.sleep(1)  # until the board has seen the end of its connection
    taken = device(DONE)
    taken._hold.take()
    assert gone(board)
    assert [path.name for path in (board.home / ssh.CACHE / "sessions").iterdir()] == [Path(taken._hold.folder).name]


def test_a_hold_that_was_lost_with_the_connection_is_taken_again(device, board, monkeypatch):
    first = device(f"{STARTED}; sleep 2; {DONE}")
    events = first._job([], "", "done")
    next(events)
    board.drop()
    assert next(events)["event"] == "done"
    monkeypatch.setenv(hold.SESSION, "another")
    with pytest.raises(DeviceError, match="another session"):
        device(DONE)._hold.take()
    events.close()


def test_a_start_that_is_told_twice_starts_one_runner(device, board, monkeypatch):
    whole, lost = Transport._once, []

    def once(link, command, data):
        done = whole(link, command, data)
        if "mkdir started" in command and not lost:
            lost.append(command)
            return subprocess.CompletedProcess(command, LOST, b"", b"Connection closed")
        return done

    monkeypatch.setattr(Transport, "_once", once)
    runs = board.home / "runs"
    assert len(list(device(f"echo run >> {runs}; sleep 2; {DONE}")._job([], "", "done"))) == 1
    assert lost and runs.read_text() == "run\n"


def test_a_last_line_that_was_cut_hides_neither_status_nor_last_words(device, board):
    full = device('printf \'{"event": "host"}\\n{"eve\'; echo No space left on device >&2; exit 1')
    began = time.monotonic()
    with pytest.raises(DeviceError, match=r"status 1 after host event\. Its last words: No space left on device$"):
        list(full._job([], "", "done"))
    assert time.monotonic() - began < 15


def test_a_runner_that_does_not_start_is_told(device, board, monkeypatch):
    monkeypatch.setattr(ssh, "_START", ssh._START.replace("(setsid", "(: setsid").replace("600", "10"))
    with pytest.raises(DeviceError, match="the runner does not start"):
        list(device(DONE)._job([], "", "done"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_as_an_exception_and_one_that_is_not_heard_stays_so(number, tmp_path):
    program = """
import time
from edgebench.bench.fleet import Fleet
from edgebench.cli import ending
with ending.by_exception():
    try:
        print("in", flush=True)
        time.sleep(2)
    finally:
        print("let go", flush=True)
print("after")
"""
    heard = partial(signal.signal, number, signal.SIG_DFL)  # the tests may run under nohup themselves
    for prefix, code, words in (([], 128 + number, "let go\n"), (["nohup"], 0, "let go\nafter\n")):
        line = [*prefix, sys.executable, "-c", program]
        with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=-1, preexec_fn=heard) as process:
            assert process.stdout.readline() == b"in\n"
            process.send_signal(number)
            out, err = process.communicate()
        if number == signal.SIGTERM and prefix:  # nohup is for the other
            continue
        assert (process.returncode, out.decode()) == (code, words)
        assert (f"stopped by {number.name}" in err.decode()) is not bool(prefix)


class Stub:
    name, emulated = "stub", False

    def __init__(self, error=None):
        self.error, self.cleaned = error, 0

    def need(self, packages):
        pass

    def clean(self):
        self.cleaned += 1
        if self.error:
            raise self.error


def test_the_other_boards_of_a_fleet_are_those_that_are_reached_from_here():
    three = {"a": {"host": "pi@a"}, "b": {"host": "pi@b", "python": "python3.11"}, "c": {"emulate": "pi5"}}
    assert ending.others(Fleet(three)) == [base.Asked(host="pi@b", python="python3.11")]
    assert ending.others(Fleet({}, "tcp://lab:8786")) == ending.others(None) == []


@pytest.mark.parametrize("ended", [None, "measured wrong", "interrupted"])
def test_every_board_of_a_fleet_is_cleaned_whatever_ended_the_run(monkeypatch, capsys, ended):
    boards = {"b": Stub(DeviceError("b is full.")), "c": Stub()}
    monkeypatch.setattr(ending, "connect", lambda name, asked: boards[asked.host])
    first = Stub()
    error = {None: DeviceError, "measured wrong": ValueError, "interrupted": KeyboardInterrupt}[ended]
    with pytest.raises(error) as found, ending.Cleaned(first, [base.Asked(host="b"), base.Asked(host="c")]):
        if ended:
            raise error(ended)
    assert [each.cleaned for each in (first, *boards.values())] == [1, 1, 1]
    assert str(found.value) == (ended or "b is full.")
    assert capsys.readouterr().err == ("not cleaned: b is full.\n" if ended else "")
