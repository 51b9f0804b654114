"""Devices by names of the user's own, and what the doctor says of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.cli.main import main
from edgebench.devices import base, doctor, named, raspberrypi
from edgebench.devices.local import Local
from edgebench.devices.ssh import Ssh
from edgebench.emulation import wheels
from edgebench.errors import DeviceError, UsageError


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_what_lies_here_goes_before_what_lies_at_home(tmp_path):
    assert named.load() == {}
    home = tmp_path / "config" / "edgebench"
    home.mkdir(parents=True)
    (home / named.FILE).write_text('[device.lab]\nhost = "old"\n[device.bench]\nemulate = "pi5"\n')
    (tmp_path / named.FILE).write_text('[device.lab]\nhost = "pi@lab"\npython = "python3.11"\n')
    assert named.load() == {"lab": {"host": "pi@lab", "python": "python3.11"}, "bench": {"emulate": "pi5"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[device.lab]\nhots = 'x'", "device.lab.hots is 'x'. Known: host, python, emulate"),
        ("[device.lab]\nhost = 5", "device.lab.host is 5"),
        ("[device.lab]\npython = 'x'", "neither host nor emulate"),
        ("[devices.lab]\nhost = 'x'", "expected tables [device.NAME], not 'devices'"),
        ("[device", "not readable TOML"),
    ],
)
def test_what_no_device_says_is_one_line(tmp_path, text, words):
    (tmp_path / named.FILE).write_text(text)
    with pytest.raises(UsageError) as found:
        base.connect("lab")
    assert words in str(found.value)


def test_a_name_brings_its_host_and_python_and_what_is_given_goes_before(tmp_path, monkeypatch):
    (tmp_path / named.FILE).write_text('[device.lab]\nhost = "pi@lab"\npython = "python3.11"\n')
    seen = []

    def connect(asked):
        seen.append((asked.host, asked.python, asked.emulate))
        return Local()

    monkeypatch.setattr(raspberrypi, "connect", connect)
    assert base.connect("lab").name == "lab"
    base.connect("lab", base.Asked(python="python3.13"))
    base.connect("lab", base.Asked(host="other"))
    assert seen == [("pi@lab", "python3.11", ""), ("pi@lab", "python3.13", ""), ("other", "", "")]
    with pytest.raises(UsageError, match=r"no device 'lap'. Devices: local, raspberrypi, ssh, pi3, pi4, pi5, lab\."):
        base.connect("lap")


def board(release="3.11", libc="glibc 2.36"):
    found = object.__new__(Ssh)
    found.name = "pi"
    found.facts = {"machine": "aarch64", "release": release, "libc": libc, "free_kb": str(3 * 2**20), "model": "Pi 4 "}
    return found


def test_the_doctor_names_wheels_that_there_are_and_what_mends_the_others(monkeypatch):
    def uv(command, **options):
        return subprocess.CompletedProcess(command, options["input"] != "onnxruntime\n", "", "no wheel")

    monkeypatch.setattr(doctor.subprocess, "run", uv)
    lines = doctor.examine(board())
    assert lines[0].text == "pi: Pi 4, Python 3.11, glibc 2.36, 3.0 GiB free"
    assert [line.good for line in lines] == [False, False, False, True, False]
    assert "onnxruntime has a wheel" in lines[3].text
    assert "no wheel for Python 3.11. Install another there (sudo apt install python3.11)" in lines[1].text


def test_the_doctor_asks_a_machine_what_it_has(monkeypatch):
    class Machine(Local):
        def host(self):
            return {"cpu": "Some CPU", "machine": "x86_64", "python": "3.11.7", "versions": {"onnxruntime": "1.31.1"}}

    lines = doctor.examine(Machine())
    assert [line.good for line in lines] == [False, False, False, True, False]
    assert f"{sys.executable} -m pip install ai-edge-litert" in lines[1].text
    assert "environment of its own, for --python" in lines[2].text


def test_a_system_too_old_for_wheels_is_told():
    assert "aarch64-manylinux_2_36" in wheels.for_machine("aarch64", 36, "3.11")
    assert "aarch64-manylinux_2_28" in wheels.for_machine("aarch64", 30, "3.11")
    with pytest.raises(DeviceError, match=r"glibc 2\.12 is too old"):
        wheels.for_machine("aarch64", 12, "3.9")


def test_the_command_lists_and_shows(monkeypatch, capsys, tmp_path):
    (tmp_path / named.FILE).write_text('[device.lab]\nhost = "pi@lab"\n')
    for words, wanted in ((["list"], ("raspberrypi", "lab", "host pi@lab")), (["state", "local"], ("load: ",))):
        monkeypatch.setattr(sys, "argv", ["edgebench", "devices", *words])
        with pytest.raises(SystemExit) as exit:
            main()
        out = capsys.readouterr().out
        assert not exit.value.code
        assert all(word in out for word in wanted), out


@pytest.mark.parametrize("board", ["raspberrypi", "pi5"])
def test_an_emulated_board_takes_no_python_of_another(monkeypatch, board):
    monkeypatch.setattr(raspberrypi, "on_board", lambda: None)
    with pytest.raises(UsageError, match="--python x: an emulated board has a Python of its own"):
        base.connect(board, base.Asked(python="x"))


def test_the_doctor_examines_the_python_of_the_command_in_the_documentation(command, tmp_path):
    page = (Path(__file__).parents[1] / "docs" / "raspberry-pi.md").read_text()
    words = re.search(r"^edgebench (devices doctor .*--python .*)$", page, re.MULTILINE)[1].split()
    python = tmp_path / words[-1]
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\ntouch {tmp_path}/taken\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    code, out, err = command(*words)
    assert (code, err) == (0, "") and out.startswith("local: ")
    assert (tmp_path / "taken").exists()
