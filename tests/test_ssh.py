"""A board over SSH: a loopback sshd of our own, with keys of its own and a home of its own, reached by the real ssh."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from edgebench.cli.main import main
from edgebench.data import jiang2018
from edgebench.devices import base, remote, ssh
from edgebench.devices.local import Local
from edgebench.devices.transport import Transport, sha256
from edgebench.errors import DeviceError, UsageError
from edgebench.types import RunSpec, StackFiles

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


class Board:
    """What a test may do to the stand-in."""

    def __init__(self, folder: Path, port: int) -> None:
        self.home, self.folder, self.port = folder / "home", folder, port

    def drop(self) -> None:
        """Every connection, as when a cable is pulled; the server goes on."""
        found = subprocess.run(["pgrep", "-f", f"sshd.*{self.folder}|sshd: .*@notty"], capture_output=True, text=True)
        server = int((self.folder / "pid").read_text())
        for pid in map(int, found.stdout.split()):
            if pid != server and self._ours(pid, server):
                os.kill(pid, signal.SIGKILL)

    @staticmethod
    def _ours(pid: int, server: int) -> bool:
        try:
            while pid > 1:
                pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
                if pid == server:
                    return True
        except OSError:
            pass
        return False


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    (folder / "home").mkdir()
    (folder / "home" / ".words").write_text("")  # that its shell prints at login
    enter = f'export HOME={folder}/home PATH="$PATH:{Path(sys.executable).parent}"\n'
    yield from server(folder, enter + 'cd "$HOME"; cat .words; exec sh -c "$SSH_ORIGINAL_COMMAND"')


def server(folder, enter):
    """A sshd on a free port; enter: the shell script that stands for the board's login."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("no sshd or no ssh here (Debian: openssh-server)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("host", "client", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shell = folder / "shell"
    shell.write_text(f"#!/bin/sh\n{enter}\n")
    shell.chmod(0o755)
    (folder / "authorized").write_text((folder / "client.pub").read_text())
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile {folder}/pid\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"PermitRootLogin prohibit-password\nUsePAM no\nForceCommand {shell}\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen([SSHD, "-D", "-f", folder / "sshd_config", "-E", folder / "log"])
    deadline = time.monotonic() + 10
    while not (folder / "pid").exists():
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.skip(f"sshd does not run here: {(folder / 'log').read_text()[-200:]}")
        time.sleep(0.05)
    yield Board(folder, port)
    server.kill()
    server.wait()


@pytest.fixture
def reach(board, monkeypatch, tmp_path):
    """Put an ssh with this configuration in front: a user's own would be ~/.ssh/config."""

    def use(identity="client", known=True):
        key = (board.folder / "host.pub").read_text().split()[:2]
        trusted = tmp_path / "known_hosts"
        trusted.write_text(f"[127.0.0.1]:{board.port} {' '.join(key)}\n" if known else "")
        (tmp_path / "config").write_text(
            f"Host board\n HostName 127.0.0.1\n Port {board.port}\n IdentityFile {board.folder}/{identity}\n"
            f" IdentitiesOnly yes\n UserKnownHostsFile {trusted}\n GlobalKnownHostsFile /dev/null\n"
            "Host nobody\n HostName 127.0.0.1\n Port 1\n"
        )
        program = tmp_path / "bin" / "ssh"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh", path="/usr/bin:/bin")} -F {tmp_path}/config "$@"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return use


def run(monkeypatch, capfd, *options):
    monkeypatch.setattr(sys, "argv", ["edgebench", *map(str, options)])
    capfd.readouterr()
    with pytest.raises(SystemExit) as exit:
        main()
    return exit.value.code or 0, capfd.readouterr().err


