"""edgebench explain: which layer lost the accuracy, in um, what to keep in float, and the proof that it helps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.quantise.explain import Explanation, Proof
    from edgebench.quantise.recipe import Recipe

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
    by: Annotated[
        Optional[str],
        typer.Option(help="TOML file, or `default`: explain what this recipe makes, also where `convert` refuses it."),
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
    results: Annotated[
        Optional[Path],
        typer.Option(help="Keep it in this folder of results, as explain/MODEL_TARGET.json, for the report."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Patches of --calibration to take, as `convert` did.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of images, and of them.")] = 0,
    as_json: screen.Json = False,
) -> None:
    """Rank the layers of a quantised artifact by the error that each brings, and prove what keeping them would give."""
    from dataclasses import replace

    from edgebench.cli import workshops
    from edgebench.cli.counting import counting
    from edgebench.convert import artifact as sidecars
    from edgebench.files import replace_text, sha256
    from edgebench.quantise import explain as explaining
    from edgebench.quantise import recipe as recipes
    from edgebench.quantise import units
    from edgebench.records import explained

    if recipe is not None and recipe.exists():
        raise UsageError(f"{recipe}: already there. Name another file.")
    asked = _by_recipe(artifact, by, models) if by else _there(artifact, model, models)
    how, target = asked.recipe, workshops.target_of(asked.base)
    with (
        workshops.opened(asked.origin, target, data, calibration, split or (), images, count, seed, how.batch) as bench,
        counting("layers") as progress,
    ):
        if asked.patches_sha256 not in (None, sidecars.patches_sha256(bench.patches.x)):
            raise UsageError(
                f"{asked.file}: was calibrated on other patches. Name them as `convert` had them: --calibration, "
                "--count, --seed; or convert again."
            )
        kept = units.kept(bench.shop.units, how.keep)
        file = asked.file or bench.shop.build(how, kept, "whole")
        found = explaining.explain(bench.shop, how, file, bench.given, kept, progress)
        wanted = found.whole.away_um / 2 if goal is None else goal
        chosen = explaining.advised(found, wanted)
        proof = explaining.prove(bench.shop, how, bench.given, found, chosen)
        images_there = len(set(zip(bench.given.stack, bench.given.image)))
        sample = f"{len(bench.given)} patches of {images_there} images of {bench.given.about['name']}"
        simulated = bench.given.about["simulated"]
        split_name = bench.given.split
        told = {
            **explaining.plain(found, proof),
            "artifact": {"model": bench.source.card.name, "target": asked.target, "sha256": sha256(file)},
            "data": {**bench.given.about, "split": split_name, "patches": len(bench.given), "images": images_there},
        }
    where = f"On {sample}, {split_name}{' (simulated)' if simulated else ''}; files that {target.backend} executes."
    better = replace(how, keep=proof.keep)
    text = recipes.text(better)
    if recipe is not None:
        replace_text(recipe, text)
    if results is not None:
        screen.say(f"kept: {explained.save(told, results)}")
    if as_json:
        screen.document({**told, "where": where, "goal_um": wanted, "recipe": recipes.plain(better)})
        return
    _print(artifact, found, len(found.shares) if all_layers else SHOWN)
    _print_proof(found, proof, wanted)
    screen.line(where)
    screen.line(f"recipe: {recipe}" if recipe is not None else f"The recipe (--recipe FILE writes it):\n{text}")


@dataclass(frozen=True)
class _Asked:
    """What is to be explained; file: of an artifact that is there."""

    origin: Path
    target: str
    base: str
    recipe: Recipe
    file: Path | None = None
    patches_sha256: str | None = None  # of the calibration, where it is known


def _there(artifact: str, model: str | None, models: Path) -> _Asked:
    from edgebench.bench import artifacts
    from edgebench.cli import sources
    from edgebench.convert import artifact as sidecars
    from edgebench.quantise import recipe as recipes

    path = artifacts.find(artifact, models).path
    about = sidecars.load(path.with_suffix(".json")).about
    if "units" not in about:
        raise UsageError(f"{path}: made by an older edgebench. Convert it again with --force.")
    origin = sources.find(model, models) if model else path.parent
    base, how = about.get("base") or about["target"], recipes.parse(about.get("recipe") or {}, str(path))
    return _Asked(origin, about["target"], base, how, path, about["calibration"].get("patches_sha256", ""))


def _by_recipe(artifact: str, by: str, models: Path) -> _Asked:
    from edgebench.cli import sources
    from edgebench.quantise import recipe as recipes

    model, _, target = artifact.rpartition("/")
    if not model:
        raise UsageError(f"{artifact!r} with --by: expected MODEL/TARGET, such as reduced/tflite-int8.")
    how = recipes.DEFAULT if by == "default" else recipes.load(Path(by))
    label = by if by == "default" else Path(by).stem
    return _Asked(sources.find(model, models), f"{target}-{label}", target, how)


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
        median, low, high = share.time
        in_float = (f"{share.bytes / 2**10:+,.1f}", f"{median:.2f} [{low:.2f}, {high:.2f}]")
        rows.append((share.unit.label, share.unit.kind, *figures, span, clipped, *in_float))
    headers = ("layer", "operator", "alone um", "saved um", "error + um", "range", "outside", "+ KiB", "x time")
    screen.table(headers, rows, right=(2, 3, 4, 6, 7, 8))
    if shown < len(found.shares):
        screen.line(f"and {len(found.shares) - shown} layers with less; --all shows them")
    screen.line(
        "alone: mean |difference| with only this layer quantised; saved: by which that of the artifact falls where "
        "only this one stays in float; error +: of an image's error, alone; + KiB and x time: what it costs to keep "
        "this one in float, against the artifact (median, smallest and largest of five rounds in turns: a look, not a "
        "measurement)"
    )


def _print_proof(found: Explanation, proof: Proof, wanted: float) -> None:
    low, high = proof.predicted_um
    screen.line(
        f"In float: {', '.join(proof.keep) or 'nothing more'}. Mean |difference| predicted {low:.4f} to {high:.4f} "
        f"um, measured {proof.measured.away_um:.4f} um (goal {wanted:.4f}); error of an image "
        f"{proof.measured.increase_um:+.4f} um, before {found.whole.increase_um:+.4f}; "
        f"{proof.bytes / 2**20:.2f} MiB, before {found.bytes / 2**20:.2f}."
    )
