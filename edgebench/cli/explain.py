"""edgebench explain: which layer lost the accuracy, in um, what to keep in float, and the proof that it helps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.quantise.explain import Explanation, Proof

SHOWN = 12  # layers of the table


def explain(
    artifact: Annotated[
        str,
        typer.Argument(autocompletion=complete.artifacts, help="MODEL/TARGET below --models, or an artifact's file."),
    ],
    data: Annotated[
        Path, typer.Option(help="Labelled patches to judge by: data set, .npz, or folder with labels.csv.")
    ],
    model: Annotated[
        Optional[str], typer.Option(help="Model that it was made of, where it does not lie beside it.")
    ] = None,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    calibration: Annotated[
        Optional[Path], typer.Option(help="What it was calibrated with, if not the model's own patches.")
    ] = None,
    split: Annotated[
        Optional[list[str]], typer.Option(help="Of --data, repeatable; validation if there is one, else the tests.")
    ] = None,
    images: Annotated[int, typer.Option(min=8, help="Images of --data to take.")] = 64,
    goal: Annotated[
        Optional[float], typer.Option(help="Mean |difference| to come down to, um; half of what it is if not given.")
    ] = None,
    all_layers: Annotated[bool, typer.Option("--all", help="Show every layer.")] = False,
    recipe: Annotated[Optional[Path], typer.Option(help="Write the recipe that follows to this TOML file.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Patches of --calibration to take, as `convert` did.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of images, and of them.")] = 0,
    as_json: screen.Json = False,
) -> None:
    """Rank the layers of a quantised artifact by the error that each brings, and prove what keeping them would give."""
    from dataclasses import replace

    from edgebench.bench import artifacts
    from edgebench.cli import sources, workshops
    from edgebench.cli.counting import counting
    from edgebench.convert import artifact as sidecars
    from edgebench.files import replace_text
    from edgebench.quantise import explain as explaining
    from edgebench.quantise import recipe as recipes
    from edgebench.quantise import units

    if recipe is not None and recipe.exists():
        raise UsageError(f"{recipe}: already there. Name another file.")
    path = artifacts.find(artifact, models).path
    about = sidecars.load(path.with_suffix(".json")).about
    if "units" not in about:
        raise UsageError(f"{path}: made by an older edgebench. Convert it again with --force.")
    how = recipes.parse(about.get("recipe") or {}, str(path))
    base_name = about.get("base") or about["target"]
    target = workshops.target_of(base_name)
    origin = sources.find(model, models) if model else path.parent
    with (
        workshops.opened(origin, target, data, calibration, split or (), images, count, seed, how.batch) as bench,
        counting("layers") as progress,
    ):
        if about["calibration"].get("patches_sha256") != sidecars.patches_sha256(bench.patches.x):
            raise UsageError(
                f"{path}: was calibrated on other patches. Name them as `convert` had them: --calibration, --count, "
                "--seed; or convert again."
            )
        kept = units.kept(bench.shop.units, how.keep)
        found = explaining.explain(bench.shop, how, path, bench.given, kept, progress)
        wanted = found.whole.away_um / 2 if goal is None else goal
        chosen = explaining.advised(found, wanted)
        proof = explaining.prove(bench.shop, how, bench.given, found, chosen)
        images_there = len(set(zip(bench.given.stack, bench.given.image)))
        sample = f"{len(bench.given)} patches of {images_there} images of {bench.given.about['name']}"
        simulated = bench.given.about["simulated"]
        split_name = bench.given.split
    where = f"On {sample}, {split_name}{' (simulated)' if simulated else ''}; files that {target.backend} executes."
    better = replace(how, keep=proof.keep)
    text = recipes.text(better)
    if recipe is not None:
        replace_text(recipe, text)
    if as_json:
        about = {"artifact": artifact, "where": where, "simulated": simulated, "goal_um": wanted}
        screen.document({**about, **_figures(found, proof), "recipe": recipes.plain(better)})
        return
    _print(artifact, found, len(found.shares) if all_layers else SHOWN)
    _print_proof(found, proof, wanted)
    screen.line(where)
    screen.line(f"recipe: {recipe}" if recipe is not None else f"The recipe (--recipe FILE writes it):\n{text}")


def _figures(found: Explanation, proof: Proof) -> dict[str, object]:
    layers = [
        {
            "layers": share.unit.layers,
            "operator": share.unit.kind,
            "alone_um": share.alone.away_um,
            "saved_um": share.saved_um,
            "increase_um": share.alone.increase_um,
            "range": share.range,
            "outside": share.outside,
            "weights": share.unit.weights,
        }
        for share in found.shares
    ]
    proven = {"keep": proof.keep, "predicted_um": proof.predicted_um, "bytes": proof.bytes}
    proven |= {"away_um": proof.measured.away_um, "increase_um": proof.measured.increase_um}
    whole = {"away_um": found.whole.away_um, "most_um": found.whole.most_um, "increase_um": found.whole.increase_um}
    return {**whole, "bytes": found.bytes, "layers": layers, "proof": proven}


def _print(artifact: str, found: Explanation, shown: int) -> None:
    whole = found.whole
    screen.line(
        f"{artifact}: mean |difference from float32| {whole.away_um:.4f} um, at most {whole.most_um:.3f} um; "
        f"the error of an image grows by {whole.increase_um:+.4f} um; {found.bytes / 2**20:.2f} MiB"
    )
    rows = []
    for share in found.shares[:shown]:
        span = "" if share.range is None else f"{share.range.low:.3g} to {share.range.high:.3g}"
        clipped = "" if share.outside is None else f"{share.outside:.2%}"
        figures = (f"{share.alone.away_um:.4f}", f"{share.saved_um:+.4f}", f"{share.alone.increase_um:+.4f}")
        rows.append((share.unit.label, share.unit.kind, *figures, span, clipped, f"{share.unit.weights:,}"))
    headers = ("layer", "operator", "alone um", "saved um", "error + um", "range", "outside", "weights")
    screen.table(headers, rows, right=(2, 3, 4, 6, 7))
    if shown < len(found.shares):
        screen.line(f"and {len(found.shares) - shown} layers with less; --all shows them")
    screen.line(
        "alone: mean |difference| with only this layer quantised; saved: by which that of the artifact falls where "
        "only this one stays in float; error +: of an image's error, alone"
    )


def _print_proof(found: Explanation, proof: Proof, wanted: float) -> None:
    low, high = proof.predicted_um
    screen.line(
        f"In float: {', '.join(proof.keep) or 'nothing more'}. Mean |difference| predicted {low:.4f} to {high:.4f} "
        f"um, measured {proof.measured.away_um:.4f} um (goal {wanted:.4f}); error of an image "
        f"{proof.measured.increase_um:+.4f} um, before {found.whole.increase_um:+.4f}; "
        f"{proof.bytes / 2**20:.2f} MiB, before {found.bytes / 2**20:.2f}."
    )
