"""What each command's help says beyond its options: a short line, examples, exit codes. Nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

CODES = {
    0: "done, and nothing speaks against it",
    1: "done, and something was found: each command says what",
    2: "not done: one line on standard error says what is wrong, and what to do",
    130: "stopped by Ctrl-C: what was finished is kept, the same command goes on",
}


@dataclass(frozen=True)
class About:
    short: str  # for the list of commands
    examples: dict[str, str]  # command line: what it does
    found: str = ""  # exit code 1
    failed: str = ""  # exit code 2, where it means more than bad input
    machine: str = ""  # what the document of --json holds
    files: dict[str, str] = field(default_factory=dict)  # read or written


def name_of(info: typer.models.CommandInfo) -> str:
    return info.name or (info.callback.__name__.replace("_", "-") if info.callback else "")


def document(app: typer.Typer) -> None:
    """Gives every command of an app its short line and the end of its help."""
    from edgebench.cli.commands import COMMANDS

    for path, info in commands(app):
        about = COMMANDS.get(path)
        if about is not None:
            info.short_help = about.short
            info.epilog = epilogue(about)
    app.info.epilog = codes()


def commands(app: typer.Typer, prefix: str = "") -> Iterator[tuple[str, typer.models.CommandInfo]]:
    for info in app.registered_commands:
        yield prefix + name_of(info), info
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, f"{prefix}{group.name} ")


def epilogue(about: About) -> str:
    """As click keeps it: \\b stands before lines that are not to be filled."""
    lines = ["\b", "Examples:"]
    for line, what in about.examples.items():
        lines += [f"  # {what}", f"  {line}"]
    own = {1: about.found, 2: about.failed}
    if any(own.values()):
        lines += ["", "\b", "Exit codes:", *(f"  {code}  {said}" for code, said in own.items() if said)]
    return "\n".join(lines)


def codes() -> str:
    return "\n".join(["\b", "Exit codes:", *(f"  {code:<3}  {said}" for code, said in CODES.items())])
