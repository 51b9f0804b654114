"""R22: energy only from a source that names itself, over the timed window; no source: blank, with the reason."""

from __future__ import annotations

import dataclasses
import itertools
import sys

import pytest
from make_records import make_record
from test_runner import change, mean_of_red, measured, of, process
from test_runner import run_spec as run_spec  # a fixture
from test_session import HOST, Canned, run
from test_session import cell as cell  # a fixture
from test_session import data as data  # a fixture

from edgebench.bench import suite
from edgebench.cli.run_table import table
from edgebench.energy import choose, pmic, rapl
from edgebench.energy import meter as meters
from edgebench.energy.command import Command
from edgebench.energy.hwmon import Hwmon
from edgebench.energy.meter import Meter
from edgebench.energy.rapl import Rapl
from edgebench.errors import DeviceError, UsageError
from edgebench.records import schema, store
from edgebench.records.summary import summarise
from edgebench.runner import latency

RANGE_UJ = 1_000_000


class Readings:
    """A source that gives one value after the other."""

    name = "readings"

    def __init__(self, values, counts):
        self._values, self.counts = iter(values), counts

    def read(self):
        return next(self._values)


def clock(*times_ms):
    """Each reading of a source takes two of the clock, each tick one."""
    times = iter(times_ms)
    return lambda: int(next(times) * 1e6)


# the window


def test_a_counter_is_read_at_the_ends_of_the_window_only():
    meter = Meter(Readings([100.0, 130.0], counts=True), clock(0, 2, 1000, 1002))
    meter.start()
    for _ in range(5):
        meter.tick()
    found = meter.stop()
    assert (found.joules, found.seconds, found.samples) == (30.0, 1.0, 2)


def test_sampled_power_is_integrated_by_trapezoids():
    """2 W for 1 s, and a rise to 4 W over the next: 2 + 3 J."""
    meter = Meter(Readings([2.0, 2.0, 4.0], counts=False), clock(0, 0, 1000, 1000, 1000, 2000, 2000))
    meter.start()
    meter.tick()
    found = meter.stop()
    assert found.joules == pytest.approx(5.0)
    assert (found.seconds, found.samples) == (2.0, 3)


def test_samples_are_100_ms_apart_at_least():
    meter = Meter(Readings(itertools.repeat(1.0), counts=False), clock(0, 0, 50, 99, 100, 100, 100, 150, 200, 200))
    meter.start()
    for _ in range(4):  # at 50, 99, 100 and 150 ms
        meter.tick()
    assert meter.stop().samples == 3


def test_a_counter_that_goes_back_is_an_error():
    meter = Meter(Readings([9.0, 2.0], counts=True))
    meter.start()
    with pytest.raises(DeviceError, match="went back by 7 J"):
        meter.stop()


def test_idle_power_is_a_mean_over_some_time():
    assert meters.idle_watts(Readings(itertools.repeat(2.5), counts=False), 0.2) == pytest.approx(2.5)


# RAPL


def domain(root, name, label, energy_uj):
    folder = root / name
    folder.mkdir()
    for file, value in (("name", label), ("energy_uj", energy_uj), ("max_energy_range_uj", RANGE_UJ)):
        (folder / file).write_text(f"{value}\n")
    return folder / "energy_uj"


@pytest.fixture
def counters(tmp_path):
    """Counters of a machine with two packages, one of them with its memory, and what is counted in them already."""
    root = tmp_path / "powercap"
    root.mkdir()
    domain(root, "intel-rapl:0:0", "core", 500)
    domain(root, "intel-rapl-mmio:0", "package-0", 500)
    domain(root, "intel-rapl:2", "psys", 500)
    return root, {
        "package-0": domain(root, "intel-rapl:0", "package-0", 100_000),
        "package-1": domain(root, "intel-rapl:1", "package-1", 990_000),
        "dram-0": domain(root, "intel-rapl:0:1", "dram", 0),
    }


def test_rapl_sums_packages_and_their_memory_once(counters):
    root, files = counters
    source = Rapl(root)
    assert sorted(source.about().split(", ")) == sorted(files)
    assert source.read() == 0
    files["package-0"].write_text("400000")
    files["dram-0"].write_text("50000")
    assert source.read() == pytest.approx(0.35)


