"""The search and the shares, as pure functions of what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgebench.quantise import explain, search
from edgebench.quantise.answers import cost, image_errors
from edgebench.quantise.explain import Explanation, Share
from edgebench.quantise.labelled import Labelled
from edgebench.quantise.recipe import DEFAULT
from edgebench.quantise.search import Candidate, Found
from edgebench.quantise.units import Unit

MARGIN_UM = 0.02


def given(stacks=6, images=4, tiles=3):
    n = stacks * images * tiles
    image = tuple(f"{i // tiles}" for i in range(n))
    stack = tuple(f"s{i // (tiles * images)}" for i in range(n))
    y = np.repeat(np.linspace(-6, 6, stacks * images), tiles).astype(np.float32)
    return Labelled(np.zeros((n, 1, 1, 3), np.float32), y, image, stack, {}, ("test",) * n)


def of(increase_um, *, bytes=1000, ms=1.0, noise=0.001, kept=0, too_large=False):
    rng = np.random.default_rng(0)
    data = given(stacks=10)
    plain = data.y + 1.0
    other = plain + increase_um + np.repeat(rng.normal(0, noise, len(data) // 3), 3)
    found = cost(plain, other, data)
    units = tuple(Unit(f"u{i}", "CONV_2D", (f"l{i}",), True, f"o{i}") for i in range(kept))
    return Candidate(DEFAULT, units, found, found.certificate(MARGIN_UM), bytes, ms, too_large)


def test_the_error_of_an_image_is_that_of_the_median_of_its_patches():
    data = given(stacks=1, images=2)
    answers = np.array([0.0, 1.0, 100.0, 6.5, 6.5, 0.0])
    assert image_errors(answers, data) == {("test", "s0", "0"): 7.0, ("test", "s0", "1"): pytest.approx(0.5)}


def test_a_cost_has_a_sign_where_the_difference_has_none():
    worse, better = of(+0.1), of(-0.1)
    assert worse.cost.increase_um == pytest.approx(0.1, abs=0.002)
    assert better.cost.increase_um == pytest.approx(-0.1, abs=0.002)
    assert worse.cost.away_um == pytest.approx(better.cost.away_um, abs=0.002)


def test_of_several_splits_the_worst_one_decides():
    one, two = given(stacks=10), given(stacks=10)
    both = Labelled(
        np.concatenate([one.x, two.x]), np.concatenate([one.y, two.y]), one.image * 2, one.stack * 2, {},
        ("test-1",) * len(one) + ("test-2",) * len(two),
    )  # fmt: skip
    plain = both.y + 1.0
    rows = np.arange(len(both)) >= len(one)
    noise = np.repeat(np.random.default_rng(0).normal(0, 0.001, len(both) // 3), 3)
    found = cost(plain, plain + noise + np.where(rows, 0.03, -0.03), both)
    assert found.increase_um == pytest.approx(0.03, abs=0.002)
    assert found.certificate(0.02).mean_um == pytest.approx(0.03, abs=0.002)  # pooled, they would cancel
    assert found.certificate(0.02).stacks == 10


def test_only_what_is_shown_to_keep_the_margin_passes():
    assert of(0.01).passes
    assert of(-0.5).passes  # better than float32 is no loss
    assert not of(0.03).passes
    assert not of(0.0, noise=0.2).passes  # so few images show nothing
    assert not of(0.01, too_large=True).passes


def test_of_those_that_pass_the_fastest_wins_and_of_equals_the_smallest():
    fast, small, slow, bad = of(0.01, ms=1.0), of(0.01, ms=1.01, bytes=900), of(0, ms=2, bytes=10), of(1, ms=0.1)
    assert Found((slow, fast, small, bad), 4000, 3.0).best is small
    assert Found((bad,), 4000, 3.0).best is None


def test_the_front_leaves_out_what_another_beats_in_everything():
    first, second, beaten = of(0.01, ms=1), of(0.0, ms=2), of(0.01, ms=1.5, bytes=2000)
    assert search.front([first, second, beaten]) == (first, second)
    twin = replace(first)
    assert search.front([first, twin]) == (first, twin)


@pytest.mark.parametrize("needed", [1, 2, 3, 5, 8, 13])
def test_the_fewest_layers_are_found_by_doubling_and_halving(needed):
    ranked = [Unit(f"u{i}", "CONV_2D", (f"l{i}",), True, f"o{i}") for i in range(13)]
    tried = []

    def judge(kept):
        tried.append(len(kept))
        return len(kept) >= needed, 1 / len(kept)

    search._fewest(ranked, judge)
    assert needed in tried
    assert len(tried) <= 8


def test_layers_that_bring_nothing_are_given_up():
    ranked = [Unit(f"u{i}", "CONV_2D", (f"l{i}",), True, f"o{i}") for i in range(64)]
    tried = []

    def judge(kept):
        tried.append(len(kept))
        return False, 0.5 if len(kept) == 1 else 0.04

    search._fewest(ranked, judge)
    assert tried == [1, 2, 4, 8]


def explanation(*alone_um, scale=1.1, back=1.0):
    """back: the part of its own share that restoring a layer brings."""
    data = given()
    plain = data.y.copy()
    shares = []
    total = float(np.hypot.reduce(alone_um))
    for i, away in enumerate(alone_um):
        unit = Unit(f"u{i}", "CONV_2D", (f"l{i}",), True, f"o{i}")
        one = cost(plain, plain + away, data)
        others = cost(plain, plain + scale * float(np.sqrt(total**2 - (back * away) ** 2)), data)
        shares.append(Share(unit, one, others, 0.0, None, None, 0, (1.0, 1.0, 1.0)))
    whole = cost(plain, plain + scale * total, data)
    return Explanation(whole, tuple(shares), 1000)


def test_the_prediction_adds_squares_and_is_scaled_to_the_whole():
    found = explanation(0.4, 0.3)
    assert explain.predicted_um(found, []) == pytest.approx((0.55, 0.55), rel=1e-4)
    assert explain.predicted_um(found, ["u0"]) == pytest.approx((0.33, 0.33), rel=1e-3)
    assert explain.predicted_um(found, ["u0", "u1"]) == pytest.approx((0, 0), abs=0.02)


def test_the_prediction_is_a_span_where_restoring_a_layer_brings_less_than_its_share():
    low, high = explain.predicted_um(explanation(0.4, 0.3, back=0.5), ["u0"])
    assert low == pytest.approx(0.33, rel=1e-3)
    assert high == pytest.approx(1.1 * np.sqrt(0.25 - 0.04), rel=1e-3)


def test_advice_keeps_no_more_layers_than_the_goal_needs():
    found = explanation(0.4, 0.3, 0.01)
    assert [unit.label for unit in explain.advised(found, 0.4)] == ["l0"]
    assert [unit.label for unit in explain.advised(found, 0.1)] == ["l0", "l1"]
    assert explain.advised(found, 1.0) == ()
