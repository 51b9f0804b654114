"""Emulated boards: what a runtime is shown, what is made once, what is counted, and what may be said of time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from make_records import make_record
from typer.testing import CliRunner

from edgebench.devices import base, raspberrypi
from edgebench.emulation import boards, packages, userland
from edgebench.emulation.userland import Userland
from edgebench.errors import DeviceError, UsageError
from edgebench.records import estimate, store
from edgebench.records.agreement import agreement
from edgebench.records.published import load as load_paper
from edgebench.records.summary import summarise
from edgebench.report import emulated, material, pages
from edgebench.report.document import text_of
from edgebench.report.formats import markdown
from edgebench.report.numbers import ms
from edgebench.runner import guest, memory


def test_a_board_shows_the_core_by_which_runtimes_choose_their_kernels():
    shown = boards.files(boards.find("pi5"))
    text = shown["proc/cpuinfo"].decode()
    assert text.count("processor\t: ") == 4
    assert "CPU part\t: 0xd0b" in text
    assert "CPU variant\t: 0x4" in text
    assert "asimddp" in text
    assert "asimddp" not in boards.files(boards.find("pi4"))["proc/cpuinfo"].decode()
    assert shown["sys/devices/system/cpu/cpu3/regs/identification/midr_el1"] == b"0x00000000414fd0b1\n"
    assert shown["proc/device-tree/model"] == b"Raspberry Pi 5 Model B Rev 1.0 (EMULATED)\0"
    with pytest.raises(UsageError, match=r"no board 'pi6' to emulate. Boards: pi3, pi4, pi5\."):
        boards.find("pi6")


def test_without_debians_tools_the_reason_and_a_way_out_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DeviceError, match=r"needs apt-get and dpkg and dpkg-deb: .* --host user@board"):
        packages.fetch(tmp_path / "state", "arm64", ["python3"], tmp_path / "out")


def test_a_host_that_is_no_debian_is_told_so_before_anything_is_asked_of_dpkg(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match=r"needs apt-get and dpkg and dpkg-deb: .* --host user@board"):
        userland.prepare(tmp_path / "cache", lambda line: None)


def test_packages_that_cannot_be_had_are_one_line_of_apts(monkeypatch, tmp_path):
    def fails(command, **_):
        return subprocess.CompletedProcess(command, 100, "", "W: old lists\nE: Unable to locate package python9\n")

    monkeypatch.setattr(packages.subprocess, "run", fails)
    monkeypatch.setattr(packages.shutil, "which", lambda name: name)
    with pytest.raises(DeviceError, match=r"cannot be had: E: Unable to locate package python9 Check the network"):
        packages.fetch(tmp_path / "state", "arm64", ["python9"], tmp_path / "out")


@pytest.mark.parametrize(
    ("targets", "mirror"),
    [
        (
            "Debian trixie-security http://d/s/\nDebian trixie http://d/debian/\nnodistro http://n/\n",
            "http://d/debian/",
        ),
        ("Ubuntu noble http://u/ubuntu/\n", None),
        ("", None),
    ],
)
def test_packages_are_of_one_suite_by_the_hosts_own_mirror(monkeypatch, tmp_path, targets, mirror):
    """The qemu of Debian 13 takes no plugin, and its userland is laid out otherwise."""
    commands = []

    def apt(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, targets if "indextargets" in command else "", "")

    monkeypatch.setattr(packages.subprocess, "run", apt)
    monkeypatch.setattr(packages.shutil, "which", lambda name: name)
    monkeypatch.delenv(packages.MIRROR, raising=False)
    if mirror is None:
        with pytest.raises(DeviceError, match=r"apt here has no Debian\. Name a mirror of it by EDGEBENCH_DEBIAN"):
            packages.fetch(tmp_path, "arm64", ["python3"], tmp_path / "out")
        monkeypatch.setenv(packages.MIRROR, "http://named/")
    packages.fetch(tmp_path, "arm64", ["python3"], tmp_path / "out")
    source = (tmp_path / "sources.list").read_text()
    assert source.startswith("deb ") and source.endswith(f"{mirror or 'http://named/'} bookworm main\n")
    assert f"Dir::Etc::sourcelist={tmp_path / 'sources.list'}" in commands[-1]


def test_a_part_is_made_once_and_a_failure_leaves_nothing(tmp_path):
    told = []

    def make(out, work):
        (out / "file").write_text("made")

    first = userland._part(tmp_path, "qemu", ["a"], told.append, make)
    assert userland._part(tmp_path, "qemu", ["a"], told.append, lambda out, work: pytest.fail("made twice")) == first
    assert (first / "file").read_text() == "made"
    assert userland._part(tmp_path, "qemu", ["b"], told.append, make) != first
    assert told == ["emulation: fetching qemu"] * 2

    def fails(out, work):
        raise DeviceError("no network")

    with pytest.raises(DeviceError):
        userland._part(tmp_path, "wheels", ["a"], told.append, fails)
    assert not list(tmp_path.glob("*wheels*"))


def test_the_overlay_has_the_userland_and_the_board(tmp_path):
    for name in ("usr", "lib", "proc"):
        (tmp_path / "root" / name).mkdir(parents=True)
    (tmp_path / "overlay").mkdir()
    there = Userland(tmp_path, tmp_path / "root", tmp_path, None, "none")
    found = userland.overlay(there, boards.find("pi4"), tmp_path / "overlay")
    assert (found / "usr").is_symlink()
    assert not (found / "proc").is_symlink()
    assert b"Pi 4" in (found / "proc/device-tree/model").read_bytes()


def test_where_the_machine_is_a_board_everything_is_measured_on_it(monkeypatch, tmp_path):
    model = tmp_path / "model"
    model.write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    monkeypatch.setattr(raspberrypi, "MODEL", model)
    monkeypatch.setattr(raspberrypi.platform, "machine", lambda: "aarch64")
    told = []
    device = base.connect("raspberrypi", base.Asked(tell=told.append))
    assert (device.name, device.emulated) == ("raspberrypi", False)
    assert told == ["raspberrypi: this machine is one (Raspberry Pi 4 Model B Rev 1.5); everything is measured on it."]
    with pytest.raises(UsageError, match="this machine is a Raspberry Pi 4"):
        base.connect("raspberrypi", base.Asked("pi5"))
    monkeypatch.setattr(raspberrypi.platform, "machine", lambda: "armv7l")
    assert raspberrypi.on_board() is None


def test_only_a_raspberry_pi_is_emulated():
    with pytest.raises(UsageError, match="--emulate pi4: device 'local' is none to emulate"):
        base.connect("local", base.Asked("pi4"))


def test_resident_memory_by_mappings_is_that_of_the_kernel():
    ballast = np.ones(4 * 2**20, np.int64)
    assert guest.resident() == pytest.approx(memory.resident()["rss_bytes"], rel=0.05)
    assert len(ballast)


def counted(board="pi4", batch_size=8, threads=1):
    record = make_record(target="tflite-int8", device=board, batch_size=batch_size, threads=threads, emulated=True)
    call = {"total": 80_000_000, "vector": 60_000_000, "int": 20_000_000, "l1_misses": 400_000, "l2_misses": 200_000}
    record["latency"], record["settings"]["repeats"] = [], 0
    record["count"] = {"calls": 2, "instructions": [call, call], "caches": [[32, 2], [1024, 16]]}
    return record


def test_the_estimate_is_the_fit_applied_and_its_interval_that_of_the_board():
    found = estimate.counted(counted())
    assert found.of(8) == 10
    assert found.share == {"vector": 0.75, "int": 0.25}
    (one,) = [line for line in estimate.fit()["fits"] if (line["board"], line["threads"]) == ("pi4", 1)]
    error = estimate.fit()["boards"]["pi4"]["interval"]
    ms = one["cycles"]["instructions"] * 80e6 / 1.8e9 * 1e3 + one["miss_ns"]["misses"] * 0.6e6 / 1e6
    assert set(found.latency_ms) == {1, 4}
    assert found.latency_ms[1].value == pytest.approx(ms)
    assert found.latency_ms[1].low == pytest.approx(ms / (1 + error))
    assert found.latency_ms[1].high == pytest.approx(ms * (1 + error))


def test_the_estimate_is_that_of_the_board_whatever_the_device_is_called():
    record = counted()
    record["device"]["name"], record["count"]["board"] = "bench", "pi5"
    assert estimate.counted(record).latency_ms == estimate.counted(counted(board="pi5")).latency_ms
    record["device"]["name"] = "pi4"
    assert estimate.counted(record).latency_ms == estimate.counted(counted(board="pi5")).latency_ms


def test_what_the_fit_does_not_know_gets_no_estimate():
    assert estimate.counted(counted(board="pi9")).latency_ms == {}
    assert estimate.counted(counted(threads=4)) is None
    assert estimate.counted(make_record()) is None


def test_the_report_marks_estimates_and_says_how_far_answers_are_from_a_real_machines():
    real, board = make_record(target="tflite-int8"), counted()
    for image in board["accuracy"]["test-1"]["images"]:
        image["patches_um"] = [value + 0.25 for value in image["patches_um"]]
    del board["accuracy"]["test-2"]
    notes = {}
    (row,) = emulated.boards([summarise(real), summarise(board)], notes).rows
    text = " | ".join(map(text_of, row))
    assert "0.25 / 0.25" in text
    for one in estimate.counted(board).latency_ms.values():
        assert f"est. {ms(one.value / 8)} [{ms(one.low / 8)}, {ms(one.high / 8)}]" in text
    assert any("an estimate, never measured" in note for note in notes)
    alone = " | ".join(map(text_of, emulated.boards([summarise(board)], {}).rows[0]))
    assert "0.25" not in alone


def test_no_time_of_an_emulated_board_is_in_the_report(paper_path=Path(__file__).parents[1]):
    paper = load_paper(paper_path / "results/published/rai-dastidar-2019.json")
    found = material.of(paper, (summarise(counted()),))
    text = "".join(markdown.render(pages.document(name, found)) for name in ("table7", "matrix", "devices"))
    assert "## Emulated boards" in text
    assert not any(f"## {title}" in text for title in ("Latency of a call", "End to end", "Start\n"))


@pytest.fixture(scope="module")
def pi():
    try:
        there = userland.prepare(userland.folder(), lambda line: None)
    except DeviceError as error:
        pytest.skip(f"no emulation here: {error}")
    if there.plugin is None:
        pytest.skip(f"no emulation here: {there.no_plugin}")
    from edgebench.devices.emulated import Emulated

    return {name: Emulated(boards.find(name), there) for name in ("pi4", "pi5")}


def test_an_emulated_board_says_what_it_is(pi):
    host = pi["pi5"].host()
    assert (host["machine"], host["cores"]) == ("aarch64", 4)
    assert host["cpu"] == "Raspberry Pi 5 Model B Rev 1.0 (EMULATED)"
    assert host["emulator"].startswith("qemu-aarch64")
    assert "tensorflow" not in json.dumps(host["versions"])
    assert pi["pi5"].no_limits()


def test_without_a_c_compiler_all_but_the_counts_is_measured(pi, tiny_artifacts, tiny_dataset, monkeypatch, tmp_path):
    from edgebench.cli.main import app

    there = replace(pi["pi4"]._there, plugin=None, no_plugin="there is no C compiler")
    monkeypatch.setattr(userland, "prepare", lambda cache, tell: there)
    command = ["run", tiny_artifacts["tflite-int8"], "--data", tiny_dataset, "--device", "pi4", "--images", "2"]
    done = CliRunner().invoke(app, [*map(str, command), "--results", str(tmp_path)], env={"COLUMNS": "300"})
    assert done.exit_code == 0, done.output
    assert "no instructions are counted, so that nothing is estimated: there is no C compiler." in done.output
    (path,) = tmp_path.glob("runs/pi4/*.json")
    record = store.load(path)
    assert record["count"] is None
    assert record["memory"]["peak_rss_bytes"] > 0
    assert estimate.counted(record) is None


def test_memory_that_a_guest_has_freed_is_no_longer_its_own(pi):
    """Else what a runtime takes at loading would hide in what the decoded images have left."""
    code = """
        import numpy as np
        from edgebench.runner import guest, heap
        heap.keep_nothing()
        np.ones(2**20)  # after the first large block glibc takes the next ones from its heap
        before = guest.resident()
        blocks = [np.ones(2**17) for _ in range(64)]
        held = guest.resident()
        del blocks
        print(before, held, guest.resident())
    """
    device = pi["pi4"]
    command = [*device._python(), "-c", textwrap.dedent(code)]
    out = subprocess.run(command, env=device._environment(), capture_output=True, text=True, check=True).stdout
    before, held, after = (int(word) / 2**20 for word in out.split())
    assert held - before == pytest.approx(64, abs=2)
    assert after - before == pytest.approx(0, abs=2)


def test_answers_are_those_of_this_machine_and_the_board_decides_the_kernels(
    pi, tiny_artifacts, tiny_dataset, monkeypatch, tmp_path, capfd
):
    from edgebench.cli.main import main

    monkeypatch.chdir(tmp_path)
    patched = iter((pi["pi4"], pi["pi5"]))
    monkeypatch.setattr(raspberrypi, "connect", lambda asked: next(patched))
    for board in ("pi4", "pi5"):
        command = ["run", tiny_artifacts["tflite-int8"], "--data", tiny_dataset, "--device", "raspberrypi"]
        monkeypatch.setattr(sys, "argv", ["edgebench", *map(str, command), "--emulate", board, "--images", "2"])
        with pytest.raises(SystemExit) as exit:
            main()
        assert not exit.value.code, capfd.readouterr().err
    monkeypatch.setattr(sys, "argv", ["edgebench", *map(str, command[:4]), "--quick", "--iterations", "2"])
    with pytest.raises(SystemExit):
        main()
    records = {path.parent.name: json.loads(path.read_text()) for path in tmp_path.glob("results/runs/*/*.json")}
    assert set(records) == {"local", "pi4", "pi5"}
    for board in ("pi4", "pi5"):
        record = records[board]
        assert (record["device"]["emulated"], record["device"]["mode"]) == (True, "emulated")
        assert record["count"]["board"] == board
        assert record["latency"] == []
        first, second = record["count"]["instructions"]
        assert first["total"] == pytest.approx(second["total"], rel=0.01)
        assert sum(v for k, v in first.items() if k != "total" and "misses" not in k) == first["total"]
        assert (first["dot"] > 0) == (board == "pi5")
        fields = record["count"]["preprocessing"]
        assert fields[0]["total"] == pytest.approx(fields[1]["total"], rel=0.01)
        assert fields[0]["total"] > record["count"]["patches"] * 224 * 224 * 3 / 16  # no pixel is skipped
        assert agreement(records["local"], record).max_um == 0  # int8: the same bits
        summary = replace(summarise(record), latency=None)
        assert set(estimate.counted(summary.record).latency_ms) == {1, 4}
