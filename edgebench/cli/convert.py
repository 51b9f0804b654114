"""edgebench convert: a regressor to the files that runtimes load, each checked against the model in um."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.errors import ConversionError, EdgebenchError, ModelError, UsageError

if TYPE_CHECKING:
    from edgebench.convert.artifact import Artifact
    from edgebench.convert.parity import Probe
    from edgebench.models.store import Card
    from edgebench.quantise.calibration import Calibration

SHIPPED = "reduced"
PROBE_SPLITS = ("test-1", "test-2", "validation")  # of --data; patches that no training and no calibration saw


def convert(
    model: Annotated[
        str,
        typer.Argument(
            autocompletion=complete.models,
            help="Name of a model below --models, its folder, a .keras or .onnx file, or a SavedModel.",
        ),
    ] = SHIPPED,
    to: Annotated[
        Optional[list[str]],
        typer.Option(
            autocompletion=complete.targets, help="Target; may be given several times. all, if none is named."
        ),
    ] = None,
    recipe: Annotated[
        Optional[Path],
        typer.Option(help="TOML file that says how to quantise, not the model's recipe.toml; it ends their names."),
    ] = None,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    data: Annotated[
        Optional[Path], typer.Option(help="Data set (or .npz, or folder) with more patches for the parity check.")
    ] = None,
    calibration: Annotated[
        Optional[Path],
        typer.Option(help="Data set whose train split calibrates (or .npz, or folder), not the model's own patches."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Patches of --calibration to take.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of them.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace artifacts that are there.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Convert a model; what is there already, made from the same model and recipe, is left alone."""
    from edgebench.cli import sources
    from edgebench.convert import artifact, base, source
    from edgebench.models import quiet, store
    from edgebench.quantise import recipe as recipes

    how, label = None, ""
    if recipe is not None:
        how, label = recipes.load(recipe), recipe.stem
        store.check_name(label, f"Rename {recipe}.")
    targets = base.targets(to or ["all"], label)
    if not targets:
        raise UsageError(f"--recipe {recipe}: float32 is not quantised. Name another target with --to.")
    path = sources.find(model, models)
    folder = sources.folder_of(path, models)
    identity = sources.identity(path)
    own = recipes.of_model(folder)
    by = {target.name: how or (own if target.integers else recipes.DEFAULT) for target in targets}
    there = () if force else [artifact.existing(folder, target, identity, by[target.name]) for target in targets]
    found = {one.about["target"]: one for one in there if one}
    todo = [target for target in targets if target.name not in found]
    if calibration is not None:
        _refuse_other_calibration(calibration, found)
    refused: dict[str, EdgebenchError] = {}
    if todo:
        quiet.import_tensorflow()
        with quiet.quiet():
            given = source.load(path)
        patches, probe = _patches(path, given.card, data, calibration, count, seed)
        if patches is None and any(target.calibrated for target in todo):
            raise ConversionError("int8 needs calibration patches, and the model has none. Give --calibration DATA.")
        with tempfile.TemporaryDirectory() as work:
            for target in sorted(todo, key=lambda target: target.calibrated):
                screen.say(f"converting {given.card.name} to {target.name}, and comparing with the model")
                try:
                    found[target.name] = artifact.make(
                        folder, target, given, probe, patches, by[target.name], Path(work)
                    )
                except (ConversionError, ModelError) as error:
                    if len(targets) == 1:
                        raise
                    refused[target.name] = error
    if data is not None and len(todo) < len(targets):
        screen.say("--data checked nothing of what was up to date; --force converts and checks again")
    made, all_of_them = {t.name for t in todo}, {t.name: found[t.name] for t in targets if t.name in found}
    if as_json:
        about = {name: {"converted": name in made, **one.about} for name, one in all_of_them.items()}
        screen.document({"folder": folder, "artifacts": about, "refused": {k: str(why) for k, why in refused.items()}})
    else:
        screen.line(f"artifacts in {folder}:")
        _print(all_of_them, made)
    if refused:
        for why in refused.values():
            screen.say(f"refused: {why}")
        raise ConversionError(
            f"{len(refused)} of {len(targets)} targets refused: {', '.join(refused)}. The others are in {folder}."
        )


