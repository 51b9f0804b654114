"""The command line: one module a command; a user's error is one line on standard error and exit code 2."""

from __future__ import annotations

import sys
from concurrent.futures import BrokenExecutor
from typing import Annotated

import typer
from typer.exceptions import TyperException

import edgebench
from edgebench.cli import (
    about,
    compare,
    convert,
    data,
    devices,
    evaluate,
    explain,
    history,
    inspect,
    predict,
    prune,
    quantise,
    recommend,
    report,
    run,
    selftest,
    sweep,
    train,
)
from edgebench.errors import EdgebenchError

INTERRUPTED = 130  # exit code

app = typer.Typer(
    name="edgebench",
    help="Is a focus regressor fit for an edge device? Simulate or read focal stacks, train, convert, "
    "measure and report.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: instant, and no boxes in a pipe
    pretty_exceptions_enable=False,
)
app.add_typer(data.app, name="data")
app.command("train")(train.train)
app.command("sweep")(sweep.sweep)
app.command("prune")(prune.prune)
app.command("convert")(convert.convert)
app.command("quantise")(quantise.quantise)
app.command("explain")(explain.explain)
app.command("inspect")(inspect.inspect)
app.command("run")(run.run)
app.add_typer(devices.app, name="devices")
app.command("evaluate")(evaluate.evaluate)
app.command("report")(report.report)
app.command("recommend")(recommend.recommend)
app.command("check")(compare.check)
app.command("compare")(compare.compare)
app.command("history")(history.history)
app.command("predict")(predict.predict)
app.command("selftest")(selftest.selftest)


about.document(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgebench {edgebench.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Ends the process with an exit code of `about.CODES`; every error is one line."""
    try:
        code = app(standalone_mode=False)
    except TyperException as error:  # what the parser says of the command line
        sys.exit(_refused(error))
    except (EdgebenchError, OSError, BrokenExecutor) as error:  # a full disk, a killed worker
        if "--debug" in sys.argv:
            raise
        _error(str(error) or type(error).__name__)
        sys.exit(2)
    if code == INTERRUPTED:  # typer turns Ctrl-C into it, without a word
        typer.echo("edgebench: stopped; what was finished is kept, the same command goes on from there.", err=True)
    sys.exit(code)


def _refused(error: TyperException) -> int:
    said, context = error.format_message(), getattr(error, "ctx", None)
    if said.startswith("Usage:"):  # the help, of a command without any argument
        typer.echo(said, err=True)
    else:
        hint = f" See {context.command_path} --help." if context else ""
        _error(f"{said[:1].lower()}{said[1:].rstrip('.')}{'' if said.endswith('?') else '.'}{hint}")
    return error.exit_code


def _error(said: str) -> None:
    typer.echo(f"edgebench: error: {' '.join(said.split())}", err=True)