def test_a_board_is_measured_from_here_and_the_second_run_sends_nothing(
    board, reach, tiny_artifacts, tiny_dataset, monkeypatch, tmp_path, capfd
):
    reach()
    monkeypatch.chdir(tmp_path)
    options = ["run", tiny_artifacts["tflite-int8"], "--data", tiny_dataset, "--split", "test-1", "--images", "2"]
    options += ["--repeats", "1", "--iterations", "20"]
    there = ["--device", "ssh", "--host", "board", "--python", sys.executable]
    code, err = run(monkeypatch, capfd, *options, *there)
    assert code == 0, err
    assert "ssh: board is reached" in err
    assert all(f"sending {kind}" in err for kind in ("code", "site", "artifact", "stack"))
    (path,) = tmp_path.glob("results/runs/board/*.json")
    record = json.loads(path.read_text())
    assert (record["device"]["emulated"], len(record["latency"])) == (False, 1)
    code, err = run(monkeypatch, capfd, *options)
    assert code == 0, err
    (local,) = tmp_path.glob("results/runs/local/*.json")
    images = [json.loads(file.read_text())["accuracy"]["test-1"]["images"] for file in (path, local)]
    assert [one["patches_um"] for one in images[0]] == [one["patches_um"] for one in images[1]]
    told = []
    device = ssh.Ssh("board", Transport("board"), sys.executable, told.append)
    device.need(["ai-edge-litert"])
    device._artifact(tiny_artifacts["tflite-int8"])
    assert told == []  # it is all there
    device.clean()
    assert not (board.home / ".cache" / "edgebench").exists()


def test_a_run_that_fails_leaves_nothing_either_but_what_is_not_its_own(
    board, reach, tiny_artifacts, monkeypatch, tmp_path, capfd
):
    reach()
    monkeypatch.chdir(tmp_path)
    beside = board.home / ".cache" / "edgebench" / "emulation"
    beside.mkdir(parents=True)
    there = ("--device", "ssh", "--host", "board", "--python", sys.executable, "--clean")
    code, err = run(monkeypatch, capfd, "run", tiny_artifacts["tflite-int8"], "--data", "nothing", *there)
    assert code == 2 and "sending code" in err and "nothing" in err
    assert list(beside.parent.iterdir()) == [beside]
    beside.rmdir()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_a_signal_ends_ends_its_job(board, reach, tiny_artifacts, tiny_dataset, tmp_path, number):
    reach()
    program = "from edgebench.cli.main import main; main()"
    options = ["--device", "ssh", "--host", "board", "--python", sys.executable, "--data", tiny_dataset]
    words = [sys.executable, "-c", program, "run", tiny_artifacts["tflite-int8"], *options, "--split", "test-1"]
    heard = partial(signal.signal, number, signal.SIG_DFL)  # the tests may run under nohup themselves
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, preexec_fn=heard) as session:
        while not list(board.home.glob(f"{ssh.CACHE}/sessions/*/*/events")):
            assert session.poll() is None
            time.sleep(0.05)
        session.send_signal(number)
        err = session.communicate()[1].decode()
    assert session.returncode == 128 + number, err
    assert f"stopped by {number.name}" in err
    assert not list(board.home.glob(f"{ssh.CACHE}/sessions/*/*/events"))
    assert not [p for p in Path("/proc").glob("[0-9]*/environ") if _has(p, f"PYTHONPATH={board.home}")]


def test_a_fleet_of_boards_is_driven_over_ssh(board, reach, tiny_artifacts, tiny_dataset, monkeypatch, tmp_path, capfd):
    pytest.importorskip("distributed")
    reach()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fleet.toml").write_text(f'[device.lab-1]\nhost = "board"\npython = "{sys.executable}"\n')
    options = ["run", tiny_artifacts["tflite-int8"], "--data", tiny_dataset, "--split", "test-1", "--repeats", "1"]
    code, err = run(monkeypatch, capfd, *options, "--iterations", "20", "--fleet", "fleet.toml")
    assert code == 0, err
    assert "fleet: 2 stacks of 1 processes, 1 devices" in err
    (path,) = tmp_path.glob("results/runs/lab-1/*.json")
    part = json.loads(path.read_text())["accuracy"]["test-1"]
    assert set(part["fleet"]["stacks"].values()) == {"lab-1"} and part["fleet"]["checked"] == []
    code, err = run(monkeypatch, capfd, *options, "--fleet", "fleet.toml", "--device", "ssh")
    assert code == 2 and "--fleet names its own devices" in err


