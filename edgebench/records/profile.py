"""Time by kind of operator, as a runtime told it, and what keeps an int8 artifact from being fast, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_BORDERS = ("quantize", "dequantize", "reorder", "transpose", "convert", "cast", "fakequantize")
FLOAT_KINDS = {"Conv", "FusedConv", "NhwcFusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul"}  # ONNX Runtime's
_REFERENCE = ("ref", "_any")  # how a kernel's name begins that has no vector code
_LARGE = 0.05  # share of the time that is worth a sentence


@dataclass(frozen=True)
class Group:
    """All operators of one kind that ran on one kernel."""

    kind: str  # type of operator
    kernel: str  # with its precision, where the runtime tells it; else ""
    count: int
    ns: int  # of a call, all together


def whole_ms(groups: Iterable[Group]) -> float:
    """Of a call, all operators together."""
    return sum(one.ns for one in groups) / 1e6


def kinds(groups: Iterable[Group]) -> dict[str, float]:
    """Share of the time of each type of operator, the largest first."""
    groups = tuple(groups)
    whole = sum(one.ns for one in groups) or 1
    shares: dict[str, float] = {}
    for one in groups:
        shares[one.kind] = shares.get(one.kind, 0.0) + one.ns / whole
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))


def reasons(groups: Sequence[Group], cpu_flags: Iterable[str]) -> Iterator[str]:
    """What keeps an int8 artifact from being fast; what takes less than 5 % of the time is left out."""
    whole = sum(one.ns for one in groups) or 1
    for what, found in (
        ("conversions between types and layouts", [one for one in groups if _border(one)]),
        ("operators on reference kernels", [one for one in groups if one.kernel.lower().startswith(_REFERENCE)]),
        ("convolutions and products in float", [one for one in groups if _float(one)]),
    ):
        share = sum(one.ns for one in found) / whole
        if share >= _LARGE:
            yield f"{sum(one.count for one in found)} {what} take {share:.0%}"
    flags = set(cpu_flags)
    if "avx2" in flags and not flags & {"avx512_vnni", "avx_vnni"}:
        yield "the CPU has no VNNI: products of 8 bits are summed by three instructions in place of one"


def _border(one: Group) -> bool:
    return one.kind.lower().startswith(_BORDERS)


def _float(one: Group) -> bool:
    if one.kernel:
        products = ("conv", "matmul", "fullyconnected")
        return any(name in one.kind.lower() for name in products) and one.kernel.lower().endswith(("f32", "float"))
    return one.kind in FLOAT_KINDS
