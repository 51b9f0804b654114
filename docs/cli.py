"""Writes docs/cli.md from the commands themselves: `make docs`. tests/test_docs.py checks that it is up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def text() -> str:
    command = [sys.executable, "-m", "typer", "edgebench.cli.main", "utils", "docs", "--name", "edgebench"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_plain())
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


def _plain() -> dict[str, str]:
    import os

    return {**os.environ, "TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "100"}


if __name__ == "__main__":
    (Path(__file__).with_name("cli.md")).write_text(text(), encoding="utf-8")
