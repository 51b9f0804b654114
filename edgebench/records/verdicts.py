"""What speaks against a number: each verdict is a name, what it is about, and its reason in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edgebench.records.canary import Canary
from edgebench.records.profile import FLOAT_KINDS

CALLS = 1024  # MLPerf Mobile's rule: so many inferences, and so many seconds
SECONDS = 60.0
VARIATION = 0.05  # of the process medians
_INT8 = re.compile(r"\b(u?int8|[iu]8)\b|qlinear|integer")  # in an operator's name, as the backends list them
_FLOAT_COMPUTE = re.compile(
    r"(\w*conv_2d|convolution|groupconvolution|fully_?connected|batch_?matmul|matmul)\w* (float32|fp32|f32)\b"
)
_NO_COMPUTE = {  # of LiteRT: borders and shapes, which a delegate may leave out
    "QUANTIZE",
    "DEQUANTIZE",
    "SHAPE",
    "STRIDED_SLICE",
    "SLICE",
    "PACK",
    "UNPACK",
    "RESHAPE",
    "EXPAND_DIMS",
    "SQUEEZE",
    "GATHER",
    "CONCATENATION",
    "CAST",
}
_HALF = re.compile(r"\b(float16|bfloat16|b?f16|fp16)\b")


@dataclass(frozen=True)
class Verdict:
    name: str  # OK is none; docs/measurement.md has them all
    about: str  # "latency", "backend", "device", or the name of a split
    reason: str
    figure: str = ""  # the number of the reason as a cell of a table has it, where one number says it

    @property
    def brief(self) -> str:
        return f"{self.name} {self.figure}".strip()


def judge(
    precision: str,
    executed: Mapping[str, object],
    *,
    variation: float | None,
    calls: int | None,
    wall_s: float | None,
    unsteady: int,
    canaries: Mapping[str, Canary],
    kept_in_float: int = 0,
) -> tuple[Verdict, ...]:
    """Every verdict that applies, none if all is well.

    kept_in_float: operators of an int8 artifact that its recipe left in float. unsteady: processes whose warm-up did
    not settle. canaries: that of each split.
    """
    found = []
    fallback = _fallback(precision, executed, kept_in_float)
    if fallback:
        found.append(Verdict("FALLBACK", "backend", fallback))
    if variation is not None and variation > VARIATION:
        found.append(
            Verdict(
                "NOISY",
                "latency",
                f"the process medians vary by {variation:.1%} (limit {VARIATION:.0%})",
                f"{variation:.1%}",
            )
        )
    if calls is not None and wall_s is not None and (calls < CALLS or wall_s < SECONDS):
        found.append(
            Verdict(
                "SHORT",
                "latency",
                f"{calls:,} timed calls in {wall_s:.1f} s (at least {CALLS:,} and {SECONDS:.0f} s are asked for)",
                f"{calls:,} in {wall_s:.0f} s",
            )
        )
    if unsteady:
        reason = f"the warm-up of {unsteady} processes ended at its cap"
        found.append(Verdict("UNSTEADY", "latency", reason, str(unsteady)))
    reasons = {split: canary.reason for split, canary in canaries.items()}
    found += [Verdict("COLLAPSED", split, reason) for split, reason in reasons.items() if reason]
    return tuple(found)


def _fallback(precision: str, executed: Mapping[str, object], kept_in_float: int) -> str | None:
    """Why what ran is not what the artifact says; None also where the runtime tells nothing."""
    ran = executed.get("precision", precision)
    if precision != "unknown" and ran != precision:
        return f"the artifact is {precision}, the backend executed {ran}"
    if "delegate" in executed and executed["delegate"] is None:
        return "no delegate took an operator, the built-in kernels ran"
    operators = executed.get("operators")
    names = " ".join(operators).lower() if isinstance(operators, Mapping) else ""
    outside = _outside(executed)
    if outside:
        return outside
    floats = _in_float(operators) if isinstance(operators, Mapping) else {}
    if precision == "int8" and sum(floats.values()) > kept_in_float:
        wanted = f", where its recipe keeps {kept_in_float}" if kept_in_float else ""
        return f"the artifact is int8, but {', '.join(sorted(floats))} operators ran{wanted}"
    if precision == "int8" and names and not _INT8.search(names):
        return "the artifact is int8, but no operator that ran is"
    lower = _HALF.search(names) or _INT8.search(names)
    if precision == "float32" and lower:
        return f"the artifact is float32, but {lower.group()} operators ran"
    return None


def _in_float(operators: Mapping[str, object]) -> dict[str, int]:
    """Operators that compute in float, by name as the pattern finds it, and how many."""
    found: dict[str, int] = {}
    for name, count in operators.items():
        match = _FLOAT_COMPUTE.search(name.lower())
        told = match.group() if match else name if name in FLOAT_KINDS else None
        if told is not None and isinstance(count, int):
            found[told] = found.get(told, 0) + count
    return found


def _outside(executed: Mapping[str, object]) -> str | None:
    """Operators that compute and that the delegate certainly did not take, where the runtime counts them.

    The counts do not say which operators were left out, so all that compute nothing are taken to be among them:
    a report states the counts too.
    """
    operators, total, taken = (executed.get(key) for key in ("operators", "operators_total", "operators_delegated"))
    if not (isinstance(operators, Mapping) and isinstance(total, int) and isinstance(taken, int)):
        return None
    compute = total - sum(count for name, count in operators.items() if name.split()[0] in _NO_COMPUTE)
    if taken >= compute:
        return None
    return f"the delegate took {taken} of {total} operators, at least {compute - taken} that compute ran outside it"
