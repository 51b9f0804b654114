"""edgebench predict: how far, and which way, to move the stage; two images of one field in, one answer out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgebench.cli import complete, screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.evaluation.field import Answer
    from edgebench.evaluation.subjects import Subject

DELTA_UM = 2.0  # paper, 3.5: what every network here was trained on


def predict(
    lower: Annotated[Path, typer.Option(help="Image I1, taken first.")],
    upper: Annotated[Path, typer.Option(help="Image I2, taken after the stage went up by 2 um.")],
    model: Annotated[
        str,
        typer.Option(
            autocompletion=complete.subjects, help="A model's folder or name, or an artifact: .tflite, .onnx, .xml."
        ),
    ],
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    delta_um: Annotated[float, typer.Option(help="Distance between the images; the network knows 2 only.")] = DELTA_UM,
    as_json: screen.Json = False,
) -> None:
    """Distance of the upper image from best focus, and the move that focuses. Warnings go to standard error."""
    from edgebench.evaluation import field

    if delta_um != DELTA_UM:
        raise UsageError(
            f"--delta-um {delta_um:g}: the network was trained on images {DELTA_UM:g} um apart and knows no other "
            f"distance. Take the second image {DELTA_UM:g} um above the first."
        )
    subject = field.find(model, models)
    answer = field.predict(subject, lower, upper)
    if as_json:
        screen.document(_object(answer, subject))
    else:
        screen.line("\n".join(_lines(answer, subject)))
    for warning in (*answer.warnings, *_training(subject)):
        screen.say(f"edgebench: warning: {warning}")


def _lines(answer: Answer, subject: Subject) -> list[str]:
    side = {"down": "above focus", "up": "below focus", "none": "in focus"}[answer.direction]
    move = f"move the stage {answer.direction} by {abs(answer.z_um):.2f} um"
    away = f"{abs(answer.z_um):.2f} um {side}: {move} to focus." if answer.direction != "none" else "in focus: stay."
    counted = f"{answer.tiles_with_contrast} of {answer.tiles} tiles with contrast"
    spread = (
        f"The tiles scatter by {answer.spread_um:.2f} um over {counted} (not the error: docs/training.md)"
        if answer.spread_um is not None
        else f"The scatter of the tiles cannot be told from {counted}"
    )
    return [
        f"{answer.z_um:+.2f} um: the upper image was taken {away}",
        f"{spread}; plain median {answer.median_um:+.2f} um.",
        f"{subject.label} ({subject.backend}), {_used(subject)}.",
    ]


def _training(subject: Subject) -> list[str]:
    learnt = subject.model.get("trained_on", [])
    if not learnt or not all(one["simulated"] for one in learnt):
        return []
    return [
        "the model has learnt from simulated images alone: test it on this microscope before you move a stage by it."
    ]


def _used(subject: Subject) -> str:
    single = subject.model["kind"] == "single"
    return "which looks at the upper image alone" if single else "which looks at the difference, upper minus lower"


def _object(answer: Answer, subject: Subject) -> dict[str, object]:
    return {
        **asdict(answer),
        "direction": answer.direction,
        "move_um": -answer.z_um,
        "delta_um": DELTA_UM,
        "model": subject.label,
        "backend": subject.backend,
        "kind": subject.model["kind"],
        "trained_on": subject.model.get("trained_on", []),
        "images": ["upper"] if subject.model["kind"] == "single" else ["lower", "upper"],
    }
