"""Writes docs/cli.md, the manual page, from the commands themselves: `make docs`. tests/test_docs.py checks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main

from edgebench.cli.about import CODES, About, commands
from edgebench.cli.commands import COMMANDS, ENVIRONMENT, FILES
from edgebench.cli.main import app

NAME = "edgebench"
DESCRIPTION = """\
Written by `make docs` from the commands themselves, as `edgebench --help` and `edgebench COMMAND --help` print them.

Results go to standard output, progress and remarks to standard error. In a terminal a table is fitted to its width, and
a bar shows progress; in a pipe or a file a row is one line, however long, with columns two spaces apart, no colour and
no bar. With `--json` a command prints one JSON document instead, with what is no finite number as `null`; lengths,
times and sizes have their unit in the name (`mean_um`, `p50_ms`, `bytes`). What is simulated says so in it."""
COMPLETION = """\
`edgebench --install-completion` adds completion to the shell that it is called from (bash, zsh, fish, PowerShell); it
completes commands and options, and the names of models, artifacts, targets, suites, backends, boards and devices.
`edgebench --show-completion` prints the script instead."""


def text() -> str:
    root = typer.main.get_command(app)
    lines = [f"# {NAME}(1)", "", "## Name", "", f"{NAME} - {root.help}", "", "## Synopsis", ""]
    lines += ["```text", f"{NAME} [--debug] COMMAND [ARGUMENTS] [OPTIONS]", f"{NAME} --help | --version", "```", ""]
    lines += ["## Description", "", DESCRIPTION, "", "## Commands", "", "| command | |", "| --- | --- |"]
    lines += [f"| [{path}](#{_anchor(path)}) | {_cell(COMMANDS[path].short)} |" for path, _ in commands(app)]
    lines += [
        "",
        "## Exit codes",
        "",
        "| code | |",
        "| --- | --- |",
        *(f"| {c} | {_cell(s)} |" for c, s in CODES.items()),
    ]
    lines += ["", "A traceback is a fault of edgebench, whatever the code: please report it. `--debug`, before the"]
    lines += ["command, shows the traceback of any error.", ""]
    for title, found in (("Files", FILES), ("Environment", ENVIRONMENT)):
        lines += [f"## {title}", "", *_pairs(found), ""]
    lines += ["## Completion", "", COMPLETION, ""]
    for path, _ in commands(app):
        lines += list(_command(path, _find(root, path), COMMANDS[path]))
    return "\n".join(lines).rstrip() + "\n"


def _command(path: str, command: Any, about: About) -> Iterator[str]:
    context = command.make_context(f"{NAME} {path}", [], resilient_parsing=True)
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f"## {NAME} {path}", "", "```text", f"{NAME} {path} {usage}", "```", "", _filled(command.help), "")
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    for title, shown in (("argument", arguments), ("option", [o for o in command.params if o not in arguments])):
        rows = [record for one in shown if (record := _record(one, context))]
        if rows:
            yield from (f"| {title} | |", "| --- | --- |", *(f"| `{a}` | {_cell(b)} |" for a, b in rows), "")
    yield "```sh"
    for line, what in about.examples.items():
        yield from (f"# {what}", line)
    yield from ("```", "")
    for code, said in ((1, about.found), (2, about.failed)):
        if said:
            yield from (f"Exit code {code}: {said}.", "")
    if about.machine:
        yield from (f"`--json`: {about.machine}.", "")
    if about.files:
        yield from (*_pairs(about.files), "")


def _record(one: Any, context: Any) -> tuple[str, str] | None:
    found = one.get_help_record(context)
    return found and (found[0].strip(), found[1].strip())


def _find(root: Any, path: str) -> Any:
    for word in path.split():
        root = root.commands[word]
    return root


def _filled(given: str) -> str:
    """Paragraphs, each on one line."""
    return "\n\n".join(" ".join(part.split()) for part in given.replace("\b", "").split("\n\n"))


def _pairs(found: Mapping[str, str]) -> list[str]:
    return [f"- `{name}`: {said}" for name, said in found.items()]


def _cell(given: str) -> str:
    return given.replace("|", "\\|").replace("<", "&lt;")


def _anchor(path: str) -> str:
    return f"{NAME}-{path}".replace(" ", "-")


if __name__ == "__main__":
    Path(__file__).with_name("cli.md").write_text(text(), encoding="utf-8")
