"""What the scripts of this folder share: the data set as a runner takes it, and how a script ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgebench.data import datasets, jiang2018
from edgebench.errors import EdgebenchError, RecordError, UsageError
from edgebench.records.store import render, write
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
    import jsonschema

    validator = jsonschema.Draft202012Validator({"$schema": _SCHEMA, **schema})
    fault: Any = min(validator.iter_errors(record), key=lambda one: list(map(str, one.absolute_path)), default=None)
    if fault is not None or not isinstance(record, dict):
        raise RecordError(f"{source}: {fault.json_path}: {fault.message[-160:]}. Measure again with --force.")
    return record


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
