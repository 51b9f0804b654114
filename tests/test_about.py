"""Help, examples, completion and exit codes of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_lines import of_page, parse
from test_layers import HEAVY
from typer.exceptions import TyperException

from edgebench.cli.about import CODES, commands
from edgebench.cli.commands import COMMANDS
from edgebench.cli.main import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "models/README.md"]
EXAMPLES = [line for about in COMMANDS.values() for line in about.examples]
WRITTEN = [(page.name, line) for page in PAGES for line in of_page(page)]


def test_every_command_has_a_short_line_and_an_example_and_no_other_has():
    assert {path for path, _ in commands(app)} == set(COMMANDS)
    for path, about in COMMANDS.items():
        assert about.examples, path
        assert all(line.startswith(f"edgebench {path}") for line in about.examples), path


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_the_help_is_understood_by_its_command(line):
    parse(line)


@pytest.mark.parametrize(("page", "line"), WRITTEN, ids=[f"{page}-{line[:60]}" for page, line in WRITTEN])
def test_a_command_line_of_a_page_is_understood_by_its_command(page, line):
    parse(line)


def test_a_wrong_command_line_is_not_understood():
    wrong = {
        "edgebench runn": "runn",
        "edgebench run --bach 8": "bach",
        "edgebench run --batch eight": "integer",
        "edgebench train x": None,
    }
    for line, said in wrong.items():
        with pytest.raises((ValueError, TyperException), match=said):
            parse(line)


def edgebench(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from edgebench.cli.main import main; sys.argv[0] = 'edgebench'; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, env={**os.environ, **more}, capture_output=True, text=True
    )


@pytest.mark.parametrize("path", ["", *COMMANDS])
def test_help_in_a_pipe_is_plain_and_holds_every_example_whole(path):
    done = edgebench(*path.split(), "--help")
    assert done.returncode == 0
    assert not any(character in done.stdout for character in "╭│─\x1b")
    lines = [line.strip() for line in done.stdout.splitlines()]
    for line in COMMANDS[path].examples if path else ():
        assert line in lines
    for code in CODES if not path else ():
        assert any(line.startswith(f"{code} ") for line in lines)


def completed(line: str) -> list[str]:
    words = line.split(" ")
    done = edgebench(_EDGEBENCH_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("edgebench conv", {"convert"}),
        ("edgebench convert redu", {"reduced", "reduced-single"}),
        ("edgebench convert --to onnx-in", {"onnx-int8"}),
        ("edgebench run reduced/tflite-int8", {"reduced/tflite-int8"}),
        ("edgebench run --backend onnx", {"onnxruntime"}),
        ("edgebench run --device pi", {"pi3", "pi4", "pi5"}),
        ("edgebench run --suite table", {"table7"}),
        ("edgebench devices show loc", {"local"}),
        ("edgebench data sh", {"show"}),
        ("edgebench compare --device loc", {"local"}),
    ],
)
def test_a_shell_completes(line, expected):
    assert expected <= set(completed(line))


def test_files_are_completed_beside_names():
    assert "models/reduced/" in completed("edgebench run models/redu")


def test_completion_loads_no_heavy_module():
    code = (
        "import sys, typer; from edgebench.cli import complete as c;"
        "x = type('X', (), {'params': {}})();"
        "[f(x, '') for f in (c.models, c.artifacts, c.subjects, c.measured)];"
        "[f('') for f in (c.targets, c.quantised, c.backends, c.devices, c.boards, c.suites, c.splits, c.paths)];"
        "import edgebench.cli.main; print('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert (HEAVY | {"numpy", "cv2", "rich"}).isdisjoint(name.split(".")[0] for name in done.stdout.split())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run --bach 8", "no such option: --bach (Possible options: --backend, --batch). See edgebench run --help."),
        ("runn", "no such command 'runn'. Did you mean 'run', 'prune'? See edgebench --help."),
        ("train", "missing argument 'name'. See edgebench train --help."),
        ("run --batch 0", "invalid value for '--batch': Input should be greater than or equal to 1. See edgebench run"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(line, said):
    done = edgebench(*line.split())
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"edgebench: error: {said}")
    assert done.stderr.count("\n") == 1


def test_without_a_command_the_help_is_printed():
    done = edgebench()
    assert done.returncode == 2
    assert "Commands:" in done.stderr
