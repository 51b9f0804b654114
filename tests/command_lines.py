"""Command lines as a user types them, parsed by the commands themselves without being run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import typer.main

from edgebench.cli.main import app

_FENCED = re.compile(r"^```(?:sh|bash|console|)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def parse(line: str) -> None:
    """Raises what the command would: an unknown command or option, a missing or unreadable value."""
    words = shlex.split(line, comments=True)[1:]
    command, path = typer.main.get_command(app), "edgebench"
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            raise ValueError(f"no such command: {path} {words[0]}")
        command, path, words = command.commands[words[0]], f"{path} {words[0]}", words[1:]
    command.make_context(path, words)


def of_page(page: Path) -> list[str]:
    """Lines of its code blocks that call edgebench, joined where a backslash ends them."""
    found = []
    for block in _FENCED.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            called = re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?(edgebench [^|<>;&]*)", line)
            if called and not re.search(r"\.\.\.|…|\$", called[1]):
                found.append(called[1].strip())
    return found
