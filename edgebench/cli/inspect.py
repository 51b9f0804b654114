"""edgebench inspect: what an artifact is made of, what its runtime really executes, and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgebench.cli import complete, screen

if TYPE_CHECKING:
    from edgebench.bench.artifacts import Artifact
    from edgebench.records.profile import Group


def inspect(
    artifact: Annotated[
        str,
        typer.Argument(autocompletion=complete.artifacts, help="MODEL/TARGET below --models, or an artifact's file."),
    ],
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    backend: Annotated[
        Optional[str],
        typer.Option(autocompletion=complete.backends, help="Runtime; by the file's suffix if not given."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Patches of one call.")] = 8,
    input_size: Annotated[
        Optional[int], typer.Option(min=1, help="Side of the input, px; for a file without a sidecar.")
    ] = None,
    profile: Annotated[bool, typer.Option("--profile", help="Time by operator, where the runtime tells it.")] = False,
    layers: Annotated[bool, typer.Option("--layers", help="List every layer, and whether it stayed in float.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Show operators by precision, the quantisation of input and output, transposes, size, and provenance."""
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
    timed = _profile(name, found, batch) if profile else None
    if as_json:
        file = {"name": found.name, "model": found.model, **found.about}
        times = {"profile": timed} if profile else {}
        screen.document({**file, "backend": name, "executed": executed, "input": borders, "sidecar": about, **times})
        return
    _print_file(found, about)
    _print_operators(name, executed)
    if borders is not None:
        screen.line(f"input: int8, real = {borders.scale:.6g} * (integer - {borders.zero_point})")
    if timed is not None:
        _print_profile(name, timed, batch)
    if layers:
        _print_layers(about.get("units", ()))


def _print_file(found: Artifact, about: dict[str, Any]) -> None:
    sizes = ", ".join(f"{file['name']} {file['bytes'] / 2**20:.2f} MiB" for file in found.about["files"])
    model = found.model
    screen.line(f"{found.name}: {sizes}; SHA-256 {found.about['sha256'][:12]}")
    known = {"parameters": model["parameters"], "multiply-accumulates": model["macs"]}
    told = ", ".join(f"{value:,} {key}" for key, value in known.items() if value is not None)
    screen.line(f"model: {model['name']}, {model['input_size']} px{', ' + told if told else ''}")
    if not about:
        screen.line("no sidecar: where it came from is not known")
        return
    versions = ", ".join(f"{key} {value}" for key, value in about["versions"].items())
    recipe = about.get("recipe") or "the default"
    screen.line(f"made of model {about['model']['sha256'][:12]} with {versions}; recipe: {recipe}")
    calibration, parity = about.get("calibration"), about.get("parity") or {}
    if calibration:
        sets = ", ".join(one["name"] for one in calibration["data"])
        screen.line(f"calibrated on {calibration['count']} patches of {sets}, {calibration['split']}")
    if "mean_um" in parity:
        differs = f"mean |d| {parity['mean_um']:.2g} um, at most {parity['max_um']:.2g} um"
        screen.line(f"from the model: {differs}, on {parity.get('source', 'patches')}")


def _print_operators(backend: str, executed: dict[str, Any]) -> None:
    screen.line(f"{backend} executes:")
    counts = executed.get("operators") or {}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    screen.table(("operator", "times"), [(kind, str(count)) for kind, count in ordered], right=(1,))
    transposes = sum(count for kind, count in counts.items() if kind.lower().split()[0] in ("transpose", "reorder"))
    screen.line(f"transposes and reorders: {transposes}")
    for key, value in executed.items():
        if key != "operators":
            screen.line(f"{key}: {value}")


def _profile(backend: str, found: Artifact, batch: int) -> list[Group]:
    import numpy as np

    from edgebench.backends import profiling
    from edgebench.models.quiet import quiet
    from edgebench.records import profile

    x = np.random.default_rng(0).standard_normal((batch, found.input_size, found.input_size, 3)).astype(np.float32)
    with quiet():
        return [profile.Group(**one) for one in profiling.profile(backend, found.path, x, 1)]


def _print_profile(backend: str, timed: Sequence[Group], batch: int) -> None:
    from edgebench.records import profile
    from edgebench.runner import host

    if not timed:
        screen.line(f"{backend} does not tell the time of its operators")
        return
    shares = [(kind, f"{share:.1%}") for kind, share in profile.kinds(timed).items() if share >= 0.005]
    screen.table(("operator", "share"), shares, right=(1,))
    screen.line(f"{sum(one.ns for one in timed) / 1e6:.2f} ms a call of {batch}, one thread, profiled")
    for reason in profile.reasons(timed, host.processor()[1]):
        screen.line(f"- {reason}")


def _print_layers(units: Any) -> None:
    if not units:
        screen.line("no layers are known of it")
        return
    rows = [(one["layers"][0], one["kind"], "float" * one["float"], ", ".join(one["layers"][1:])) for one in units]
    screen.table(("layer", "operator", "", "also in it"), rows)
