"""Every picture of the report, made of made-up records, for the tests."""

from __future__ import annotations

from typing import Any

from make_evaluations import make_evaluation
from make_records import SHA, make_record
from pages import PAPER

from edgebench.records import evaluation_summary
from edgebench.records.explained import Explained, Share
from edgebench.records.statistics import Estimate
from edgebench.records.summary import summarise
from edgebench.report import charts, evaluated
from edgebench.report.charts.chart import Drawing
from edgebench.report.rows import current

COUNTED = {"total": 85_082_061, "load": 1_065_691, "vload": 13_144_429, "int_mul": 23_752_928, "vector": 47_037_422}
COUNT = {"calls": 1, "instructions": [{**COUNTED, "l1_misses": 407_802, "l2_misses": 175_331}]}


def emulated(**about: Any) -> dict[str, Any]:
    """A run of an emulated Pi 4: counted, not timed."""
    made = make_record(target="tflite-int8", device="pi4", emulated=True, threads=1, **about)
    return made | {"count": COUNT, "latency": []}


def sustained(medians_ms: tuple[float, ...] = (12.0, 12.6, 18.0), **about: Any) -> dict[str, Any]:
    made = make_record(**about)
    minutes = [
        {"minute": at, "calls": 5000, "median_ns": int(ms * 1e6), "p90_ns": int(ms * 1.1e6), "wall_ns": 60 * 10**9}
        for at, ms in enumerate(medians_ms, start=1)
    ]
    load = made["latency"][0]["load"]
    return made | {"sustained": {"load": load, "before": {}, "warmup_calls": 40, "minutes": minutes}}


def explained(layers: int = 25, *, simulated: bool = True, name: str = "conv") -> Explained:
    shares = tuple(
        Share(f"{name}_{at}", "CONV_2D", 0.5 / (at + 1), 0.2 / (at + 1), 1000, Estimate(1.1, 1.0, 1.2) if at else None)
        for at in range(layers)
    )
    return Explained("reduced", "tflite-int8", SHA["artifact"], {"name": "d", "simulated": simulated}, 0.6, shares)


def runs(*, simulated: bool = True, model: str = "reduced") -> list[dict[str, Any]]:
    about: dict[str, Any] = {"simulated": simulated, "threads": 1}
    return [
        sustained(model=model, **about),
        make_record(model=model, target="tflite-int8", errors_um=(0.32, 0.43), call_ms=7.0, **about),
        make_record(model="original", target="onnx-float32", backend="onnxruntime", call_ms=40.0, **about),
        emulated(model=model, simulated=simulated, errors_um=(0.1, 0.1)),
    ]


def evaluations(*, simulated: bool = True, model: str = "reduced") -> list[dict[str, Any]]:
    about: dict[str, Any] = {"simulated": simulated}
    return [
        make_evaluation(**about),
        make_evaluation("original-single", (0.3, 0.6), kind="single", **about),
        make_evaluation(model, (0.24, 0.33), alpha=0.4, input_size=112, **about),
        make_evaluation(model, (0.4, 0.6), alpha=0.4, input_size=112, quality=75, **about),
    ]


def of_runs(records: list[dict[str, Any]]) -> tuple[Drawing, ...]:
    return charts.of_runs(current([summarise(one) for one in records])[0])


def everything(*, simulated: bool = True, model: str = "reduced") -> tuple[Drawing, ...]:
    """One of each kind of picture."""
    shown = current([summarise(one) for one in runs(simulated=simulated, model=model)])[0]
    view = evaluated.view([evaluation_summary.summarise(one) for one in evaluations(simulated=simulated, model=model)])
    return charts.pictures(shown, view, PAPER, [explained(simulated=simulated, name=model)])
