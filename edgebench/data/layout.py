"""Where a data set lies on disk: the published folder names, and the `dataset.json` of a simulated one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.errors import DatasetError, UsageError

OUTER, INNER = "Data_channel", "incoherent_RGBchannels"  # capital letters of all these names do not matter
FOLDERS = {
    "train": "train_incoherent_RGBChannels",
    "test-1": "testRawData_incoherent_sameProtocol",
    "test-2": "testRawData_incoherent_diffProtocol",
}
SPLITS = ("train", "validation", "test-1", "test-2")  # validation: some samples of the training folder
MANIFEST, UNFINISHED = "dataset.json", ".simulating.json"
EXPECTED = f"[{OUTER}/]{INNER}/<{' | '.join(FOLDERS.values())}>/s<S>_l<L>/defocus<NM>.jpg"


@dataclass(frozen=True)
class Layout:
    """A data set found on disk; `manifest` is None for the published one."""

    root: Path
    base: Path  # holds the folders of the splits
    home: Path  # holds dataset.json, if any; resolved
    below: Path  # base, relative to home
    manifest: dict[str, Any] | None


def find(root: Path) -> Layout:
    """The layout from the folder above Data_channel, from incoherent_RGBchannels, or from between; DatasetError."""
    if not root.is_dir():
        raise DatasetError(
            f"{root}: no such folder. Name the folder that holds {INNER}, or make one: edgebench data simulate {root}"
        )
    outer = child(root, OUTER)
    for base in (root, child(root, INNER), child(outer, INNER) if outer else None):
        if base is not None and any(child(base, name) for name in FOLDERS.values()):
            home = _home(base.resolve())
            return Layout(root, base, home, base.resolve().relative_to(home), _manifest(home))
    raise DatasetError(f"{root}: not the published layout. Expected {EXPECTED}.")


def split_folder(layout: Layout, split: str) -> Path:
    """The folder of one split; an unfinished simulation of it is a DatasetError, an unknown name a UsageError."""
    if split not in SPLITS:
        raise UsageError(f"split {split!r} is unknown. Splits are: {', '.join(SPLITS)}.")
    part = "train" if split == "validation" else split
    folder = child(layout.base, FOLDERS[part])
    if folder is None:
        there = ", ".join(name for name in FOLDERS if child(layout.base, FOLDERS[name]))
        raise DatasetError(f"{layout.base}: no {FOLDERS[part]}, so no split {split!r}; there are: {there}. Add it.")
    if layout.manifest is not None and part not in layout.manifest["splits"]:
        raise DatasetError(f"{folder}: its simulation is not finished. Run the same `edgebench data simulate` again.")
    return folder


def present(layout: Layout) -> tuple[str, ...]:
    """The splits that have a folder of their own here (so never validation), unfinished ones left out."""
    there = [split for split, name in FOLDERS.items() if child(layout.base, name)]
    return tuple(split for split in there if layout.manifest is None or split in layout.manifest["splits"])


def disagreements(layout: Layout) -> Iterator[tuple[str, str]]:
    """Splits that only dataset.json has, or only the disk."""
    known = layout.manifest["splits"] if layout.manifest is not None else {}
    for split, name in FOLDERS.items():
        on_disk = child(layout.base, name) is not None
        if layout.manifest is not None and on_disk != (split in known):
            yield (
                split,
                f"{name}: " + ("its simulation is not finished" if on_disk else "in dataset.json, but not on disk"),
            )


def hashes(layout: Layout, split: str) -> dict[str, str]:
    """SHA-256 of each file of a split by its name in dataset.json; empty where there is none."""
    if layout.manifest is None:
        return {}
    stacks = layout.manifest["splits"][split]["stacks"].values()
    return {name: sha256 for stack in stacks for name, sha256 in stack["files"].items()}


def name_in_manifest(layout: Layout, path: Path) -> str:
    """The name of a file below `base` as dataset.json has it: relative to the folder of dataset.json, with /."""
    return (layout.below / path.relative_to(layout.base)).as_posix()


def child(folder: Path, name: str) -> Path | None:
    """The folder of that name in another, whatever its capitals; the exact name first."""
    exact = folder / name
    if exact.is_dir():
        return exact
    return next(
        (path for path in sorted(folder.iterdir()) if path.name.lower() == name.lower() and path.is_dir()), None
    )


def _home(base: Path) -> Path:
    """The nearest folder with dataset.json, no further up than the layout reaches; else `base`."""
    candidates = [base]
    if base.name.lower() == INNER.lower():
        candidates.append(base.parent)
        if base.parent.name.lower() == OUTER.lower():
            candidates.append(base.parent.parent)
    for mark in (MANIFEST, UNFINISHED):
        for folder in candidates:
            if (folder / mark).is_file():
                return folder
    return base


def _manifest(home: Path) -> dict[str, Any] | None:
    path = home / MANIFEST
    if not path.is_file():
        if (home / UNFINISHED).is_file():
            raise DatasetError(f"{home}: its simulation is not finished. Run the same `edgebench data simulate` again.")
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}). Simulate the data set again.") from error
    if not _sound(found):
        raise DatasetError(f"{path}: not the manifest of a data set. Simulate the data set again.")
    return dict(found)


def _sound(found: object) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("splits"), dict):
        return False
    stacks = [split.get("stacks") if isinstance(split, dict) else None for split in found["splits"].values()]
    return (
        isinstance(found.get("name"), str)
        and isinstance(found.get("simulated"), bool)
        and isinstance(found.get("validation_samples", []), list)
        and all(isinstance(one, dict) for one in stacks)
        and all(isinstance(stack.get("files"), dict) for one in stacks if one for stack in one.values())
    )
