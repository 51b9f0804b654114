"""Which file format a data set should have: size and decoding time of the same planes in each, and what is lost.

edgebench data simulate out/png --split test-2 --stacks 4 --format png
python benchmarks/formats.py --data out/png               measure, some minutes on a quiet machine
python benchmarks/formats.py --report                     write docs/formats.md again, from the record alone

Planes are encoded and decoded in memory, by OpenCV as the runner does it (images.decode, with its checks), on one core.
The formats take turns within each plane, so that all see the same machine. The data set must be one without loss.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import common
import cv2
import numpy as np

from edgebench.devices import base as devices
from edgebench.errors import UsageError
from edgebench.focus import images
from edgebench.records.store import write
from edgebench.report import markdown
from edgebench.report.markdown import Table
from edgebench.runner import heap, host

RECORD, PAGE = "formats/local.json", Path("docs/formats.md")
LOSSLESS = (".png", ".tif", ".tiff", ".bmp")
NS_PER_MS = 1e6
# Name, suffix, and options of cv2.imencode; chroma halved as in the published JPEG files, or whole.
FORMATS: dict[str, tuple[str, list[int]]] = {
    "BMP": (".bmp", []),
    "TIFF, not compressed": (".tiff", [cv2.IMWRITE_TIFF_COMPRESSION, 1]),
    "TIFF, LZW": (".tiff", [cv2.IMWRITE_TIFF_COMPRESSION, 5]),
    "PNG, level 1": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 1]),
    "PNG, level 6": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 6]),
    "JPEG 95": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 95]),
    "JPEG 95, whole chroma": (
        ".jpg",
        [
            cv2.IMWRITE_JPEG_QUALITY,
            95,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        ],
    ),
    "JPEG 90": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90]),
    "JPEG 75": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 75]),
}
_NUMBER: dict[str, Any] = {"type": "number", "minimum": 0}
_PLANE = common.fields(bytes={"type": "integer", "minimum": 1}, decode_ns=common.many(_NUMBER), away=_NUMBER)
SCHEMA = common.fields(
    schema={"const": 1},
    kind={"const": "formats"},
    created={"type": "string"},
    edgebench={"type": "string"},
    code_sha256={"type": "string"},
    opencv={"type": "string"},
    settings=common.fields(planes={"type": "integer", "minimum": 1}, repeats={"type": "integer", "minimum": 1}),
    size=common.many({"type": "integer"}),
    host={"type": "object", "required": ["cpu", "cores", "python"]},
    data={"type": "object", "required": ["name", "simulated", "sha256"]},
    formats={"type": "object", "minProperties": 1, "additionalProperties": common.many(_PLANE)},
)


def main() -> None:
    given = _options()
    path = common.measured(given, RECORD, SCHEMA, _measured)
    write(given.page, document(common.load(path, SCHEMA)))
    print(given.page)


def _options() -> argparse.Namespace:
    parser = common.parser(__doc__ or "", PAGE, data=Path("out/png"))
    parser.add_argument("--planes", type=common.count, default=40, help="planes, spread evenly (default 40)")
    parser.add_argument("--repeats", type=common.count, default=5, help="decodings of each (default 5)")
    return parser.parse_args()


def _measured(given: argparse.Namespace) -> common.Record:
    about, stacks = common.data(given.data, ("test-1", "test-2"))
    paths = [given.data / name for stack in stacks for name, _ in stack.planes]
    lossy = next((path for path in paths if path.suffix.lower() not in LOSSLESS), None)
    if lossy is not None:
        raise UsageError(f"{lossy}: a plane with loss says nothing of what a format loses. Simulate with --format png.")
    chosen = [paths[(2 * i + 1) * len(paths) // (2 * given.planes)] for i in range(min(given.planes, len(paths)))]
    facts = common.host(devices.connect("local"))
    host.apply_threads(1)
    cv2.setNumThreads(1)
    heap.keep_freed()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in FORMATS}
    for number, path in enumerate(chosen):
        print(f"plane {number + 1}/{len(chosen)}", end="\r", file=sys.stderr)
        plane = images.read_image(path)
        for name, one in _plane(plane, path, given.repeats):
            found[name].append(one)
    return {
        **common.head("formats"),
        "opencv": cv2.__version__,
        "settings": {"planes": len(chosen), "repeats": given.repeats},
        "size": list(plane.shape),
        "host": facts,
        "data": about,
        "formats": found,
    }


def _plane(plane: np.ndarray, path: Path, repeats: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """One plane, (H, W, 3) RGB, in every format: bytes, decoding times, and the mean |difference| in grey values."""
    coded = {name: _encoded(plane, name) for name in FORMATS}
    times: dict[str, list[int]] = {name: [] for name in FORMATS}
    back: dict[str, np.ndarray] = {}
    for _ in range(repeats):
        for name, data in coded.items():
            begin = perf_counter_ns()
            back[name] = images.decode(data, path)
            times[name].append(perf_counter_ns() - begin)
    for name, data in coded.items():
        away = float(np.abs(back[name].astype(np.int16) - plane).mean())
        yield name, {"bytes": len(data), "decode_ns": times[name], "away": away}


def _encoded(plane: np.ndarray, name: str) -> bytes:
    suffix, options = FORMATS[name]
    done, data = cv2.imencode(suffix, cv2.cvtColor(plane, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise UsageError(f"{name}: OpenCV {cv2.__version__} cannot write it. Take it out of FORMATS.")
    return data.tobytes()


def document(record: common.Record) -> str:
    height, width, _ = record["size"]
    settings, data, facts = record["settings"], record["data"], record["host"]
    rows = [(name, *_row(planes)) for name, planes in record["formats"].items()]
    return (
        "\n\n".join(
            [
                "# File formats of a data set",
                "Generated by `python benchmarks/formats.py --report` from `results/formats/local.json`; not by hand.",
                markdown.bullets(
                    [
                        f"{settings['planes']} planes of {width} x {height} px "
                        f"({'simulated' if data['simulated'] else 'published'}, {data['sha256'][:8]}), each decoded "
                        f"{settings['repeats']} times in each format, in turns, on one core; from memory.",
                        "Decode: median over planes of each plane's median. Away: mean |difference| from the plane "
                        "before, grey values; 0.00 only where nothing is lost.",
                        f"{facts['cpu']}; Python {facts['python']}, OpenCV {record['opencv']}; {record['created']}.",
                    ]
                ),
                markdown.render(Table(("format", "MB a plane", "decode, ms", "away"), tuple(rows))),
                CHOICE,
            ]
        )
        + "\n"
    )


def _row(planes: list[dict[str, Any]]) -> tuple[str, ...]:
    size = statistics.mean(one["bytes"] for one in planes) / 1e6
    decode = statistics.median(statistics.median(one["decode_ns"]) for one in planes) / NS_PER_MS
    return f"{size:.2f}", f"{decode:.1f}", f"{max(one['away'] for one in planes):.2f}"


CHOICE = """What follows: `edgebench data simulate` writes JPEG, as the published data set has it, so that a time of
"read" is comparable with that set's and a difference of two planes carries the same artefacts; `--format png` (level 1)
writes planes without loss. The runner reads all of these."""

if __name__ == "__main__":
    common.end(main)
