"""Devices by names of the user's own, and what the doctor says of them."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
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
    found.facts["home"] = "/home/pi"
    return found


# As uv 0.13 writes them.
SOLVED = "error: No solution found when resolving dependencies\n  cause: Because "
END = ", we can conclude that your requirements are unsatisfiable.\n"
NO_ABI = (
    f"{SOLVED}all versions of tflite-runtime have no wheels with a matching Python ABI tag (e.g., `cp313`) and you "
    f"require tflite-runtime{END}\nhint: You require CPython 3.13 (`cp313`), but we only found wheels for "
    "`tflite-runtime` (v2.14.0) with the following Python ABI tags: `cp38`, `cp39`, `cp310`, `cp311`\n"
)
NO_PLATFORM = (
    f"{SOLVED}openvino>=2025.0.0 has no wheels with a matching platform tag (e.g., `manylinux_2_28_aarch64`) and you "
    f"require openvino{END}\nhint: Wheels are available for `openvino` (v2026.4.1) on the following platforms: "
    "`manylinux_2_28_x86_64`, `manylinux_2_35_aarch64`, `macosx_11_0_arm64`, `win_amd64`\n"
)
NO_PACKAGE = f"{SOLVED}litert was not found in the package registry and you require litert{END}"
OFFLINE = (
    f"{SOLVED}ai-edge-litert was not found in the cache and you require ai-edge-litert{END}\nhint: Packages were "
    "unavailable because the network was disabled. When the network is disabled, registry packages may only be read "
    "from the cache.\n"
)
UNREACHED = (
    "error: Failed to fetch: https://index.example/simple/ai-edge-litert/\n  cause: client error (Connect)\n"
    "  cause: tcp connect error\n  cause: Connection refused (os error 111)\n"
)
NO_UV = f"{sys.executable}: No module named uv\n"


def asked(monkeypatch, says, of=None):
    """What the doctor says of a board with Python 3.13 where uv says so of one package, or of all."""

    def uv(command, **options):
        refused = of is None or options["input"] == f"{of}\n"
        return subprocess.CompletedProcess(command, int(refused), "", says * refused)

    monkeypatch.setattr(doctor.subprocess, "run", uv)
    return doctor.examine(board("3.13"))


@pytest.mark.parametrize(
    ("package", "says", "text"),
    [
        (
            "tflite-runtime",
            NO_ABI,
            "tflite-runtime has no wheel for Python 3.13. There: uv python install 3.11; then --python "
            "/home/pi/.local/bin/python3.11 names it.",
        ),
        ("openvino", NO_PLATFORM, "openvino has no wheel for glibc 2.36. Install a newer system there."),
        ("onnxruntime", NO_PACKAGE, "onnxruntime is not in the package index. Name another: UV_DEFAULT_INDEX."),
    ],
)
def test_the_doctor_names_wheels_that_there_are_and_what_mends_the_others(package, says, text, monkeypatch):
    first, *lines = asked(monkeypatch, says, package)
    assert first.text == "pi: Pi 4, Python 3.13, glibc 2.36, 3.0 GiB free"
    assert [line.text.partition(": ")[2] for line in lines if not line.good] == [text]
    assert ["has a wheel" in line.text for line in lines].count(True) == 3


@pytest.mark.parametrize(
    ("says", "why", "mends"),
    [
        (OFFLINE, "(Packages were unavailable because the network was disabled. ", "mend that, and ask again."),
        (UNREACHED, "ai-edge-litert/: Connection refused (os error 111))", "mend that, and ask again."),
        (NO_UV, "No module named uv)", f"Install uv here: {sys.executable} -m pip install uv."),
    ],
)
def test_the_doctor_does_not_call_it_no_wheel_where_none_could_be_looked_up(says, why, mends, monkeypatch):
    _, line = asked(monkeypatch, says)
    assert line.text.startswith("wheels could not be looked up here (") and not line.good
    assert why in line.text and line.text.endswith(mends)


def test_uv_itself_without_a_network_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    _, line = doctor.examine(board())
    assert "could not be looked up" in line.text and "network was disabled" in line.text


def test_uv_itself_says_which_pythons_a_wheel_is_for(monkeypatch, tmp_path):
    """An index in a folder: one wheel, of Python 3.11 for aarch64."""
    wheel = tmp_path / "simple" / "tflite-runtime" / "tflite_runtime-2.14.0-cp311-cp311-manylinux_2_34_aarch64.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as file:
        about = "Metadata-Version: 2.1\nName: tflite-runtime\nVersion: 2.14.0\n"
        file.writestr("tflite_runtime-2.14.0.dist-info/METADATA", about)
    wheel.with_name("index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    monkeypatch.setenv("UV_DEFAULT_INDEX", (tmp_path / "simple").as_uri())
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    lines = doctor.examine(board("3.11"))
    assert [line.good for line in lines] == [False, False, True, False, False]
    assert "ai-edge-litert is not in the package index" in lines[1].text
    assert "uv python install 3.11" in doctor.examine(board("3.13"))[2].text
    assert "no wheel for glibc 2.28" in doctor.examine(board("3.11", "glibc 2.28"))[2].text


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
