"""What a shell completes: names of models, artifacts, targets, backends and devices. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomllib
import typer

SUITES = Path("benchmarks")


def models(ctx: typer.Context, incomplete: str) -> list[str]:
    """Below --models, then files and folders."""
    return _starting(incomplete, (card.parent.name for card in _cards(ctx))) + paths(incomplete)


def artifacts(ctx: typer.Context, incomplete: str) -> list[str]:
    """MODEL/TARGET of what was converted, then files and folders."""
    sidecars = (path for card in _cards(ctx) for path in sorted(card.parent.glob("*.json")) if path != card)
    names = (f"{path.parent.name}/{path.stem}" for path in sidecars if any(path.parent.glob(f"{path.stem}.[!j]*")))
    return _starting(incomplete, names) + paths(incomplete)


def subjects(ctx: typer.Context, incomplete: str) -> list[str]:
    """Models and artifacts."""
    return list(dict.fromkeys(models(ctx, incomplete) + artifacts(ctx, incomplete)))


def targets(incomplete: str) -> list[str]:
    from edgebench.convert.targets import known

    return _starting(incomplete, (*known(), "all"))


def quantised(incomplete: str) -> list[str]:
    from edgebench.convert.targets import TARGETS

    return _starting(incomplete, (name for name, one in TARGETS.items() if one.calibrated))


def backends(incomplete: str) -> list[str]:
    from edgebench.backends.base import known

    return _starting(incomplete, known())


def devices(incomplete: str) -> list[str]:
    """As --device takes them: ours, boards to emulate, the user's own, those of other packages."""
    from edgebench import extensions
    from edgebench.devices import base, named
    from edgebench.emulation.boards import BOARDS
    from edgebench.errors import UsageError

    try:
        own: Iterable[str] = named.load()
    except UsageError:  # a shell has no place for it
        own = ()
    return _starting(incomplete, (*base.DEVICES, *BOARDS, *own, *extensions.found(base.GROUP)))


def measured(ctx: typer.Context, incomplete: str) -> list[str]:
    """Devices that have records below --results."""
    runs = Path(ctx.params.get("results") or "results") / "runs"
    return _starting(incomplete, (path.name for path in sorted(runs.glob("*")) if path.is_dir()))


def boards(incomplete: str) -> list[str]:
    from edgebench.emulation.boards import BOARDS

    return _starting(incomplete, BOARDS)


def suites(incomplete: str) -> list[str]:
    return _starting(incomplete, (path.stem for path in sorted(SUITES.glob("*.toml")) if _is_suite(path)))


def splits(incomplete: str) -> list[str]:
    return _starting(incomplete, ("train", "validation", "test-1", "test-2"))


def paths(incomplete: str) -> list[str]:
    """Folders end in a slash."""
    folder, _, start = incomplete.rpartition("/")
    base = Path(folder or ("/" if incomplete.startswith("/") else ".")).expanduser()
    prefix = incomplete[: len(incomplete) - len(start)]
    try:
        there = sorted(base.iterdir())
    except OSError:
        return []
    shown = (path for path in there if path.name.startswith(start) and (start or not path.name.startswith(".")))
    return [f"{prefix}{path.name}{'/' * path.is_dir()}" for path in shown]


def _cards(ctx: typer.Context) -> list[Path]:
    return sorted(Path(ctx.params.get("models") or "models").glob("*/card.json"))


def _is_suite(path: Path) -> bool:
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return "cells" in found


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