def test_rapl_follows_a_counter_that_wraps(counters):
    root, files = counters
    source = Rapl(root)
    source.read()
    files["package-1"].write_text("20000")
    assert source.read() == pytest.approx((RANGE_UJ - 990_000 + 20_000) / 1e6)


def test_rapl_says_why_it_cannot_be_read(counters, tmp_path, monkeypatch):
    root, files = counters
    assert Rapl(tmp_path / "none").available() == "no RAPL counters here"
    monkeypatch.setattr(rapl, "SETTLE_S", 0)
    assert "do not move" in Rapl(root).available()
    monkeypatch.setattr(rapl, "sleep", lambda seconds: files["package-0"].write_text("200000"))
    assert Rapl(root).available() is None
    files["package-0"].unlink()
    assert "energy_uj: cannot be read" in Rapl(root).available()


# hwmon


def sensor(root, number, chip, **files):
    folder = root / f"hwmon{number}"
    folder.mkdir(parents=True)
    for name, value in {"name": chip, **files}.items():
        (folder / name).write_text(f"{value}\n")


def test_an_ina226_gives_microwatts(tmp_path):
    sensor(tmp_path, 0, "coretemp", temp1_input=40000)
    sensor(tmp_path, 3, "ina226", power1_input=5_250_000, in1_input=5000)
    source = Hwmon(tmp_path)
    assert source.available() is None
    assert source.read() == 5.25


def test_an_ina3221_gives_millivolts_and_milliamperes_and_the_whole_board_is_known_by_its_label(tmp_path):
    rails = {"in1_label": "VDD_IN", "in1_input": 5000, "curr1_input": 1200}
    sensor(tmp_path, 0, "ina3221", **rails, in2_label="VDD_CPU", in2_input=5000, curr2_input=300)
    source = Hwmon(tmp_path)
    assert source.available() is None
    assert (source.read(), source.about()) == (6.0, "VDD_IN")


def test_rails_that_may_be_inside_each_other_are_not_added(tmp_path):
    for number in (1, 2):
        sensor(tmp_path, number, "ina219", power1_input=1_000_000)
    assert "several rails (ina219, ina219)" in Hwmon(tmp_path).available()
    assert Hwmon(tmp_path / "none").available() == "no INA2xx or INA3221 sensor here"


# the chip of a Raspberry Pi 5


def test_the_pmic_sums_the_rails_that_have_current_and_voltage():
    text = """
     3V3_SYS_A current(1)=0.10000000A
   VDD_CORE_A current(7)=2.00000000A
     3V3_SYS_V volt(9)=3.30000000V
   VDD_CORE_V volt(15)=0.85000000V
     EXT5V_V volt(24)=5.11000000V
      BATT_V volt(25)=0.00000000V
"""
    assert pmic.watts(text) == pytest.approx(0.33 + 1.7)
    with pytest.raises(DeviceError, match="Only a Raspberry Pi 5"):
        pmic.watts('error=1 error_msg="Command not registered"')


def test_a_machine_without_vcgencmd_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert pmic.Pmic().available() == "no vcgencmd here"


# the user's command


def printing(text):
    return f'{sys.executable} -c "print({text!r})"'


@pytest.mark.parametrize(
    ("said", "counts", "value"), [("12.5 J", True, 12.5), ("4.25W", False, 4.25), ("3e2 J", True, 300.0)]
)
def test_a_command_says_by_its_unit_what_it_is(said, counts, value):
    source = Command(printing(said))
    assert (source.counts, source.read()) == (counts, value)


@pytest.mark.parametrize("said", ["12.5", "12 mJ", "-3 W", "12 J 13 J", ""])
def test_anything_else_is_refused(said):
    with pytest.raises(DeviceError, match="expected like"):
        Command(printing(said))


@pytest.mark.parametrize("command", ["/no/such/meter", "'open", "", f"{sys.executable} -c 'raise SystemExit(3)'"])
def test_a_command_that_fails_is_one_line(command):
    with pytest.raises(DeviceError, match="--energy-command") as caught:
        Command(command)
    assert "\n" not in str(caught.value)


# the choice


