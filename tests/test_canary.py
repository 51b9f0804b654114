"""The collapse canary: which answers have collapsed, and what it says of too few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench.records.canary import canary

Z_UM = np.arange(-10.5, 10, 0.5)  # labels of a stack
NOISE = np.random.default_rng(0).normal(0, 0.5, len(Z_UM))
ALONE = st.floats(-20, 20)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (np.abs(Z_UM) + 0.6 * Z_UM, "constant answer's"),  # one side of focus only, with a slope of 0.6
        (Z_UM + 6, "constant answer's"),
        (0.25 * Z_UM + NOISE, "slope"),
        (np.full(len(Z_UM), 0.3), "constant answer's"),
        (-Z_UM, "constant answer's"),
        (0.45 * Z_UM, "slope"),  # of 55 % of a constant's error
        (Z_UM + 5 * np.sign(np.sin(37 * Z_UM)) * (np.abs(Z_UM) < 9), "constant answer's"),
    ],
)
def test_answers_that_do_not_follow_the_truth_have_collapsed(answers, reason):
    found = canary(Z_UM, answers)
    assert found.collapsed
    assert reason in found.reason


@pytest.mark.parametrize("answers", [Z_UM + NOISE, 0.9 * Z_UM, Z_UM, Z_UM + 1.5])
def test_answers_that_follow_the_truth_have_not(answers):
    found = canary(Z_UM, answers)
    assert not found.collapsed
    assert found.reason is None


def test_answers_of_low_correlation_have_collapsed_whatever_their_slope_and_mean_error():
    """Steep and small errors mostly, but a few far away turn the line: only the correlation tells."""
    answers = Z_UM.copy()
    answers[20] = 100
    found = canary(Z_UM, answers)
    assert found.slope == pytest.approx(1, abs=0.1)
    assert found.mean_um < 0.5 * found.constant_um
    assert "correlation" in found.reason


def test_the_figures_are_those_by_hand():
    truth, answers = np.array([-2.0, 0, 1, 5]), np.array([-1.0, 0, 2, 3])
    found = canary(truth, answers)
    assert found.slope == pytest.approx(np.polyfit(truth, answers, 1)[0])
    assert found.correlation == pytest.approx(np.corrcoef(truth, answers)[0, 1])
    assert found.mean_um == pytest.approx((1 + 0 + 1 + 2) / 4)
    assert found.constant_um == pytest.approx((2.5 + 0.5 + 0.5 + 4.5) / 4)


@given(z=ALONE, answers=st.lists(ALONE, min_size=1, max_size=4))
def test_one_label_alone_cannot_tell(z, answers):
    found = canary(np.full(len(answers), z), np.array(answers))
    assert (found.slope, found.correlation, found.collapsed) == (None, None, False)
    assert found.constant_um == pytest.approx(0, abs=1e-12)


@given(st.lists(st.tuples(ALONE, ALONE), min_size=1, max_size=4))
def test_few_answers_do_no_harm(pairs):
    truth, answers = np.array(pairs).T
    found = canary(truth, answers)
    assert found.collapsed == (found.reason is not None)


def test_a_constant_answer_has_no_correlation_and_has_collapsed():
    found = canary(np.array([-1.0, 1]), np.full(2, 0.1))
    assert (found.slope, found.correlation) == (pytest.approx(0), None)
    assert found.collapsed
