"""Figures of an evaluation, against numbers made by hand."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from make_evaluations import image, make_evaluation

from edgebench.records.canary import canary
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.evaluation_summary import MEDIAN, PATCH, WEIGHTED, paired, summarise

Z_NM = (-2000, -500, 0, 1500, 4000)
SPLIT_2 = 32  # stacks
ERRORS = (0.5, -1.0, 0.25, 1.001, -6.0)  # the last answers on the wrong side


def two_stacks(split, error_um):
    first = [image("s1_l1", z, [z / 1000 + e] * 2) for z, e in zip(Z_NM, ERRORS)]
    return first + [image("s2_l1", z, [z / 1000 + 1.5] * 2) for z in Z_NM]


@pytest.fixture
def level():
    return summarise(make_evaluation(errors_um=(0,), of=two_stacks)).splits["test-1"][MEDIAN]


def test_errors_are_those_by_hand(level):
    away = [*map(abs, ERRORS), *[1.5] * 5]
    found = level.score
    assert found.count == 10
    assert found.mean_um == pytest.approx(sum(away) / 10)
    assert found.std_um == pytest.approx(np.std(away, ddof=1))
    assert found.bias_um == pytest.approx((sum(ERRORS) + 7.5) / 10)
    assert found.median_um == 1.5
    assert found.max_um == 6
    assert found.p90_um is None  # ten values say nothing about it


def test_shares_hold_their_border(level):
    assert level.score.near == 0.2  # 0.5 and 0.25
    assert level.score.far == pytest.approx(0.3)  # and 1.0, not 1.001
    assert level.score.catastrophic == 0.1


def test_the_direction_is_asked_only_more_than_1_um_out_of_focus(level):
    assert level.score.direction == pytest.approx(5 / 6)  # -2, 1.5 and 4 um of both stacks; one is on the wrong side
    assert [stack.direction for stack in level.stacks] == pytest.approx([2 / 3, 1])


def test_two_stacks_give_no_interval(level):
    assert level.score.interval is None


def test_the_interval_draws_whole_stacks():
    score = summarise(make_evaluation()).splits["test-2"][WEIGHTED].score
    assert score.interval.high - score.interval.low > 3.5 * score.std_um / score.count**0.5  # that of single images


def test_defocus_is_binned_by_whole_micrometres_from_below(level):
    assert [(each.lowest_um, each.count) for each in level.bins] == [(-2, 2), (-1, 2), (0, 2), (1, 2), (4, 2)]
    assert level.bins[0].mean_um == 1.0  # 0.5 and 1.5


def test_many_answers_have_percentiles():
    found = summarise(make_evaluation()).splits["test-2"][WEIGHTED].score
    away = 0.35 * (1 + np.repeat(np.arange(SPLIT_2), 5) / (2 * SPLIT_2))
    assert found.count == 160
    assert found.p90_um == pytest.approx(np.quantile(away, 0.9), abs=1e-3)  # answers are kept to 1 nm
    assert found.p95_um == pytest.approx(np.quantile(away, 0.95), abs=1e-3)
    assert found.p98_um is None  # 0.98 ** 160 is more than 2.5 %


def test_the_weighted_answer_leaves_out_an_empty_tile_and_the_median_does_not():
    def one(split, error_um):
        return [image("s1_l1", 0, [1.0, 1.1, 1.2, 8.0, 9.0, 10.0], [8.0, 8.0, 8.0, 0.1, 0.1, 0.1])]

    found = summarise(make_evaluation(errors_um=(0,), of=one)).splits["test-1"]
    assert found[MEDIAN].score.mean_um == pytest.approx(4.6)
    assert found[WEIGHTED].score.mean_um == pytest.approx(1.1)
    assert found[PATCH].score.mean_um == pytest.approx(30.3 / 6)
    assert found[PATCH].score.count == 6


def shifted(split, error_um):
    """The first stack follows its focus 6 um away from it, the others exactly."""
    return [
        image(stack, z, [z / 1000 + away] * 2)
        for stack, away in (("s1_l1", 6), ("s2_l1", 0), ("s3_l1", 0))
        for z in range(-10000, 10001, 1000)
    ]


def test_the_canary_is_that_of_each_stack_and_of_the_split():
    for level in summarise(make_evaluation(errors_um=(0,), of=shifted)).splits["test-1"].values():
        truth = np.arange(-10.0, 11)
        assert [stack.collapsed for stack in level.stacks] == [True, False, False]
        assert asdict(level.stacks[0].canary) == pytest.approx(asdict(canary(truth, truth + 6)))
        assert not level.canary.collapsed  # 2 um in the mean
        assert level.canary.slope == pytest.approx(1)
        assert level.canary.constant_um == pytest.approx(np.mean(np.abs(truth)))


def test_samples_are_those_of_their_stacks():
    found = summarise(make_evaluation()).splits["test-1"][MEDIAN].samples
    assert {group.name: (group.stacks, group.images) for group in found}["s102"] == (6, 30)


def test_two_models_are_compared_image_by_image():
    base, other = (summarise(make_evaluation(model, (um, um))) for model, um in (("a", 0.2), ("b", 0.3)))
    found = paired(base, other, "test-1", WEIGHTED)
    growth = np.mean(1 + np.arange(17) / 34)
    assert found.images == 85
    assert found.mean_um == pytest.approx(0.1 * growth, abs=1e-3)  # answers are kept to 1 nm
    assert found.interval.low < found.mean_um < found.interval.high
    assert paired(other, base, "test-1", WEIGHTED).mean_um == pytest.approx(-found.mean_um)


def test_models_that_did_not_see_the_same_images_are_not_compared():
    base = summarise(make_evaluation("a"))
    fewer = make_evaluation("b")
    fewer["splits"]["test-1"] = fewer["splits"]["test-1"][:-1]
    other_data = make_evaluation("b")
    other_data["data"]["sha256"] = "f" * 64
    for record in (fewer, other_data, make_evaluation("b", quality=75), make_evaluation("b", set="x", errors_um=())):
        record["splits"].setdefault("test-1", fewer["splits"]["test-1"])
        assert paired(base, summarise(record), "test-1") is None
    assert paired(base, summarise(fewer), "test-2") is not None


def test_the_order_of_the_images_changes_nothing():
    record = make_evaluation()
    turned = {**record, "splits": {split: images[::-1] for split, images in record["splits"].items()}}
    assert summarise(record).splits["test-1"][PATCH].score == summarise(turned).splits["test-1"][PATCH].score


def test_arrays_of_answers_keep_the_sign_of_the_error():
    answers = Answers(("a",), ("s",), np.array([1000]), np.array([0.25]))
    assert answers.error_um.tolist() == [-0.75]
