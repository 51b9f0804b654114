"""Devices by names of the user's own: [device.NAME] in edgebench.toml, here or in ~/.config/edgebench."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomllib

from edgebench.errors import UsageError

FILE = "edgebench.toml"
KEYS = ("host", "python", "emulate")


def files() -> tuple[Path, ...]:
    """Where devices may be named; what the first says goes before the second."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(FILE), Path(base) / "edgebench" / FILE


def load() -> dict[str, dict[str, str]]:
    """Name to host, python and emulate, as far as they are given; UsageError for what no file of ours says."""
    found: dict[str, dict[str, str]] = {}
    for file in files()[::-1]:
        if file.is_file():
            found |= read(file)[0]
    return found


def read(file: Path, more: Sequence[str] = ()) -> tuple[dict[str, dict[str, str]], dict[str, Any]]:
    """The devices of a file, and the values of other keys that it may have."""
    try:
        raw: Mapping[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: not readable TOML ({error}). Correct it.") from error
    unknown = sorted(set(raw) - {"device", *more})
    devices = raw.get("device", {})
    if unknown or not isinstance(devices, dict) or not all(isinstance(one, dict) for one in devices.values()):
        raise UsageError(f"{file}: expected tables [device.NAME]{f', not {unknown[0]!r}' if unknown else ''}.")
    for name, one in devices.items():
        for key, value in one.items():
            if key in more:
                raise UsageError(f"{file}: {key} stands behind [device.{name}], and counts as its. Put it on top.")
            if key not in KEYS or not isinstance(value, str):
                raise UsageError(f"{file}: device.{name}.{key} is {value!r}. Known: {', '.join(KEYS)}, each a text.")
        if not one.get("host") and not one.get("emulate"):
            raise UsageError(f"{file}: device.{name} has neither host nor emulate. Give one.")
    return dict(devices), {key: raw[key] for key in more if key in raw}
