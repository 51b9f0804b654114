"""What a run records of a Raspberry Pi: firmware, revision, throttling, governor; on boards of files (tests/boards)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tomllib

from edgebench.devices import governor
from edgebench.devices.local import Local
from edgebench.devices.warn import warnings
from edgebench.errors import DeviceError, UsageError
from edgebench.runner import board, firmware, host, state
from edgebench.types import Throttled

BOARDS = Path(__file__).with_name("boards")
NAMES = sorted(path.stem for path in BOARDS.glob("*.toml"))


@pytest.fixture
def as_board(monkeypatch, tmp_path):
    """This machine seems to be that board: its files, and a vcgencmd in the PATH."""

    def make(name, **answers):
        told = tomllib.loads((BOARDS / f"{name}.toml").read_text())
        (tmp_path / "device-tree").mkdir()
        (tmp_path / "device-tree" / "model").write_bytes(told["model"].encode() + b"\0")
        for file in ("cpuinfo", "swaps"):
            (tmp_path / file).write_text(told[file].lstrip("\n"))
        monkeypatch.setattr(board, "DEVICE_TREE", tmp_path / "device-tree")
        monkeypatch.setattr(board, "CPUINFO", tmp_path / "cpuinfo")
        monkeypatch.setattr(board, "SWAPS", tmp_path / "swaps")
        said = told["vcgencmd"] | answers
        cases = "\n".join(f"'{words}') cat <<'END'\n{text.strip()}\nEND\n;;" for words, text in said.items())
        program = tmp_path / "bin" / "vcgencmd"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}\n*) echo "error=1"; exit 1;;\nesac\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return told

    return make


@pytest.mark.parametrize("name", NAMES)
def test_a_board_names_itself_its_revision_and_its_clock_but_never_its_serial_number(name, as_board):
    told = as_board(name)
    found = host.facts()
    assert found["cpu"] == found["board"]["model"] == told["model"]
    assert found["board"]["revision"] in told["cpuinfo"]
    assert found["board"]["firmware"].startswith("Aug 30 2024")
    assert f"arm_freq={found['board']['arm_freq_mhz']}" == told["vcgencmd"]["get_config arm_freq"]
    assert found["swap"] == [{"zram": name == "pi5", "bytes": found["swap"][0]["bytes"]}]
    assert "0000000000000000" not in str(found)


@pytest.mark.parametrize(
    ("name", "now", "since", "hz"),
    [
        ("pi3bplus", [], [], 1_400_000_000),
        ("pi4", [], ["under-voltage", "throttled"], 1_800_457_088),
        ("pi5", ["soft temperature limit"], ["soft temperature limit"], 1_500_019_456),
        ("zero2w", ["under-voltage", "throttled"], ["under-voltage", "throttled"], 600_062_000),
    ],
)
def test_the_state_has_the_flags_of_now_and_since_boot_and_the_measured_clock(name, now, since, hz, as_board):
    as_board(name)
    found = state.heat_and_clock()
    flags = Throttled.of(found["throttled"])
    assert (list(flags.now), list(flags.since_boot), found["arm_hz"]) == (now, since, hz)
    said = list(warnings("board", found))
    assert any("THROTTLED" in line for line in said) is bool(now)
    assert any("a reboot clears it" in line for line in said) is (bool(since) and not now)


def test_memory_and_swap_are_what_the_kernel_says_and_none_where_it_does_not(monkeypatch, tmp_path):
    told = "MemTotal: 948000 kB\nMemFree: 5 kB\nMemAvailable: 600000 kB\nSwapTotal: 200 kB\nSwapFree: 150 kB\n"
    monkeypatch.setattr(state, "MEMINFO", tmp_path / "meminfo")
    assert state.memory() == {"free_bytes": None, "swap_used_bytes": None}
    (tmp_path / "meminfo").write_text(told + "HugePages_Total: 0\nHwNothing:\n")
    assert state.memory() == {"free_bytes": 600_000 * 1024, "swap_used_bytes": 50 * 1024}


def test_a_firmware_that_may_not_be_asked_is_told_with_what_mends_it(as_board):
    as_board("pi4", get_throttled="VCHI initialization failed")
    found = state.heat_and_clock()
    assert found["throttled"] is None and found["firmware_refuses"] == "VCHI initialization failed"
    assert any("usermod -aG video" in line for line in warnings("board", found))


def test_a_machine_without_such_a_firmware_says_nothing_of_it(monkeypatch):
    monkeypatch.setattr(firmware.shutil, "which", lambda name: None)
    assert firmware.state() == firmware.about() == {}
    assert "board" not in board.facts() or board.DEVICE_TREE.is_dir()


@pytest.fixture
def cpufreq(tmp_path, monkeypatch):
    """Two groups of cores; files that this user may write, as root may those of Linux."""
    for number in (0, 4):
        policy = tmp_path / "cpufreq" / f"policy{number}"
        policy.mkdir(parents=True)
        (policy / "scaling_governor").write_text("ondemand\n" if number else "schedutil\n")
        (policy / "scaling_available_governors").write_text("ondemand schedutil performance\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path / "cpufreq"


def governors(cpufreq):
    return [(cpufreq / f"policy{number}" / "scaling_governor").read_text().strip() for number in (0, 4)]


def test_a_governor_is_held_for_the_session_and_each_group_gets_its_own_back(cpufreq):
    said = []
    with pytest.raises(KeyboardInterrupt), governor.held(Local(), "performance", said.append, str(cpufreq)):
        assert governors(cpufreq) == ["performance", "performance"]
        raise KeyboardInterrupt
    assert governors(cpufreq) == ["schedutil", "ondemand"]
    assert said == ["local: governor performance; ondemand schedutil comes back at the end"]
    assert not list(cpufreq.parent.glob(".cache/*"))


def test_a_session_that_was_killed_leaves_a_note_and_the_next_one_brings_back_what_was_there(cpufreq):
    program = (
        "import time; from edgebench.devices import governor; from edgebench.devices.local import Local\n"
        f"with governor.held(Local(), 'performance', lambda line: print(line, flush=True), {str(cpufreq)!r}):\n"
        "    time.sleep(60)"
    )
    for end, after in ((signal.SIGTERM, ["schedutil", "ondemand"]), (signal.SIGKILL, ["performance"] * 2)):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as session:
            session.stdout.readline()
            session.send_signal(end)
        assert governors(cpufreq) == after
    with governor.held(Local(), "performance", lambda line: None, str(cpufreq)):
        time.sleep(0)
    assert governors(cpufreq) == ["schedutil", "ondemand"]


@pytest.mark.parametrize(
    ("wanted", "why"), [("turbo", "does not know it"), ("x; rm -rf", "no name of a governor")]
)  # fmt: skip
def test_a_governor_that_cannot_be_had_is_refused_and_nothing_is_changed(wanted, why, cpufreq):
    with pytest.raises(UsageError, match=why), governor.held(Local(), wanted, print, str(cpufreq)):
        pass
    assert governors(cpufreq) == ["schedutil", "ondemand"]


def test_a_machine_without_frequency_control_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UsageError, match="no frequency control"):
        governor.held(Local(), "performance", print, str(tmp_path)).__enter__()


def test_a_group_of_cores_that_does_not_know_it_keeps_the_others_from_being_changed(cpufreq):
    (cpufreq / "policy4" / "scaling_available_governors").write_text("ondemand schedutil\n")
    with pytest.raises(UsageError, match="does not know it"):
        governor.held(Local(), "performance", print, str(cpufreq)).__enter__()
    assert governors(cpufreq) == ["schedutil", "ondemand"]
    assert not list(cpufreq.parent.glob(".cache/*"))


@pytest.fixture
def sudo(cpufreq, monkeypatch):
    """Nothing is written but by sudo, which refuses the files whose names match (a pattern of sh)."""
    tools = cpufreq.parent / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(governor, "_WRITE", governor._WRITE.replace("test -w", "false &&"))  # root may write all files

    def refuse(pattern):
        (tools / "sudo").write_text(f'#!/bin/sh\nshift\ncase "$2" in {pattern}) exit 1;; esac\nexec "$@"\n')
        (tools / "sudo").chmod(0o755)

    return refuse


@pytest.mark.parametrize("refused", ["*", "*/policy4/*"])
def test_a_user_who_may_not_set_it_is_told_and_nothing_is_changed(refused, cpufreq, sudo):
    sudo(refused)
    with pytest.raises(UsageError, match="lets only root"):
        governor.held(Local(), "performance", print, str(cpufreq)).__enter__()
    assert governors(cpufreq) == ["schedutil", "ondemand"]
    assert not list(cpufreq.parent.glob(".cache/*"))


def test_the_note_of_a_killed_session_outlives_a_sudo_that_refuses(cpufreq, sudo):
    note = cpufreq.parent / ".cache" / "edgebench-governors"
    note.parent.mkdir()
    kept = [f"{cpufreq}/policy{number}/scaling_governor {was}" for number, was in ((0, "schedutil"), (4, "ondemand"))]
    note.write_text("\n".join(kept) + "\n")
    for number in (0, 4):
        (cpufreq / f"policy{number}" / "scaling_governor").write_text("performance\n")
    sudo("*")
    said = []
    with pytest.raises(UsageError, match="does not take back what was there"):
        governor.held(Local(), "performance", said.append, str(cpufreq)).__enter__()
    assert note.read_text().splitlines() == kept
    assert ["the governor is not back" in line for line in said] == [True]
    sudo("nothing")
    with governor.held(Local(), "performance", said.append, str(cpufreq)):
        assert governors(cpufreq) == ["performance", "performance"]
    assert governors(cpufreq) == ["schedutil", "ondemand"]
    assert not note.exists()


def test_without_a_note_of_what_was_there_nothing_is_changed(cpufreq):
    (cpufreq.parent / ".cache").write_text("a file, where the folder of the note would be")
    with pytest.raises(DeviceError), governor.held(Local(), "performance", lambda line: None, str(cpufreq)):
        pass
    assert governors(cpufreq) == ["schedutil", "ondemand"]


def test_an_emulated_board_has_no_governor(cpufreq):
    device = Local()
    device.emulated = True
    with pytest.raises(UsageError, match="has none"):
        governor.held(device, "performance", print, str(cpufreq)).__enter__()
