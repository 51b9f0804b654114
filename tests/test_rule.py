"""The selection rule of section 4.5 applied to our models."""

from __future__ import annotations

import pytest
from make_evaluations import make_evaluation
from pages import PAPER, exact, one_wrong, other_set, spread

from edgebench.records.evaluation_summary import summarise
from edgebench.report import evaluated, grid


def rule(*made):
    return " ".join(grid.rule(PAPER, evaluated.view([summarise(record) for record in made])))


def test_the_smallest_width_that_is_no_worse_than_jiangs_best_is_chosen_and_then_the_smallest_size():
    made = [
        make_evaluation("original", (0.2, 0.3), of=exact),
        make_evaluation("alpha-0.4", (0.2, 0.53), alpha=0.4, of=exact),  # no worse
        make_evaluation("alpha-0.25", (0.2, 0.531), alpha=0.25, of=exact),
        make_evaluation("reduced", (0.2, 0.5), alpha=0.4, input_size=112, of=exact),
        make_evaluation("size-56", (0.2, 0.6), alpha=0.4, input_size=56, of=exact),
    ]
    assert "By the steps of the paper: `reduced`** (alpha 0.4, 112 px): 0.50 [0.50, 0.50] um" in rule(*made)
    assert "`alpha-0.4`** (alpha 0.4, 224 px)" in rule(*made[:2])
    missing = "`alpha-0.75`, `alpha-0.6`, `alpha-0.5`, `size-168`, `small`, `student`"
    assert f"Not evaluated, so not in the choice: {missing}." in rule(*made)
    assert "this limit is nominal" in rule(*made)
    real = [record | {"data": record["data"] | {"simulated": False}} for record in made]
    assert "nominal" not in rule(*real)


def test_beside_the_steps_the_passing_model_of_least_work_is_named():
    made = [
        make_evaluation("original", (0.2, 0.3), of=exact),
        make_evaluation("alpha-0.4", (0.2, 0.6), alpha=0.4, of=exact),
        make_evaluation("size-56", (0.2, 0.5), alpha=0.4, input_size=56, of=exact),
    ]
    text = rule(*made)
    assert "By the steps of the paper: `original`** (alpha 1, 224 px)" in text
    assert "Fewest multiply-accumulates of all that pass: `size-56`** (7.5 M a tile)" in text
    student = make_evaluation("student", (0.2, 0.4), alpha=0.2, input_size=56, of=exact)
    assert "pass: `student`** (3.7 M a tile)" in rule(*made, student)
    student["splits"]["test-2"] = exact("test-2", 0.7)
    assert "pass: `size-56`**" in rule(*made, student)
    made[2]["model"]["macs"] = None
    assert "pass: `original`**" in rule(*made)


def test_the_rule_says_whether_the_interval_crosses_its_limit():
    assert "its interval crosses the limit" in rule(make_evaluation("original", (0.2, 0.5), of=spread))
    assert "its interval does not cross the limit" in rule(make_evaluation("original", (0.2, 0.1), of=spread))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({}, "no evaluated width passes at 224 px"),
        ({"model": "reduced", "input_size": 112}, "no width is evaluated at 224 px"),
        ({"limit": 1}, "Nothing to choose from: no model of the grid is evaluated on the whole of Set 2"),
    ],
)
def test_what_is_not_evaluated_neither_passes_nor_fails_the_rule(model, said):
    record = make_evaluation(**{"model": "alpha-0.4", "alpha": 0.4, "errors_um": (0.2, 0.9), "of": exact, **model})
    assert said in rule(record)
    assert "No width passes" not in rule(record)
    quick = "Evaluated on some of the stacks only (a quick look), so not in the choice: `alpha-0.4`."
    assert (quick in rule(record)) == ("limit" in model)


def test_a_quick_look_is_not_chosen_however_good():
    quick = make_evaluation("alpha-0.25", (0.1, 0.1), alpha=0.25, of=exact, limit=3)
    text = rule(make_evaluation("original", (0.2, 0.3), of=exact), quick)
    assert "By the steps of the paper: `original`**" in text
    assert "quick look), so not in the choice: `alpha-0.25`." in text
    assert "not evaluated whole and may pass" in text


def test_where_a_smaller_width_passes_it_is_said_that_sizes_were_tried_at_another():
    made = [
        make_evaluation("alpha-0.25", (0.2, 0.4), alpha=0.25, of=exact),
        make_evaluation("reduced", (0.2, 0.4), alpha=0.4, input_size=112, of=exact),
    ]
    text = rule(*made)
    assert "By the steps of the paper: `alpha-0.25`**" in text
    assert "trained at alpha 0.4 only, as in the paper, not at 0.25" in text


def test_the_rule_says_how_its_choice_does_where_the_rule_does_not_ask():
    made = [make_evaluation("original", (0.2, 0.3), of=exact), other_set(error_um=0.3, of=one_wrong)]
    assert "there its worst is made-up-objects, where 94.1 % of the directions are right and 1 of its" in rule(*made)
    assert "there its worst" not in rule(made[0])