def test_auto_takes_only_what_counts(monkeypatch):
    counter, sampled = Readings([], True), Readings([], False)
    for one in (counter, sampled):
        one.available = lambda: None
    monkeypatch.setattr(choose, "SOURCES", {"sampled": lambda: sampled, "counter": lambda: counter})
    assert choose.source("auto") == (counter, None)
    assert choose.source("sampled") == (sampled, None)
    counter.available = lambda: "not here"
    assert choose.source("auto") == (None, "readings: not here")
    with pytest.raises(DeviceError, match="energy source 'counter': not here"):
        choose.source("counter")


def test_an_unknown_source_lists_the_names():
    with pytest.raises(UsageError, match=r"no energy source .sun.\. Sources: auto, off, rapl"):
        suite.settings({"energy": "sun"})
    with pytest.raises(UsageError, match="no energy source 'sun'"):
        choose.source("sun")


def test_a_source_that_the_device_lacks_fails_before_anything_is_measured(cell, data, tmp_path, monkeypatch):
    device = Canned()
    monkeypatch.setitem(HOST, "no_energy", {"rapl": "no RAPL counters here"})
    with pytest.raises(DeviceError, match="energy source 'rapl': no RAPL"):
        run([cell(energy="rapl")], device, data, tmp_path)
    assert device.started == []


# the runner, the record and the table


def test_r22_the_runner_measures_the_window_of_the_timed_calls(monkeypatch, run_spec):
    monkeypatch.setattr(meters, "IDLE_S", 0.0)
    monkeypatch.setattr(meters.idle_watts, "__defaults__", (0.0,))
    asked = change(run_spec, mode="latency", iterations=20, energy="command", energy_command=printing("4 W"))
    events, _ = measured(monkeypatch, asked, mean_of_red, latency.measure)
    (found,) = of(events, "latency")
    energy = found["energy"]
    assert energy["source"] == "command" and energy["samples"] >= 2
    assert energy["seconds"] >= found["wall_ns"] / 1e9
    assert energy["joules"] == pytest.approx(4 * energy["seconds"])
    assert energy["idle_watts"] == pytest.approx(4)
    assert found["no_energy"] is None


def test_without_a_source_there_is_a_reason_and_no_number(run_spec):
    _, events, _ = process(change(run_spec, mode="latency"))
    (found,) = of(events, "latency")
    assert (found["energy"], found["no_energy"]) == (None, "not asked for")


def with_energy(joules=(10.0, 10.2, 9.8, 10.1, 9.9)):
    record = make_record()
    for process_, j in zip(record["latency"], joules, strict=True):
        process_["energy"] = {"source": "rapl", "about": "package-0", "joules": j, "seconds": 15.0, "samples": 2}
        process_["energy"]["idle_watts"] = 3.0
    return schema.validate(record)


def test_the_energy_of_a_patch_has_an_interval_of_processes_and_idle_stands_apart(tmp_path, capsys):
    found = summarise(with_energy()).energy
    assert found.patch_mj == pytest.approx(10.0 * 1000 / (400 * 8))  # nothing subtracted
    assert found.patch.low < found.patch_mj < found.patch.high
    assert (found.idle_w, found.source) == (3.0, "rapl (package-0)")
    assert summarise(make_record()).energy is None


def test_a_process_without_energy_leaves_the_cell_blank():
    record = with_energy()
    record["latency"][3]["energy"] = None
    assert summarise(record).energy is None


def test_the_table_has_energy_only_where_there_is_one(cell, data, tmp_path, capsys):
    (outcome,) = run([cell()], Canned(), data, tmp_path)
    splits = ["test-1", "test-2"]
    table([outcome], splits)
    assert "mJ per" not in capsys.readouterr().out
    record = store.load(outcome.path)
    for process_ in record["latency"]:
        process_["energy"] = with_energy()["latency"][0]["energy"]
    store.save(record, tmp_path, force=True)
    table([outcome], splits)
    out = capsys.readouterr().out
    assert "mJ per" in out and "Energy by rapl (package-0), what the machine draws at rest included." in out


def test_the_command_is_in_no_record(cell, data, tmp_path):
    secret = dataclasses.replace(cell(energy="command"), energy_command="read-meter --at secret-host")
    (outcome,) = run([secret], Canned(), data, tmp_path)
    assert "secret-host" not in outcome.path.read_text()
    modes = {spec.mode: spec.energy_command for phase, spec in secret.processes(data) if phase != "one patch"}
    assert modes == {"accuracy": "", "latency": "read-meter --at secret-host", "memory": ""}
