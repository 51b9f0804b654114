from __future__ import annotations

import pytest

from edgebench.errors import UsageError
from edgebench.quantise.units import Unit, kept, layers_in

LAYERS = ("Conv1", "bn_Conv1", "Conv1_relu", "block_1", "block_1_expand", "dense", "dense_1")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("functional_1/Conv1_1/convolution;functional_1/bn_Conv1_1/add", ("Conv1", "bn_Conv1")),
        ("functional/block_1_expand_1/convolution", ("block_1_expand",)),
        ("functional/dense_1/MatMul", ("dense",)),  # Keras numbers each scope: that of dense_1 is dense_1_2
        ("functional/dense_1_2/MatMul", ("dense_1",)),
        ("functional/dense/MatMul", ("dense",)),
        ("StatefulPartitionedCall:0", ()),
    ],
)
def test_layers_are_read_off_the_names_that_converters_write(name, expected):
    assert layers_in(name, LAYERS) == expected


def _units(*names):
    return [Unit(f"op/{name}", "CONV_2D", (name, f"{name}_bn"), True, f"{name}:0") for name in names]


def test_a_pattern_keeps_all_that_it_fits_by_any_of_their_layers():
    units = _units("Conv1", "block_1_expand", "block_2_expand")
    assert kept(units, ["block_*_expand"]) == {"op/block_1_expand", "op/block_2_expand"}
    assert kept(units, ["Conv1_bn"]) == {"op/Conv1"}
    assert kept(units, []) == frozenset()


def test_an_unknown_layer_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match=r"no layer 'block_1_expnd'. Did you mean 'block_1_expand'"):
        kept(_units("Conv1", "block_1_expand"), ["block_1_expnd"])