def _refuse_other_calibration(root: Path, found: dict[str, Artifact]) -> None:
    from edgebench.data import datasets
    from edgebench.files import sha256
    from edgebench.quantise import labelled

    if root.suffix == ".npz":
        identity = sha256(root)
    elif (root / labelled.LABELS).is_file():
        identity = sha256(root / labelled.LABELS)
    else:
        identity = datasets.describe(root).sha256
    for name, one in found.items():
        about = one.about.get("calibration")
        if about and {data["sha256"] for data in about["data"]} != {identity}:
            raise ConversionError(f"{name} is there, calibrated with other data than {root}. Replace it with --force.")


def _patches(
    path: Path, card: Card, data: Path | None, calibrate_on: Path | None, count: int, seed: int
) -> tuple[Calibration | None, Probe]:
    """What int8 is calibrated with, and what all targets are compared on."""
    from edgebench.convert import parity
    from edgebench.data import datasets
    from edgebench.data.patches import drawn
    from edgebench.quantise import calibration, labelled

    kind, size = card.kind or "difference", card.input_size
    patches = calibration_of(path, card, calibrate_on, count, seed)
    more: parity.More | None = None
    if data is not None and brought(data):
        given = labelled.load(data, size, parity.PATCHES)
        more = parity.More(given.x, given.y, f"{len(given)} patches of {data.name}")
    elif data is not None:
        described = datasets.describe(data)
        splits = [split for split in PROBE_SPLITS if split in described.splits]
        more = parity.more_of(drawn(data, splits, 2 * parity.PATCHES, data_sha256=described.sha256, kind=kind), size)
        if patches is not None:
            calibration.refuse_test_stacks(patches, data, described)
    if patches is not None and more is not None:
        calibration.refuse_shared(patches, more.x, str(data))
    return patches, parity.probe(patches, more)


def calibration_of(path: Path, card: Card, given: Path | None, count: int, seed: int) -> Calibration | None:
    """Calibration patches: those of `given`, or else the model's own, if it has any."""
    from edgebench.quantise import calibration, labelled

    own, size = path / calibration.NAME, card.input_size
    if given is not None and brought(given):
        patches = calibration.of_labelled(labelled.load(given, size, count), size, count)
    elif given is not None:
        patches = calibration.of_dataset(given, size, card.kind or "difference", seed, count)
    elif own.is_file():
        patches = calibration.load(own)
        if patches.x.shape[1] != size:
            raise ConversionError(
                f"{own}: patches of {patches.x.shape[1]} px for a model of {size}. Use --calibration."
            )
    else:
        return None
    calibration.refuse_constant(patches.x, str(given or own))
    return patches


def brought(path: Path) -> bool:
    """Patches of somebody's own, not a data set in the published layout."""
    from edgebench.quantise import labelled

    return path.suffix == ".npz" or (path / labelled.LABELS).is_file()


def _print(found: dict[str, Artifact], made: set[str]) -> None:
    """One line a target; the differences are those on the patches of the parity check."""
    rows = []
    for name, one in found.items():
        parity, stability = one.about["parity"], one.about.get("stability")
        state = "converted" if name in made else "up to date"
        differs = [f"{parity[key]:.2g}" for key in ("mean_um", "max_um")]
        more = f"{parity['error_difference_um']:+.3f}"
        apart = f"{stability['mean_um']:.2g}" if stability else ""
        rows.append((name, state, f"{one.bytes / 2**20:.2f}", *differs, more, apart))
    headers = ("target", "", "MiB", "mean |d| um", "max |d| um", "error + um", "halves |d| um")
    screen.table(headers, rows, right=range(2, 7))
    for source in dict.fromkeys(one.about["parity"]["source"] for one in found.values()):
        screen.line(f"d: difference from the model, on {source}")
    if any(one.about.get("stability") for one in found.values()):
        screen.line("halves: two artifacts, calibrated with one half of the patches each, from each other")
    if not all(one.about["parity"].get("unseen") for one in found.values()):
        screen.line("compared on calibration patches alone; --data DATA compares on unseen ones too")
    for one in found.values():
        if one.about["precision"] == "int8":
            screen.line(f"{one.about['target']}: int8 inside; input and output {one.about['options']['input_output']}")
