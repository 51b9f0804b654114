"""OpenVINO IR: int8 by NNCF, which calibrates by itself with the nearest of its own methods; float16 by compression."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.errors import ConversionError, UsageError
from edgebench.quantise import ir
from edgebench.quantise.base import Plan, batches
from edgebench.quantise.ranges import Tensors
from edgebench.quantise.units import Unit, layers_in

OWN_RANGES = True
_OF_TWO = {"Add", "Multiply", "Subtract"}  # a unit only where both are activations: else a bias or a scale
_COMPUTES = _OF_TWO | {
    "Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul", "ReduceMean", "ReduceSum", "AvgPool",
    "Power", "Divide", "Maximum", "Minimum", "Interpolate", "MVN",
}  # fmt: skip


def prepare(file: Path, out: Path) -> Path:
    return file


def units(file: Path, layers: Sequence[str]) -> tuple[Unit, ...]:
    """Convolutions, matrix products and additions of two activations; biases belong to what they follow."""
    ov = _openvino()
    found = []
    for op in ov.Core().read_model(file).get_ordered_ops():
        kind = op.get_type_name()
        sources = [op.input_value(i).get_node() for i in range(op.get_input_size())]
        constants = [one for one in sources if _constant(one)]
        if kind not in _COMPUTES or (constants and kind in _OF_TWO):
            continue
        name = op.get_friendly_name()
        written = ";".join(_source(one).get_friendly_name() for one in constants)
        of = layers_in(name, layers) or layers_in(written, layers) or (name,)
        weights = sum(int(np.prod(one.output(0).get_shape())) for one in constants)
        found.append(Unit(name, kind, of, True, name, weights))
    return tuple(found)


def activations(file: Path, x: np.ndarray, batch: int) -> Iterator[Tensors]:
    raise UsageError("NNCF calibrates by itself: it takes no ranges of ours. Explain openvino-int8-qdq instead.")


def quantise(file: Path, out: Path, plan: Plan, x: np.ndarray | None) -> dict[str, Any]:
    """Writes `out` (.xml) and its .bin."""
    ov = _openvino()
    model = ov.Core().read_model(file)
    if plan.precision == "float16":
        if plan.in_float:
            raise UsageError("openvino-float16 compresses all weights: a recipe cannot keep layers there.")
        ir.save(model, out, float16=True, final=True)
        return {"compress_to_fp16": True, "input_output": "float32", "versions": {"openvino": ov.__version__}}
    if x is None or not len(x):
        raise ConversionError("int8 needs calibration patches. Give a data set with --calibration.")
    nncf = _nncf()
    try:
        made = nncf.quantize(
            model,
            nncf.Dataset(batches(x, plan.recipe.batch)),
            subset_size=len(x),
            ignored_scope=nncf.IgnoredScope(names=sorted(plan.in_float)) if plan.in_float else None,
            advanced_parameters=_parameters(nncf, plan),
        )
        if plan.in_float and plan.recipe.kept_weights == "int8":
            made = nncf.compress_weights(made, mode=nncf.CompressWeightsMode.INT8_SYM)
    except (
        nncf.ValidationError,
        nncf.InternalError,
        nncf.UnsupportedModelError,
        nncf.ParameterNotSupportedError,
    ) as error:
        raise RuntimeError(str(error)) from error  # no subclasses of any standard error
    ir.save(made, out, final=True)
    counts = Counter(op.get_type_name() for op in made.get_ops())
    versions = {"openvino": ov.__version__, "nncf": version("nncf")}
    return {"operators": {"FakeQuantize": counts["FakeQuantize"]}, "input_output": "float32", "versions": versions}


def _parameters(nncf: Any, plan: Plan) -> Any:
    """The default range, a mean of the extremes of each sample, would clip a regressor by 5 to 8 um."""
    from nncf.quantization import advanced_parameters as advanced
    from nncf.quantization import range_estimator as estimator

    recipe, sets = plan.recipe, estimator.RangeEstimatorParametersSet
    if recipe.ranges == "entropy":
        raise UsageError("NNCF has no ranges by entropy. Use minmax, percentile or mse, or openvino-int8-qdq.")
    chosen = {"minmax": sets.MINMAX, "mse": sets.HISTOGRAM}.get(recipe.ranges)
    if chosen is None:
        outside = (1 - recipe.percentile / 100) / 2
        low, high = (
            estimator.StatisticsCollectorParameters(
                statistics_type=estimator.StatisticsType.QUANTILE, aggregator_type=end, quantile_outlier_prob=outside
            )
            for end in (estimator.AggregatorType.MIN, estimator.AggregatorType.MAX)
        )
        chosen = estimator.RangeEstimatorParameters(min=low, max=high)
    weights = advanced.QuantizationParameters(per_channel=recipe.granularity == "channel")
    return nncf.AdvancedQuantizationParameters(
        activations_range_estimator_params=chosen, weights_quantization_params=weights, batchwise_statistics=True
    )


def _constant(node: Any) -> bool:
    return bool(_source(node).get_type_name() == "Constant")


def _source(node: Any) -> Any:
    """What a node's values come from, before reshapes and conversions."""
    while node.get_type_name() in ("Convert", "Reshape"):
        node = node.input_value(0).get_node()
    return node


def _openvino() -> Any:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it reports over the network
    import openvino

    return openvino


def _nncf() -> Any:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import nncf

    nncf.set_log_level(logging.ERROR)
    return nncf