def test_a_job_goes_on_while_the_connection_is_lost(board, reach):
    reach()
    link = Transport("board")
    device = ssh.Ssh("board", link, sys.executable)
    seen = []
    job = "job"
    link.run(f"mkdir -p {job} && cd {job} && touch events && (setsid nohup sh -c "
             "'echo $$ > pid; for i in $(seq 40); do echo $i; sleep 0.1; done > events; echo 0 > rc' "
             ">/dev/null 2>&1 </dev/null &) && while ! test -s pid; do sleep 0.05; done")  # fmt: skip
    for line in device._lines(job):
        seen.append(int(line))
        if len(seen) in (5, 15):
            board.drop()
    assert seen == list(range(1, 41))


def spec(artifact, dataset, mode, **settings):
    stack = jiang2018.stacks(dataset, "test-1")[0]
    planes = tuple((plane.path.relative_to(dataset).as_posix(), plane.z_nm) for plane in stack.planes)
    files = (StackFiles(stack.id, stack.sample, planes),)
    return RunSpec(mode, str(artifact), "litert", 8, 1, 32, str(dataset), files, **settings)


def test_a_killed_runner_is_one_line_and_nothing_is_left(board, reach, tiny_artifacts, tiny_dataset):
    reach()
    device = ssh.Ssh("board", Transport("board"), sys.executable)
    device.need(["ai-edge-litert"])
    events = device.run(spec(tiny_artifacts["tflite-int8"], tiny_dataset, "latency", seconds=60.0))
    assert next(events)["event"] == "host"
    runners = [p for p in Path("/proc").glob("[0-9]*/environ") if _has(p, f"PYTHONPATH={board.home}")]
    assert runners
    for runner in runners:
        os.kill(int(runner.parent.name), signal.SIGKILL)
    with pytest.raises(DeviceError, match="the runner ended with status"):
        list(events)
    assert not list(board.home.glob(f"{ssh.CACHE}/sessions/*/*/"))


def _has(path: Path, words: str) -> bool:
    try:
        return words.encode() in path.read_bytes()
    except OSError:
        return False


def test_an_upload_that_was_dropped_goes_on_where_it_stopped(board, reach, tmp_path):
    reach()
    link, file = Transport("board"), tmp_path / "big"
    file.write_bytes(os.urandom(300_000))
    (board.home / "up").mkdir()
    (board.home / "up" / "big.part").write_bytes(file.read_bytes()[:200_000])
    assert link.put(file, "up/big") == 100_000
    assert sha256(board.home / "up" / "big") == sha256(file)
    assert link.put(file, "up/big") == 0
    (board.home / "up" / "big").unlink()
    (board.home / "up" / "big.part").write_bytes(b"of another file")
    link.put(file, "up/big")
    assert sha256(board.home / "up" / "big") == sha256(file)


@pytest.mark.parametrize(
    ("identity", "known", "host", "words"),
    [
        ("stranger", True, "board", "Permission denied"),
        ("client", False, "board", "verification failed"),
        ("client", True, "nobody", "Connection refused"),
        ("client", True, "-oProxyCommand=x", "no name of a host"),
    ],
)
def test_what_ssh_refuses_is_one_line_with_exit_code_2(
    board, reach, identity, known, host, words, monkeypatch, capfd, tmp_path, tiny_artifacts, tiny_dataset
):
    reach(identity, known)
    monkeypatch.setattr("edgebench.devices.transport.time.sleep", lambda seconds: pytest.fail("it is tried again"))
    monkeypatch.chdir(tmp_path)
    options = (
        "run",
        tiny_artifacts["tflite-int8"],
        "--data",
        tiny_dataset,
        "--device",
        "raspberrypi",
        f"--host={host}",
    )
    code, err = run(monkeypatch, capfd, *options)
    assert (code, err.count("\n")) == (2, 1), err
    assert words in err


def test_the_python_that_is_named_is_taken_or_nothing_is(board, reach, monkeypatch, capfd, tmp_path):
    reach()
    there = ("devices", "show", "ssh", "--host", "board", "--python")
    code, err = run(monkeypatch, capfd, *there, "/opt/nothere/bin/python")
    assert (code, err.count("\n")) == (2, 1), err
    assert "--python /opt/nothere/bin/python is none of 3.9 or later there" in err
    (board.home / "my env").mkdir()
    (board.home / "my env" / "python").symlink_to(sys.executable)
    device = ssh.Ssh("board", Transport("board"), "my env/python")  # from the home there
    assert device.facts["python"] == f"{board.home}/my env/python"
    device.need([])
    assert device.host()["event"] == "host"


