"""Means, shares and ratios whose intervals draw whole stacks, against numbers made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.records import clusters
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.statistics import Estimate

Z_UM = (-4.0, -0.5, 0.5, 4.0)


def answers(error_um, z_um=Z_UM):
    """error_um: of each stack, the same in all its images."""
    stacks = [f"s{n}_l1" for n in range(len(error_um)) for _ in z_um]
    truth = np.array(z_um * len(error_um))
    value = truth + np.repeat(error_um, len(z_um))
    return Answers(tuple(stacks), tuple(stack[:2] for stack in stacks), np.rint(truth * 1000), value)


def ends(mean):
    return pytest.approx((mean.interval.low, mean.interval.high))


def test_shares_are_those_by_hand_and_their_interval_is_of_stacks():
    found = clusters.shares(answers([0.5, 1.0, 5.0]))
    assert found.near.value == pytest.approx(1 / 3)
    assert found.far.value == pytest.approx(2 / 3)
    assert found.catastrophic.value == pytest.approx(1 / 3)
    assert ends(found.near) == (0, 1)
    assert found.direction.value == pytest.approx(5 / 6)  # of -4 and 4 um; -4 + 5 is on the wrong side
    assert ends(found.direction) == (0.5, 1)


def test_a_stack_that_is_not_asked_for_its_direction_has_no_part_in_it():
    both = answers([0.0, 0.0])
    near = Answers(both.stacks, both.samples, np.where(np.array(both.stacks) == "s0_l1", 500, both.z_nm), both.value_um)
    assert clusters.shares(near).direction.value == 1
    assert clusters.shares(near).direction.interval is None  # one stack is left
    assert clusters.shares(answers([0.0], (0.5, -0.5))).direction is None


def test_bias_keeps_its_sign():
    found = clusters.bias(answers([-1.0, 0.5]))
    assert found.value == -0.25
    assert ends(found) == (-1, 0.5)


def test_a_ratio_draws_the_stacks_of_both_sets():
    base, other = answers([0.2, 0.4]), answers([0.6, 0.6, 0.6])
    found = clusters.ratio(base, other)
    assert found.value == pytest.approx(2)
    assert ends(found) == (1.5, 3)  # 0.6 over 0.4 and over 0.2
    assert clusters.ratio(base, other) == found
    assert clusters.ratio(other, base).interval.high == pytest.approx(2 / 3)
    assert clusters.ratio(answers([0.0]), other) is None
    assert clusters.ratio(answers([0.2]), other) == clusters.Mean(pytest.approx(3), None)


@pytest.mark.parametrize(("low", "high", "crosses"), [(0.5, 0.6, True), (0.53, 0.53, False), (0.54, 0.6, False)])
def test_a_limit_is_crossed_only_inside_the_interval(low, high, crosses):
    assert clusters.crosses(Estimate(0.5, low - 1e-9, high + 1e-9), 0.53) == crosses
    assert not clusters.crosses(None, 0.53)


def test_answers_are_taken_at_the_images_of_others_in_their_order():
    whole = answers([0.1, 0.2, 0.3])
    part = answers([0.9, 0.9], (0.5, 4.0))
    found = clusters.on_images_of(whole, part)
    assert found.stacks == part.stacks
    assert found.z_nm.tolist() == part.z_nm.tolist()
    assert found.error_um.tolist() == [0.1, 0.1, 0.2, 0.2]
    assert clusters.on_images_of(part, whole) is None
