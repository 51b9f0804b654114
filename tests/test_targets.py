"""What the regressors are to reach, and models against each other."""

from __future__ import annotations

import re

import pytest
from make_evaluations import make_evaluation
from pages import cells, document, exact, fewer, one_wrong, other_set, section, spread

from edgebench.report import comparisons


def compared(*made):
    text = section(document(*made), "Models against each other")
    return {tuple(cells(line)[:2]): cells(line)[2:] for line in text.splitlines() if re.match(r"\| [a-z]", line)}


def test_models_are_compared_image_by_image_in_the_pairs_that_are_asked_about():
    made = [
        make_evaluation("original-single", (0.3, 0.5), kind="single", of=exact),
        make_evaluation(of=exact),
        make_evaluation("reduced-single", (0.3, 0.31), kind="single", input_size=112, alpha=0.4, of=exact),
        make_evaluation("reduced", (0.25, 0.3), alpha=0.4, input_size=112, of=exact),
        make_evaluation("student", (0.26, 0.28), alpha=0.1, input_size=112, of=exact),
    ]
    found = compared(*made)
    assert found["reduced", "original"] == ["+0.050 [+0.050, +0.050]", "-0.050 [-0.050, -0.050]"]
    assert found["original", "original-single"] == ["-0.100 [-0.100, -0.100]", "-0.150 [-0.150, -0.150]"]
    assert found["reduced", "reduced-single"] == ["-0.050 [-0.050, -0.050]", "-0.010 [-0.010, -0.010]"]
    assert found["student", "reduced"] == ["+0.010 [+0.010, +0.010]", "-0.020 [-0.020, -0.020]"]
    assert found["alpha-0.25", "original"] == ["not evaluated"] * 2
    assert len(found) == len(comparisons.PAIRS) == 12
    assert compared(*made[:2], make_evaluation("reduced", limit=1, of=fewer))["reduced", "original"] == [
        "other images",
        "other images",
    ]


def judged(*made):
    """Target, model and data to (limit, median, result, weighted, result)."""
    text = section(document(*made), "Targets")
    lines = [cells(line) for line in text.splitlines() if line.startswith("|")][2:]
    return {tuple(line[:3]): line[3:] for line in lines}


def test_targets_are_judged_by_the_figure_and_open_where_its_interval_holds_the_limit():
    made = [
        make_evaluation("original", (0.22, 0.361), of=exact),
        make_evaluation("reduced", (0.3, 0.44), alpha=0.4, input_size=112, of=spread),
        make_evaluation("original-single", (0.2, 0.4), kind="single", of=exact),
    ]
    found = judged(*made)
    assert found["Error, um", "original", "Set 1"] == ["<= 0.22 um", *["0.22 [0.22, 0.22]", "passes"] * 2]
    assert found["Error, um", "original", "Set 2"][2] == "fails"
    assert found["Error, um", "reduced", "Set 1"][2] == "passes, open"
    assert found["Error, um", "reduced", "Set 2"][2] == "fails, open"
    assert found["Error minus that of `original-single`, um", "original", "Set 2"][:3] == [
        "< 0 um",
        "-0.039 [-0.039, -0.039]",
        "passes",
    ]
    for model, minus in (("reduced", "reduced-single"), ("student", "reduced")):
        assert found[f"Error minus that of `{minus}`, um", model, "Set 2"][1:] == ["not evaluated"] * 4
    assert found["Multiply-accumulates over those of `reduced`", "student", "-"][1:3] == ["not evaluated"] * 2
    assert found["Real tissue, other optics", "original, reduced, small, student", "-"][2] == "not evaluated"


@pytest.mark.parametrize("name", ["small", "student"])
def test_a_small_model_is_to_be_no_larger_in_error_and_a_quarter_in_work(name):
    reduced = make_evaluation("reduced", (0.3, 0.4), alpha=0.4, of=exact)
    small = make_evaluation(name, (0.3, 0.41), alpha=0.1, of=exact)
    found = judged(reduced, small)
    assert found["Error minus that of `reduced`, um", name, "Set 1"][2] == "passes"  # no larger
    assert found["Error minus that of `reduced`, um", name, "Set 2"][2] == "fails"
    assert found["Multiply-accumulates over those of `reduced`", name, "-"][1:3] == ["0.250", "passes"]
    small["model"]["macs"] += 10**6
    assert judged(reduced, small)["Multiply-accumulates over those of `reduced`", name, "-"][2] == "fails"


def test_real_tissue_and_other_optics_are_judged_by_error_direction_and_collapse():
    main = make_evaluation("original", (0.2, 0.3), of=exact)
    found = judged(main, other_set(error_um=0.3))
    data = "made-up-objects, test-1"
    assert found["Error over the simulated error", "original", data][:3] == ["<= 1.5", "1.500 [1.500, 1.500]", "passes"]
    right = found["Right direction beyond 1 um", "original", data][:3]
    assert right == [">= 98%", "100.0 % [94.1, 100.0]", "passes, open"]
    assert found["Collapsed stacks", "original", data][:3] == ["0 of 17", "0", "passes"]
    worse = judged(main, other_set(error_um=0.31, of=one_wrong))
    assert worse["Error over the simulated error", "original", data][2].startswith("fails")
    assert worse["Right direction beyond 1 um", "original", data][1].startswith("94.1 %")
    assert worse["Right direction beyond 1 um", "original", data][2] == "fails, open"
    assert worse["Collapsed stacks", "original", data][1:3] == ["1", "fails"]
    assert not [key for key in judged(main, other_set(setup={"optics": "linear"})) if key[2] == data]
    alone = judged(other_set(error_um=0.3))
    assert alone["Error over the simulated error", "original", data][1:] == ["not evaluated"] * 4
    assert alone["Collapsed stacks", "original", data][2] == "passes"


def test_a_quick_look_decides_no_target():
    found = judged(make_evaluation("original", (0.1, 0.1), of=fewer, limit=2))
    assert found["Error, um", "original", "Set 1"][1:3] == ["0.10", "quick look"]  # two stacks have no interval
