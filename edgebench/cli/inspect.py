"""edgebench inspect: what an artifact is made of, what its runtime really executes, and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from edgebench.bench.artifacts import Artifact


def inspect(
    artifact: Annotated[str, typer.Argument(help="MODEL/TARGET below --models, or an artifact's file.")],
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    backend: Annotated[Optional[str], typer.Option(help="Runtime; by the file's suffix if not given.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Patches of one call.")] = 8,
    input_size: Annotated[
        Optional[int], typer.Option(min=1, help="Side of the input, px; for a file without a sidecar.")
    ] = None,
    profile: Annotated[bool, typer.Option("--profile", help="Time by operator, where the runtime tells it.")] = False,
    layers: Annotated[bool, typer.Option("--layers", help="List every layer, and whether it stayed in float.")] = False,
) -> None:
    """Show operators by precision, the quantisation of input and output, transposes, size, and provenance."""
    from rich.console import Console

    from edgebench.backends import base as backends
    from edgebench.bench import artifacts
    from edgebench.convert import artifact as sidecars
    from edgebench.models.quiet import quiet

    found = artifacts.find(artifact, models, input_size)
    name = backend or backends.for_artifact(found.path)
    backends.check_reads(name, found.path)
    with quiet():
        runtime = backends.load(name)(found.path, batch_size=batch, threads=1)
        executed = runtime.executed()
        borders = runtime.quantisation
    sidecar = found.path.with_suffix(".json")
    about = sidecars.load(sidecar).about if sidecar.is_file() and found.about["target"] != "keras-float32" else {}
    console = Console()
    _print_file(console, found, about)
    _print_operators(console, name, executed)
    if borders is not None:
        console.print(f"input: int8, real = {borders.scale:.6g} * (integer - {borders.zero_point})", highlight=False)
    if profile:
        _print_profile(console, name, found, batch)
    if layers:
        _print_layers(console, about.get("units", ()))


def _print_file(console: Console, found: Artifact, about: dict[str, Any]) -> None:
    sizes = ", ".join(f"{file['name']} {file['bytes'] / 2**20:.2f} MiB" for file in found.about["files"])
    model = found.model
    console.print(f"{found.name}: {sizes}; SHA-256 {found.about['sha256'][:12]}", soft_wrap=True, highlight=False)
    known = {"parameters": model["parameters"], "multiply-accumulates": model["macs"]}
    told = ", ".join(f"{value:,} {key}" for key, value in known.items() if value is not None)
    console.print(f"model: {model['name']}, {model['input_size']} px{', ' + told if told else ''}", highlight=False)
    if not about:
        console.print("no sidecar: where it came from is not known", highlight=False)
        return
    versions = ", ".join(f"{key} {value}" for key, value in about["versions"].items())
    recipe = about.get("recipe") or "the default"
    console.print(f"made of model {about['model']['sha256'][:12]} with {versions}; recipe: {recipe}", soft_wrap=True)
    calibration, parity = about.get("calibration"), about.get("parity") or {}
    if calibration:
        sets = ", ".join(one["name"] for one in calibration["data"])
        console.print(
            f"calibrated on {calibration['count']} patches of {sets}, {calibration['split']}", highlight=False
        )
    if "mean_um" in parity:
        console.print(
            f"from the model: mean |d| {parity['mean_um']:.2g} um, at most {parity['max_um']:.2g} um, on "
            f"{parity.get('source', 'patches')}",
            soft_wrap=True,
            highlight=False,
        )


def _print_operators(console: Console, backend: str, executed: dict[str, Any]) -> None:
    from rich.table import Table

    console.print(f"{backend} executes:", highlight=False)
    table = Table("operator", "times", box=None)
    counts = executed.get("operators") or {}
    for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(kind, str(count))
    console.print(table)
    transposes = sum(count for kind, count in counts.items() if kind.lower().split()[0] in ("transpose", "reorder"))
    console.print(f"transposes and reorders: {transposes}", highlight=False)
    for key, value in executed.items():
        if key != "operators":
            console.print(f"{key}: {value}", highlight=False, markup=False)


def _print_profile(console: Console, backend: str, found: Artifact, batch: int) -> None:
    import numpy as np
    from rich.table import Table

    from edgebench.backends import profiling
    from edgebench.models.quiet import quiet
    from edgebench.records import profile
    from edgebench.runner import host

    x = np.random.default_rng(0).standard_normal((batch, found.input_size, found.input_size, 3)).astype(np.float32)
    with quiet():
        timed = [profile.Group(**one) for one in profiling.profile(backend, found.path, x, 1)]
    if not timed:
        console.print(f"{backend} does not tell the time of its operators", highlight=False)
        return
    table = Table("operator", "share", box=None)
    for kind, share in profile.kinds(timed).items():
        if share >= 0.005:
            table.add_row(kind, f"{share:.1%}")
    console.print(table)
    console.print(
        f"{sum(one.ns for one in timed) / 1e6:.2f} ms a call of {batch}, one thread, profiled", highlight=False
    )
    for reason in profile.reasons(timed, host.processor()[1]):
        console.print(f"- {reason}", highlight=False)


def _print_layers(console: Console, units: Any) -> None:
    from rich.table import Table

    table = Table("layer", "operator", "", "also in it", box=None)
    for unit in units:
        first, *others = unit["layers"]
        table.add_row(first, unit["kind"], "float" if unit["float"] else "", ", ".join(others))
    console.print(table if units else "no layers are known of it")
