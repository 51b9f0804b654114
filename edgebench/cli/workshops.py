"""What `explain` and `quantise` share: a model's float32 file, its calibration patches, and patches to judge by."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.errors import ConversionError, UsageError

if TYPE_CHECKING:
    from edgebench.convert.base import Target
    from edgebench.convert.source import Source
    from edgebench.quantise.calibration import Calibration
    from edgebench.quantise.labelled import Labelled
    from edgebench.quantise.workshop import Workshop

TESTS = ("test-1", "test-2")


@dataclass(frozen=True)
class Bench:
    """All that is quantised and judged with."""

    shop: Workshop
    source: Source
    given: Labelled
    patches: Calibration


def target_of(name: str) -> Target:
    from edgebench.convert import base

    (target,) = base.targets([name])
    if target.precision not in ("int8", "int16x8"):
        raise UsageError(
            f"{name}: only int8 and int16x8 have layers to choose. Take tflite-int8, onnx-int8 or another."
        )
    return target


@contextmanager
def opened(
    model: Path,
    target: Target,
    data: Path,
    calibration: Path | None,
    splits: Sequence[str],
    images: int,
    count: int,
    seed: int,
    batch: int = 0,
) -> Iterator[Bench]:
    from edgebench.cli.convert import calibration_of
    from edgebench.convert import base, source
    from edgebench.convert.openvino import of_file
    from edgebench.models import quiet
    from edgebench.quantise import calibration as calibrations
    from edgebench.quantise import labelled
    from edgebench.quantise.workshop import Kind, Workshop

    quiet.import_tensorflow()
    with quiet.quiet():
        network = source.load(model)
    card = network.card
    chosen = calibration_of(model, card, calibration, count, seed)
    if chosen is None:
        raise ConversionError(f"{model}: comes without calibration patches. Give --calibration DATA.")
    kind = card.kind or "difference"
    given = labelled.load(data, card.input_size, images, splits=splits or _judges(data), kind=kind, seed=seed)
    calibrations.refuse_shared(chosen, given.x, str(data))
    first = target.by or target.format
    with tempfile.TemporaryDirectory() as work:
        with quiet.told(f"{first}-float32"):
            plain = base.floats(first, network, batch, Path(work))
        finish = partial(of_file, final=True) if target.by else None
        what = Kind(first, target.precision, target.suffix, target.backend, target.io, finish)
        shop = Workshop(what, plain, network.layers, chosen.x, Path(work), batch)
        yield Bench(shop, network, given, chosen)


def _judges(data: Path) -> tuple[str, ...]:
    """The validation split of a data set, or else its tests; nothing of patches that have no splits."""
    from edgebench.cli.convert import brought
    from edgebench.data import datasets

    if brought(data):
        return ()
    there = datasets.describe(data).splits
    return ("validation",) if "validation" in there else tuple(split for split in TESTS if split in there)
