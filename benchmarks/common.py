"""What the scripts of this folder share: the data set as a runner takes it, and how a script ends."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import edgebench
from edgebench.bench.cells import code_sha256
from edgebench.data import datasets, jiang2018
from edgebench.devices.base import Device
from edgebench.errors import EdgebenchError, RecordError, UsageError
from edgebench.records import fault
from edgebench.records.store import check_writable, render, write
from edgebench.types import StackFiles

INTERRUPTED = 130  # exit code
Record = dict[str, Any]
_SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def data(root: Path, splits: Sequence[str]) -> tuple[Record, tuple[StackFiles, ...]]:
    """ "data" of a record, and the stacks of these splits one after the other; UsageError where there is none."""
    about = asdict(datasets.describe(root))
    there = [split for split in splits if split in about["splits"]]
    if not there:
        found = ", ".join(about["splits"]) or "none"
        raise UsageError(f"{root}: no {' or '.join(splits)}. Splits: {found}. `edgebench data simulate` makes one.")
    stacks = tuple(
        StackFiles(
            stack.id,
            stack.sample,
            tuple((plane.path.relative_to(root).as_posix(), plane.z_nm) for plane in stack.planes),
        )
        for split in there
        for stack in jiang2018.stacks(root, split)
    )
    kept = {key: about[key] for key in ("name", "simulated", "seed", "sha256", "rule")}
    return {**kept, "splits": {split: about["splits"][split] for split in there}}, stacks


def parser(about: str, page: Path, *, data: Path = Path("data/simulated")) -> argparse.ArgumentParser:
    """What every script asks for; `about` is its docstring."""
    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--data", type=Path, default=data, help=f"data set (default {data})")
    found.add_argument("--results", type=Path, default=Path("results"))
    found.add_argument("--page", type=Path, default=page)
    found.add_argument("--force", action="store_true", help="measure again, in place of the record that is there")
    found.add_argument("--report", action="store_true", help="write the page again, and measure nothing")
    return found


def measured(
    given: argparse.Namespace, place: str, schema: Record, measure: Callable[[argparse.Namespace], Record]
) -> Path:
    """Where the record is, results/`place`; unless --report is given it is measured, and written in one piece."""
    path = given.results / place
    if not given.report:
        refuse(path, given.force)
        check_writable(given.results, path.parent.name)
        save(measure(given), schema, path)
        print(path)
    return path


def host(device: Device) -> Record:
    """What a device is and runs, as a record has it."""
    return {key: value for key, value in device.host().items() if key != "event"}


def head(kind: str) -> Record:
    """What every record begins with."""
    return {
        "schema": 1,
        "kind": kind,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "edgebench": edgebench.__version__,
        "code_sha256": code_sha256(),
    }


def count(text: str) -> int:
    """A positive number, for argparse."""
    found = int(text)
    if found < 1:
        raise ValueError
    return found


def counts(text: str) -> tuple[int, ...]:
    """Several of them between commas."""
    return tuple(count(part) for part in text.split(","))


def fields(**properties: Any) -> Record:
    """JSON schema of an object that has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


def many(of: Record) -> Record:
    return {"type": "array", "minItems": 1, "items": of}


def check(record: object, schema: Record, source: str) -> Record:
    """Raises RecordError with the JSON path of the first fault."""
    return fault.check(record, {"$schema": _SCHEMA, **schema}, source, "Measure again with --force.")


def load(path: Path, schema: Record) -> Record:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}). Measure first, without --report.") from error
    except ValueError as error:
        raise RecordError(f"{path}: damaged ({error}). Measure again with --force.") from error
    return check(raw, schema, str(path))


def save(record: Record, schema: Record, path: Path) -> None:
    write(path, render(check(record, schema, str(path))) + "\n")


def refuse(path: Path, force: bool) -> None:
    """UsageError before anything is measured, where a record would be overwritten."""
    if path.exists() and not force:
        raise UsageError(f"{path}: already there. Keep it, or measure it again with --force.")


def end(main: Callable[[], None]) -> None:
    """Run a script: what a user can cause is one line and exit code 2."""
    try:
        main()
    except (EdgebenchError, OSError) as error:
        print(f"edgebench: error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("edgebench: stopped; nothing was written.", file=sys.stderr)
        sys.exit(INTERRUPTED)
