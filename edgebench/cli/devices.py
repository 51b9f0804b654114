"""edgebench devices: what can be measured on, what it is, how it is now, and what it lacks."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.cli.calibrate import calibrate

app = typer.Typer(no_args_is_help=True, help="Devices: list them, look at one, and ask what it lacks.")
NAME = typer.Argument(autocompletion=complete.devices, help="local, raspberrypi, ssh, or a name from edgebench.toml.")
HOST = typer.Option(help="Board to reach over SSH.")
EMULATE = typer.Option(autocompletion=complete.boards, help="Raspberry Pi to emulate: pi3, pi4, pi5.")
PYTHON = typer.Option(help="Python on that board.")
app.command()(calibrate)
FAILED = 1  # exit code: the doctor found something


@app.command("list")
def list_(as_json: screen.Json = False) -> None:
    """Names that --device takes, and what each means."""
    from edgebench.devices import base, named
    from edgebench.emulation.boards import BOARDS

    meanings = {
        "local": "this machine",
        "raspberrypi": f"this board, one over SSH (--host), or one emulated (--emulate {'|'.join(BOARDS)})",
        "ssh": "any 64-bit Linux board over SSH (--host)",
    }
    emulated = {name: f"a {board.model}, emulated" for name, board in BOARDS.items()}
    own = {name: ", ".join(f"{key} {one[key]}" for key in one) for name, one in sorted(named.load().items())}
    found = {**{name: meanings[name] for name in base.DEVICES}, **emulated, **own}
    if as_json:
        screen.document({"devices": found, "emulated": list(emulated), "files": named.files()})
        return
    screen.table(("device", "what"), list(found.items()))
    screen.line(f"own names: [device.NAME] in {' or '.join(map(str, named.files()))}")


@app.command()
def show(
    name: Annotated[str, NAME],
    host: Annotated[Optional[str], HOST] = None,
    emulate: Annotated[Optional[str], EMULATE] = None,
    python: Annotated[str, PYTHON] = "",
    as_json: screen.Json = False,
) -> None:
    """What the device is: as a record of it would say."""
    _print(_ready(name, host, emulate, python).host(), as_json)


@app.command()
def state(
    name: Annotated[str, NAME],
    host: Annotated[Optional[str], HOST] = None,
    emulate: Annotated[Optional[str], EMULATE] = None,
    python: Annotated[str, PYTHON] = "",
    as_json: screen.Json = False,
) -> None:
    """What may disturb a measurement on it now: temperature, governor, throttling, load."""
    _print(_ready(name, host, emulate, python).state(), as_json)


@app.command()
def doctor(
    name: Annotated[str, NAME] = "raspberrypi",
    host: Annotated[Optional[str], HOST] = None,
    emulate: Annotated[Optional[str], EMULATE] = None,
    python: Annotated[str, PYTHON] = "",
    as_json: screen.Json = False,
) -> None:
    """Which runtimes the device has, or could have, and the command that mends what is missing."""
    from edgebench.devices import doctor as asking

    device = _connect(name, host, emulate, python)
    found = asking.examine(device)
    if as_json:
        screen.document({"device": name, "lines": found})
    for line in found if not as_json else ():
        screen.line(line.text)
    if not any(line.good for line in found):
        raise typer.Exit(FAILED)


def _connect(name: str, host: str | None, emulate: str | None, python: str) -> Any:
    from edgebench.devices import base

    return base.connect(name, base.Asked(emulate or "", host or "", python, screen.say))


def _ready(name: str, host: str | None, emulate: str | None, python: str) -> Any:
    """With the runner on it."""
    from edgebench.devices import base

    device = _connect(name, host, emulate, python)
    if isinstance(device, base.Remote):
        device.need(())
    return device


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        screen.document({key: value for key, value in found.items() if key != "event"})
        return
    for key, value in found.items():
        if key != "event":
            shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            shown = (" ".join(map(str, value)) or "none") if isinstance(value, (list, tuple)) else shown
            screen.line(f"{key}: {shown}")
