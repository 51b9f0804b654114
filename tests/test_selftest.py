"""The record, the page and the command of the self-test."""

from __future__ import annotations

import copy
import getpass
import json
import socket
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebench.cli import selftest as command
from edgebench.cli.main import app
from edgebench.devices import base as devices
from edgebench.errors import RecordError, UsageError
from edgebench.selftest import coverage, page, parts, power, session, store

ROOT = Path(__file__).parents[1]
STATISTICAL = ("coverage", "power")


@pytest.fixture(scope="module", autouse=True)
def few_runs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "RUNS_QUICK", 5)
        patch.setattr(power, "RUNS_QUICK", 3)
        yield


@pytest.fixture(scope="module")
def record(few_runs):
    """Of parts that need no process."""
    return session.run(STATISTICAL, devices.connect("local"), quick=True)


def ask(*arguments):
    return CliRunner().invoke(app, ["selftest", *map(str, arguments)])


def test_the_page_is_what_the_record_says():
    path = store.path_of(ROOT / "results", command.DEVICE, parts.chosen(()), quick=False)
    if not path.is_file():
        pytest.skip("no record of a self-test is committed yet")
    assert (ROOT / command.PAGE).read_text() == page.document(store.load(path)), "run `edgebench selftest --report`"


def test_a_record_survives_its_file(record, tmp_path):
    path = store.save(record, tmp_path / "a.json")
    assert store.load(path) == json.loads(json.dumps(record))
    assert page.document(store.load(path)) == page.document(record)


def test_a_record_names_no_host_user_or_folder(record):
    told = list(words(record["device"]))
    assert {socket.gethostname(), getpass.getuser()}.isdisjoint(told)
    assert not any(str(Path(folder)) in word for word in told for folder in (ROOT, Path.home(), tempfile.gettempdir()))


def words(value):
    """Every text inside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from words(inner)


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (lambda r: r.pop("seed"), "seed"),
        (lambda r: r.update(kind="run"), r"\$\.kind"),
        (lambda r: r["parts"].update(guess={}), "guess"),
        (lambda r: r["parts"]["coverage"]["rows"][0].update(hits=-1), r"coverage\.rows\[0\]\.hits"),
        (lambda r: r["parts"].update(faults={"cases": []}), r"faults\.cases"),
        (
            lambda r: r["parts"].update(
                error={"cases": [{"case": "x", "programme": {}, "record": {"schema": 1, "id": "inner"}}]}
            ),
            "inner",
        ),
    ],
)
def test_a_record_that_breaks_the_schema_is_refused_with_the_place(record, damage, where):
    broken = copy.deepcopy(record)
    damage(broken)
    with pytest.raises(RecordError, match=where):
        store.validate(broken, "here")


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "local.json"
    path.write_text(content)
    with pytest.raises(RecordError, match=str(path)):
        store.load(path)


def test_the_page_says_what_was_asked_found_and_missed(record):
    text = page.document(record)
    assert "programmed latency, no model" in text
    assert "A quick run" in text
    assert "Not run:** clock, memory, error, faults, live-alarms, alarms" in text
    assert record["created"][:10] in text
    for name in STATISTICAL:
        assert parts.PARTS[name].asked in text
    missed = [one for found in parts.findings(record).values() for one in page.missed(found)]
    assert text.count("**not reached**") == len(missed)
    bad = copy.deepcopy(record)
    bad["parts"]["power"]["rows"][0]["hits"][-1] = 0
    assert page.document(bad).count("**not reached**") == len(missed) + 1


def test_parts_come_in_one_order_and_a_quick_run_leaves_out_what_says_nothing():
    assert parts.chosen(()) == tuple(parts.PARTS)
    assert parts.chosen(("power", "clock")) == ("clock", "power")
    assert set(parts.PARTS) - set(parts.chosen((), quick=True)) == {"live-alarms"}
    with pytest.raises(UsageError, match=r"no part 'speed'. Parts: clock, memory"):
        parts.chosen(("speed",))


def test_a_quick_or_partial_run_never_takes_the_place_of_a_whole_one(tmp_path):
    names = [
        store.path_of(tmp_path, "local", parts.chosen(only, quick=quick), quick=quick).name
        for only in ((), ("clock", "power"))
        for quick in (False, True)
    ]
    assert names == ["local.json", "local_quick.json", "local_clock_power.json", "local_quick_clock_power.json"]


def test_the_command_measures_writes_and_says_if_goals_are_missed(tmp_path):
    results, written = tmp_path / "results", tmp_path / "page.md"
    done = ask("--quick", "--only", "power", "--results", results, "--write", written)
    path = results / "selftest/local_quick_power.json"
    assert done.exit_code == 0, done.output
    assert "goals not reached: 0" in done.output
    assert written.read_text() == page.document(store.load(path))

    again = ask("--quick", "--only", "power", "--results", results)
    assert isinstance(again.exception, RecordError)
    assert "--force" in str(again.exception)

    raw = json.loads(path.read_text())
    raw["parts"]["power"]["rows"][0]["hits"] = [0, 0, 0]
    path.write_text(json.dumps(raw))
    report = ask("--report", "--quick", "--only", "power", "--results", results, "--write", written)
    assert report.exit_code == 1
    assert "goals not reached: 1" in report.output
    assert "**not reached**" in written.read_text()


def test_the_command_refuses_what_it_does_not_know(tmp_path):
    assert isinstance(ask("--only", "speed", "--results", tmp_path).exception, UsageError)
    assert isinstance(ask("--report", "--results", tmp_path).exception, RecordError)
    assert list(tmp_path.iterdir()) == []


def test_the_help_names_every_part():
    listed = (ROOT / "docs/cli.md").read_text().partition("Part to run")[2].partition(".")[0]
    assert [name.strip() for name in listed.partition(":")[2].split(",")] == list(parts.PARTS)


def test_nothing_is_written_where_a_part_fails(tmp_path, monkeypatch):
    def fail(bench):
        raise KeyboardInterrupt

    monkeypatch.setitem(parts.PARTS, "power", parts.Part("", "", "", fail, parts.PARTS["power"].findings))
    ask("--quick", "--only", "power", "--results", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_code_version_covers_what_measures_and_judges():
    package = Path(session.edgebench.__file__).parent
    assert all(list(package.glob(pattern)) for pattern in session._CODE)
    assert len(session.code_sha256()) == 64
