"""The model of time to focus: its formulas against examples done by hand, and what must always hold."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_choice import emulated, record, summaries

from edgebench.records import outcome as model
from edgebench.records.candidates import find
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.limits import Quantity
from edgebench.records.outcome import Microscope, in_focus, outcome, sweep
from edgebench.records.statistics import Estimate

SCOPE = Microscope(
    field_ms=300, move_ms=150, settle_ms=50, exposure_ms=10, transfer_ms=15, depth_of_field_um=1.0
)  # an image 25 ms, a shift 200 ms
ANSWER = Quantity(50.0, Estimate(50.0, 40.0, 60.0))
Z_UM = (-2.0, -1.0, 0.0, 1.0, 2.0)


def answers(*errors_um):
    """Of one stack each, at Z_UM: errors_um has the errors of its planes."""
    stacks = [f"s{n}" for n in range(len(errors_um)) for _ in Z_UM]
    truth = np.array(Z_UM * len(errors_um))
    error = np.array([um for of in errors_um for um in of])
    return Answers(tuple(stacks), tuple(stacks), truth * 1000, truth + error)


def test_time_to_focus_is_one_step_and_the_share_of_corrective_ones():
    """2 images of 25, 2 shifts of 200, 50 for the answer: 500 ms; 1 of 5 answers is off: 1.2 of them."""
    found = outcome(answers(*[(0.0, 0.4, 0.6, 0.0, 0.5)] * 4), ANSWER, SCOPE)
    assert found.off.value == pytest.approx(0.2)  # half the depth of field itself is in focus
    assert found.focus_ms == pytest.approx(600.0)


def test_fields_an_hour_have_the_way_to_the_field_and_its_picture_too():
    """300 + 50 to the field, 600 to focus, 25 for the picture: 975 ms."""
    found = outcome(answers(*[(0.0, 0.4, 0.6, 0.0, 0.5)] * 4), ANSWER, SCOPE)
    assert found.fields_per_hour == pytest.approx(3_600_000 / 975)


def test_the_interval_has_the_ends_of_the_share_and_of_the_answers_time_together():
    found = outcome(answers(*[(0.0, 0.0, 0.6, 0.6, 0.0)] * 5, *[(0.0,) * 5] * 5), ANSWER, SCOPE)
    assert found.off.value == pytest.approx(0.2)
    assert found.focus.low == pytest.approx(490 * (1 + found.off.interval.low))
    assert found.focus.high == pytest.approx(510 * (1 + found.off.interval.high))
    assert found.hourly.low < found.fields_per_hour < found.hourly.high


def test_stacks_are_drawn_whole():
    """As many answers are off, but all in one half of the stacks: the interval is wider."""
    even = outcome(answers(*[(0.6, 0.0, 0.6, 0.0, 0.0)] * 5, *[(0.0, 0.6, 0.0, 0.6, 0.0)] * 5), ANSWER, SCOPE)
    apart = outcome(answers(*[(0.6, 0.6, 0.6, 0.6, 0.0)] * 5, *[(0.0,) * 5] * 5), ANSWER, SCOPE)
    assert even.off.value == apart.off.value
    assert apart.focus.high - apart.focus.low > even.focus.high - even.focus.low


def test_an_answer_that_is_never_off_still_has_an_upper_end():
    found = outcome(answers(*[(0.0,) * 5] * 8), ANSWER, SCOPE)
    assert found.off.value == 0.0
    assert found.off.interval.high == pytest.approx(0.1)  # of one answer of 40, drawn four times


def test_a_second_step_starts_where_the_first_has_left_the_field():
    """+1.2 too much at z = 2 leaves the stage at -1.2, where the nearest plane, -1, is answered right."""
    found = in_focus(answers((0.0, 0.0, 0.0, 0.0, 1.2)), 0.5, 2)
    assert [one.value for one in found] == pytest.approx([0.8, 1.0])


def test_a_step_that_leads_back_is_followed_as_often_as_there_are_steps():
    """-1 at z = 1 leads to +1, where the next answer errs in the same way: never in focus."""
    found = in_focus(answers((0.0, 0.0, 0.0, -1.0, 0.0)), 0.5, 3)
    assert [one.value for one in found] == pytest.approx([0.8, 0.8, 0.8])


def test_a_stack_is_looked_up_in_itself_alone():
    one = in_focus(answers((0.0, 0.0, 0.0, -1.0, 0.0), (0.0,) * 5), 0.5, 3)
    assert [share.value for share in one] == pytest.approx([0.9, 0.9, 0.9])


def test_a_sweep_takes_an_image_and_a_shift_a_plane():
    """21 planes: 21 x (25 + 200) ms, the last shift back to the sharpest."""
    found = sweep(21, SCOPE)
    assert found.focus_ms == pytest.approx(4725.0)
    assert found.fields_per_hour == pytest.approx(3_600_000 / (350 + 4725 + 25))


errors = st.lists(st.floats(-4, 4), min_size=5, max_size=5).map(tuple)


@settings(max_examples=40, deadline=None)
@given(st.lists(errors, min_size=4, max_size=6), st.floats(0, 1))
def test_smaller_errors_never_give_a_longer_time_to_focus(each, share):
    large, small = answers(*each), answers(*(tuple(share * um for um in of) for of in each))
    longer, shorter = (outcome(one, ANSWER, SCOPE) for one in (large, small))
    assert shorter.focus_ms <= longer.focus_ms
    assert shorter.fields_per_hour >= longer.fields_per_hour


@settings(max_examples=40, deadline=None)
@given(st.lists(errors, min_size=4, max_size=6))
def test_fields_in_focus_stay_there(each):
    shares = [one.value for one in in_focus(answers(*each), 0.5, 4)]
    assert all(later >= earlier - 1e-12 for earlier, later in zip(shares, shares[1:]))


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1))
def test_a_slower_answer_never_gives_a_shorter_time(answer, more, off):
    assert model.time_to_focus(SCOPE, answer + more, off) >= model.time_to_focus(SCOPE, answer, off)


def test_an_emulated_board_gives_an_estimate_which_says_where_preprocessing_was_not_counted():
    found, short = (
        model.of(find(summaries(emulated(field=field)), "pi4", "test-2")[0], SCOPE) for field in (True, False)
    )
    assert (found.estimated, found.lacks) == (True, "")
    assert short.estimated and "preprocessing" in short.lacks
    assert found.focus_ms > short.focus_ms


def test_a_cell_without_times_has_no_outcome():
    (one,) = find(summaries(record() | {"latency": []}), "local", "test-2")
    assert model.of(one, SCOPE) is None


def test_the_page_has_the_defaults_of_the_model():
    page = (Path(__file__).parents[1] / "docs" / "outcome.md").read_text()
    told = {name: float(value) for name, value in re.findall(r"^\| `--([\w-]+)` \| ([\d.]+)", page, re.MULTILINE)}
    scope = Microscope()
    expected = {name.replace("_", "-"): getattr(scope, name) for name in scope.__dataclass_fields__}
    assert told == pytest.approx({**expected, "planes": model.SWEEP}, abs=0.005)


def test_the_example_of_the_page_is_what_the_model_gives():
    page = (Path(__file__).parents[1] / "docs" / "outcome.md").read_text()
    scope = replace(Microscope())
    focus = model.time_to_focus(scope, 10.0, 0.3)
    assert f"= {focus:.1f} ms" in page and f"{scope.hourly(focus):,.0f} fields" in page