def test_the_state_of_a_board_is_told_as_that_of_this_machine(board, reach):
    reach()
    device = ssh.Ssh("board", Transport("board"), sys.executable)
    device.need([])
    there, here = device.state(), Local().state()
    assert set(there) == set(here) >= {"free_bytes", "swap_used_bytes", "load"}
    assert there["free_bytes"] > 0 and there["swap_used_bytes"] == pytest.approx(here["swap_used_bytes"], abs=2**28)


def test_words_at_login_and_a_name_that_is_a_pattern_disturb_nothing(
    board, reach, monkeypatch, tiny_artifacts, tiny_dataset, tmp_path
):
    reach()
    monkeypatch.setattr(ssh, "CACHE", ".cache/words")
    (board.home / ".words").write_text("Welcome\nyes, no newline")
    artifact = tmp_path / "my [1] model.tflite"
    artifact.write_bytes(tiny_artifacts["tflite-int8"].read_bytes())
    device = ssh.Ssh("board", Transport("board"), sys.executable)
    device.need(["ai-edge-litert"])
    assert device.state()["free_bytes"] > 0
    events = [event["event"] for event in device.run(spec(artifact, tiny_dataset, "accuracy"))]
    (board.home / ".words").write_text("")
    assert (events[0], events[-1]) == ("host", "done")


def test_a_full_disk_is_told_before_anything_is_sent(board, reach, monkeypatch):
    reach()
    monkeypatch.setattr(ssh, "_SPARE_KB", 10**12)
    monkeypatch.setattr(ssh, "CACHE", ".cache/full")
    with pytest.raises(DeviceError, match=r"host 'board': \d+\.\d GiB free, too little for .* Make room there\."):
        ssh.Ssh("board", Transport("board"), sys.executable).need([])
    assert not list((board.home / ssh.CACHE).glob("*.tar*"))


def test_a_clock_that_is_off_is_told_and_stops_nothing(board, reach, monkeypatch):
    reach()
    told, now = [], time.time
    monkeypatch.setattr(ssh.time, "time", lambda: now() + 3600)
    ssh.Ssh("board", Transport("board"), sys.executable, told.append)
    assert len(told) == 1 and re.search(r"its clock is 3[56]\d\d s off", told[0])


FACTS = {"machine": "aarch64", "bits": "64", "libc": "glibc 2.36", "python": "/usr/bin/python3", "release": "3.11"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"machine": "armv7l", "bits": "32"}, "a 32-bit userland (armv7l), for which no runtime has wheels"),
        ({"machine": "aarch64", "bits": "32"}, "a 32-bit userland"),
        ({"machine": "riscv64"}, "a riscv64, expected aarch64 or x86_64"),
        ({"libc": ""}, "no glibc"),
        ({"python": None}, "no Python of 3.9 or later"),
        ({"missing": "setsid"}, "no setsid"),
    ],
)
def test_a_board_that_cannot_run_anything_is_told_before_anything_is_sent(change, words):
    facts = {key: value for key, value in {**FACTS, **change}.items() if value is not None}
    with pytest.raises(DeviceError) as found:
        ssh._check("pi", facts, "")
    assert words in str(found.value)
    ssh._check("pi", FACTS, "")


@pytest.mark.parametrize(
    ("host", "name"), [("me@pi.local", "pi-local"), ("pi", "pi"), ("a@[::1]", "1"), ("@", "board")]
)
def test_records_lie_under_the_hosts_name_without_its_user(host, name):
    assert remote.name_of(host) == name


def test_devices_and_options_that_do_not_fit_are_told():
    with pytest.raises(UsageError, match="--device ssh: no host"):
        base.connect("ssh")
    with pytest.raises(UsageError, match="device 'local' is this machine"):
        base.connect("local", base.Asked(host="pi"))
    with pytest.raises(UsageError, match="exclude each other"):
        base.connect("raspberrypi", base.Asked(host="pi", emulate="pi4"))
