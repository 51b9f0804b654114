"""What the commands print with."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgebench.cli import screen

LONG = "mobilenet_v1_1.0_224_quantized_and_a_name_that_is_far_wider_than_any_terminal_of_eighty_columns.tflite"


def test_a_table_in_a_pipe_has_one_line_a_row_whatever_its_width(capsys):
    screen.table(("what", "um"), [(LONG, "1.25"), ("two\nlines", "[red]10.5[/red]")], right=(1,))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith(LONG)
    assert lines[1].endswith(" 1.25")
    assert lines[2].startswith("two lines ")
    assert lines[2].endswith("[red]10.5[/red]")
    assert not any(character in "".join(lines) for character in "│─━┃\x1b")


def in_terminal(code: str, columns: int) -> str:
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm"},
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        text += more
    done.wait()
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", text.decode())


def test_a_table_in_a_terminal_fits_its_width():
    code = "from edgebench.cli import screen; screen.table(('name', 'about'), [('a [b] c', 'word ' * 30)])"
    lines = in_terminal(code, 60).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 60
    assert "a [b] c" in lines[1]


@dataclass(frozen=True)
class Part:
    um: float
    hidden: object = field(repr=False, default=None)


def test_a_document_holds_only_what_json_has(capsys):
    screen.document(
        {"a": Part(float("nan"), object()), "b": np.float32(0.5), "c": {2: Path("x")}, "d": (1, np.arange(2))}
    )
    found = json.loads(capsys.readouterr().out, parse_constant=lambda name: 1 / 0)
    assert found == {"a": {"um": None}, "b": 0.5, "c": {"2": "x"}, "d": [1, [0, 1]]}


def test_bars_write_nothing_into_a_pipe(capsys):
    with screen.bars() as bar:
        bar.update(bar.add_task("simulating", total=2), completed=1)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_no_command_prints_by_rich_itself():
    cli = Path(screen.__file__).parent
    for file in sorted(cli.glob("*.py")):
        if file.name != "screen.py":
            text = file.read_text()
            assert "rich.console" not in text, file.name
            assert "rich.table" not in text, file.name
