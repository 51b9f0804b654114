"""edgebench quantise: the smallest and fastest artifact whose error stays within a margin, proven image by image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.quantise.search import Candidate, Found

FAILED = 1  # exit code: no artifact keeps the margin
LABEL = "searched"
_LENGTH = re.compile(r"(\d+(?:\.\d+)?|\.\d+) ?(um|nm)?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+) ?(MB|KB|kB|x)?")


def quantise(
    model: Annotated[
        str,
        typer.Argument(
            autocompletion=complete.models, help="Name of a model, its folder, a .keras or .onnx file, or a SavedModel."
        ),
    ],
    data: Annotated[
        Path, typer.Option(help="Labelled images to judge by: data set, .npz, or folder. Not the last test.")
    ],
    target: Annotated[
        str, typer.Option(autocompletion=complete.quantised, help="What to make: an int8 target of `convert`.")
    ] = "tflite-int8",
    max_increase: Annotated[str, typer.Option(help="What an image's error may grow by, such as 0.02um.")] = "0.02um",
    max_size: Annotated[Optional[str], typer.Option(help="Largest file: 1.5MB, or 0.4x of the float32 one.")] = None,
    search: Annotated[
        bool, typer.Option("--search", help="Also keep layers in float, the fewest that it needs.")
    ] = False,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    calibration: Annotated[Optional[Path], typer.Option(help="Data to calibrate on, not the model's own.")] = None,
    split: Annotated[
        Optional[list[str]], typer.Option(help="Of --data, repeatable; validation if there is one, else the tests.")
    ] = None,
    images: Annotated[int, typer.Option(min=8, help="Images of each split to take.")] = 128,
    count: Annotated[int, typer.Option(min=1, help="Patches of --calibration to take.")] = 128,
    label: Annotated[str, typer.Option(help="Ends the name of the artifact and of its recipe.")] = LABEL,
    plot: Annotated[Optional[Path], typer.Option(help="Draw error, size and latency to this PNG or SVG file.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of images.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace the artifact and recipe that are there.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Try range methods, and with --search mixed precision; keep the best that is shown to err at most so much more."""
    from edgebench.cli import sources, workshops
    from edgebench.convert import artifact, parity
    from edgebench.convert import base as targets
    from edgebench.files import replace_text
    from edgebench.models import store
    from edgebench.quantise import recipe as recipes
    from edgebench.quantise import search as searching

    store.check_name(label, "Give another --label.")
    margin = length_um(max_increase)
    wanted = workshops.target_of(target)
    origin = sources.find(model, models)
    folder = sources.folder_of(origin, models)
    (labelled,) = targets.targets([target], label)
    written = folder / f"{labelled.name}.toml"
    if not force and (written.exists() or (folder / f"{labelled.name}.json").exists()):
        raise UsageError(f"{folder / labelled.name}: already there. Give another --label, or --force.")
    with workshops.opened(origin, wanted, data, calibration, split or (), images, count, seed) as bench:
        most = None if max_size is None else size_bytes(max_size, bench.shop.plain)
        found = searching.search(
            bench.shop,
            recipes.DEFAULT,
            bench.given,
            margin_um=margin,
            most_bytes=most,
            mixed=search,
            progress=screen.say,
        )
        stacks = len(set(bench.given.stack))
        judged = f"{len(set(zip(bench.given.stack, bench.given.image)))} images of {stacks} stacks"
        about = bench.given.about
        where = f"{judged} of {about['name']}, {bench.given.split}{' (simulated)' if about['simulated'] else ''}"
        if not as_json:
            _print(found, margin, where)
        if plot is not None:
            from edgebench.report import pareto

            points = [(one.cost.increase_um, one.bytes, one.latency_ms, one.passes) for one in found.candidates]
            pareto.draw(plot, points, (found.float_bytes, found.float_ms), margin, where)
            screen.say(f"plot: {plot}")
        best = found.best
        if best is not None:
            how = recipes.parse({**recipes.plain(best.recipe), "keep": [u.label for u in best.kept]}, "search")
            probe = parity.probe(bench.patches, parity.More(bench.given.x, bench.given.y, where))
            artifact.make(folder, labelled, bench.source, probe, bench.patches, how)
            replace_text(written, recipes.text(how))
    kept = None if best is None else folder / f"{labelled.name}{labelled.suffix}"
    if as_json:
        said = {"artifact": kept, "recipe": written if kept else None, "where": where, "margin_um": margin}
        said |= {"simulated": about["simulated"], "float_bytes": found.float_bytes, "float_ms": found.float_ms}
        screen.document({**said, "candidates": _candidates(found)})
    if best is None:
        hint = "" if search else " --search keeps layers in float where that helps."
        screen.say(f"No artifact is shown to stay within {margin:g} um{' and the size' * bool(most)}.{hint}")
        raise typer.Exit(FAILED)
    if not as_json:
        screen.line(f"kept: {kept}; recipe: {written}")


