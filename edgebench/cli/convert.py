"""edgebench convert: a regressor to the files that runtimes load, each checked against Keras in um."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgebench.errors import ConversionError, ModelError

if TYPE_CHECKING:
    from rich.console import Console

    from edgebench.convert.artifact import Artifact
    from edgebench.convert.parity import Probe
    from edgebench.models.store import Card
    from edgebench.quantise.calibration import Calibration

SHIPPED = "reduced"
PROBE_SPLITS = ("test-1", "test-2", "validation")  # of --data; patches that no training and no calibration saw


def convert(
    model: Annotated[
        str, typer.Argument(help="Name of a model below --models, its folder, or a .keras file.")
    ] = SHIPPED,
    to: Annotated[
        Optional[list[str]], typer.Option(help="Target; may be given several times. all, if none is named.")
    ] = None,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    data: Annotated[Optional[Path], typer.Option(help="Data set with more patches for the parity check.")] = None,
    calibration: Annotated[
        Optional[Path], typer.Option(help="Data set whose train split calibrates int8, instead of the model's own.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace artifacts that are there.")] = False,
) -> None:
    """Convert a model; what is there already, made from the same model, is left alone."""
    from rich.console import Console

    from edgebench.convert import artifact, base
    from edgebench.models import quiet, store

    targets = base.targets(to or ["all"])
    path = _find(model, models)
    if path.suffix == ".keras":
        store.check_name(path.stem, f"Rename {path}.")
    folder = models / path.stem if path.suffix == ".keras" else path
    identity = store.identity(path)
    there = () if force else [artifact.existing(folder, target, identity) for target in targets]
    found = {one.about["target"]: one for one in there if one}
    todo = [target for target in targets if target.name not in found]
    if calibration is not None:
        _refuse_other_calibration(calibration, found)
    console = Console()
    if todo:
        quiet.import_tensorflow()
        network, card = store.load(path)
        patches, probe = _patches(path, card, data, calibration)
        if patches is None and any(target.calibrated for target in todo):
            raise ConversionError("int8 needs calibration patches, and the model has none. Give --calibration DATA.")
        for target in sorted(todo, key=lambda target: target.calibrated):  # what can be refused comes last
            console.print(f"converting {card.name} to {target.name}, and comparing with Keras")
            found[target.name] = artifact.make(folder, target, network, card, probe, patches)
    console.print(f"artifacts in {folder}:", soft_wrap=True)
    if data is not None and len(todo) < len(targets):
        console.print(
            "--data checked nothing of what was up to date; --force converts and checks again", soft_wrap=True
        )
    _print(console, {t.name: found[t.name] for t in targets}, {t.name for t in todo})


def _find(model: str, models: Path) -> Path:
    from edgebench.models.store import CARD, MODEL

    for path in (Path(model), models / model):
        folder = path.parent if path.name == MODEL else path
        if (folder / CARD).is_file():
            return folder
        if path.suffix == ".keras" and path.is_file():
            return path
    there = ", ".join(sorted(card.parent.name for card in models.glob(f"*/{CARD}"))) or "none"
    raise ModelError(f"no model {model!r}. Below {models}: {there}; or give a folder or a .keras file.")


def _refuse_other_calibration(root: Path, found: dict[str, Artifact]) -> None:
    from edgebench.data import datasets

    for name, one in found.items():
        about = one.about.get("calibration")
        if about and {data["sha256"] for data in about["data"]} != {datasets.describe(root).sha256}:
            raise ConversionError(f"{name} is there, calibrated with other data than {root}. Replace it with --force.")


def _patches(path: Path, card: Card, data: Path | None, calibrate_on: Path | None) -> tuple[Calibration | None, Probe]:
    """What int8 is calibrated with, and what all targets are compared on."""
    from edgebench.convert import parity
    from edgebench.data import datasets
    from edgebench.data.patches import drawn
    from edgebench.quantise import calibration

    own, kind = path / calibration.NAME, card.kind or "difference"
    patches = None
    if calibrate_on is not None:
        patches = calibration.of_dataset(calibrate_on, card.input_size, kind)
    elif own.is_file():
        patches = calibration.load(own)
        if patches.x.shape[1] != card.input_size:
            raise ConversionError(
                f"{own}: patches of {patches.x.shape[1]} px for a model of {card.input_size}. Use --calibration."
            )
    more = None
    if data is not None:
        described = datasets.describe(data)
        splits = [split for split in PROBE_SPLITS if split in described.splits]
        more = drawn(data, splits, 2 * parity.PATCHES, data_sha256=described.sha256, kind=kind)
        if patches is not None:
            calibration.refuse_test_stacks(patches, data, described)
    return patches, parity.probe(patches, more, card.input_size)


def _print(console: Console, found: dict[str, Artifact], made: set[str]) -> None:
    """One line a target; the differences are those on the patches of the parity check."""
    from rich.table import Table

    table = Table("target", "", "MiB", "mean |d| um", "max |d| um", box=None)
    for name, one in found.items():
        parity = one.about["parity"]
        state = "converted" if name in made else "up to date"
        differs = [f"{parity[key]:.2g}" for key in ("mean_um", "max_um")]
        table.add_row(name, state, f"{one.bytes / 2**20:.2f}", *differs)
    console.print(table)
    for source in dict.fromkeys(one.about["parity"]["source"] for one in found.values()):
        console.print(f"d: difference from Keras, on {source}", soft_wrap=True)
    if not all(one.about["parity"].get("unseen") for one in found.values()):
        console.print("compared on calibration patches alone; --data DATA compares on unseen ones too", soft_wrap=True)
    for one in found.values():
        if one.about["precision"] == "int8":
            console.print(
                f"{one.about['target']}: int8 inside; input and output {one.about['options']['input_output']}"
            )
