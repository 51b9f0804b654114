"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest
import tomllib
import typer.main

from edgebench.bench import fleet, suite
from edgebench.cli.main import app
from edgebench.devices import named
from edgebench.records.gate_names import GATES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def generated() -> str:
    spec = importlib.util.spec_from_file_location("docs_cli", ROOT / "docs/cli.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.text()


def test_the_pages_of_the_commands_are_up_to_date():
    assert (ROOT / "docs/cli.md").read_text() == generated(), "run `make docs`"


PAGES = {  # of docs, made from a record of results
    "selftest": "selftest/local",
    "validation": "validation/peers",
    "end-to-end": "end-to-end/local",
    "growth": "growth/growth",
    "formats": "formats/local",
}


def _made(name: str, record: Path) -> str:
    import formats
    import growth_page
    from pipeline import page as pipeline
    from validation import page as validation
    from validation.record import load

    from edgebench.selftest import page as selftest
    from edgebench.selftest import store

    if name == "selftest":
        return selftest.document(store.load(record))
    if name == "validation":
        return validation.document(load(record))
    makers = {"end-to-end": pipeline.document, "growth": growth_page.document, "formats": formats.document}
    return makers[name](json.loads(record.read_text()))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_measured_things_is_what_its_record_says(name):
    record = ROOT / "results" / f"{PAGES[name]}.json"
    assert (ROOT / "docs" / f"{name}.md").read_text() == _made(name, record), "write it again with --report"


def test_the_page_on_reproduction_has_the_seconds_of_the_cards():
    page = (ROOT / "docs/reproduction.md").read_text()
    rows = re.findall(r"^\| ([a-z0-9.-]+) \| ([\d,]+) \|$", page, re.MULTILINE)
    assert len(rows) == 13
    for name, seconds in rows:
        card = json.loads((ROOT / "models" / name / "card.json").read_text())
        assert f"{card['made']['seconds']:,.0f}" == seconds, name


def commands() -> list[str]:
    return [line for line in README.splitlines() if line.startswith("edgebench ")]


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_readme_exists_with_its_options(line):
    words = shlex.split(line, comments=True)[1:]
    command = typer.main.get_command(app)
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    assert not hasattr(command, "commands"), f"no such command: {line}"
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_suite_and_the_commands_of_the_page_about_ci_are_right(tmp_path):
    page = (ROOT / "docs/ci.md").read_text()
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "gates.toml").write_text(text)
    assert suite.load("gates", {}, tmp_path).gates == GATES
    assert tomllib.loads(text).items() <= tomllib.loads((ROOT / "benchmarks/gates.toml").read_text()).items()
    assert set(GATES) == set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE))
    options = {option for parameter in typer.main.get_command(app).commands["run"].params for option in parameter.opts}
    workflow = page.partition("```yaml")[2].partition("```")[0]
    lines = [line for line in workflow.replace("\n          ", " ").splitlines() if "edgebench run" in line]
    used = {word for line in lines for word in line.split() if word.startswith("--")}
    assert "--baseline" in used and "--images" in used
    assert used <= options


def test_the_files_of_devices_on_the_page_about_boards_are_read_as_they_are_written(tmp_path):
    page = (ROOT / "docs/raspberry-pi.md").read_text()
    own, several = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    file = tmp_path / "devices.toml"
    file.write_text(own)
    assert named.read(file)[0] == {"lab": {"host": "pi@lab", "python": "python3.11"}}
    file.write_text(several)
    assert fleet.load(file) == fleet.Fleet({"lab-1": {"host": "pi@lab-1"}, "lab-2": {"host": "pi@lab-2"}}, "", 2)
    file.write_text(several.partition("[device")[0].replace("# scheduler", "scheduler"))
    assert fleet.load(file) == fleet.Fleet({}, "tcp://lab:8786", 2)