def length_um(text: str) -> float:
    """0.02um, 20nm or 0.02; UsageError for what is no length above 0."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise UsageError(f"--max-increase {text!r}: no length. Write it like 0.02um.")
    return float(match[1]) / (1000 if match[2] == "nm" else 1)


def size_bytes(text: str, plain: Path) -> int:
    """1.5MB, 900KB, bytes, or 0.4x of the float32 file."""
    from edgebench.quantise.workshop import size

    match = _SIZE.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise UsageError(f"--max-size {text!r}: no size. Write it like 1.5MB, or 0.4x of the float32 file.")
    unit = {"MB": 10**6, "KB": 10**3, "kB": 10**3, "x": size(plain), None: 1}[match[2]]
    return int(float(match[1]) * unit)


def _print(found: Found, margin: float, where: str) -> None:
    from edgebench.quantise.search import front

    best, border = found.best, front(found.candidates)
    rows = []
    for one in found.candidates:
        mark = "best" if one is best else "front" if one in border else ""
        costs = (one.bytes / found.float_bytes, one.latency_ms, found.float_ms / one.latency_ms)
        said = (mark, one.recipe.ranges, str(len(one.kept)), _interval(one), _verdict(one))
        rows.append((*said, *(f"{cost:.2f}" for cost in costs)))
    names = ("", "ranges", "float", "error + um [90 %]", "verdict", "size", "ms", "x faster")
    screen.table(names, rows, right=(2, 5, 6, 7), whole=(0, 1, 2, 3, 5, 6, 7))
    screen.line(
        f"On {where}; margin {margin:g} um; error +: mean |e| minus that of float32, 90 % interval over stacks. "
        f"float: layers that stay in it; size: of float32's {found.float_bytes / 2**20:.2f} MiB; ms: a call of 8 "
        f"patches on one thread; x faster: float32's {found.float_ms:.2f} ms over it; a look on this machine, not a "
        "record. front: no other is better in error, size and latency at once."
    )


def _candidates(found: Found) -> list[dict[str, object]]:
    from edgebench.quantise import recipe as recipes

    return [
        {
            "best": one is found.best,
            "recipe": recipes.plain(one.recipe),
            "kept": [unit.label for unit in one.kept],
            "increase_um": one.cost.increase_um,
            "equivalence": one.certificate,
            "verdict": _verdict(one),
            "bytes": one.bytes,
            "latency_ms": one.latency_ms,
        }
        for one in found.candidates
    ]


def _interval(one: Candidate) -> str:
    found = one.certificate
    return f"{one.cost.increase_um:+.4f}" + (
        f" [{found.interval_90.low:+.4f}, {found.interval_90.high:+.4f}]" if found else ""
    )


def _verdict(one: Candidate) -> str:
    if one.too_large:
        return "too large"
    if one.certificate is None:
        return "too few stacks"
    return "in margin" if one.passes else one.certificate.verdict
