"""Peak searches: what they find on curves that are known, and what it costs them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import find_peaks

from edgebench.focus.search import FIT_UM, SEARCHES, adaptive, everywhere, false_peaks, fit, uniform

Z_UM = tuple(np.arange(-10, 10.01, 0.5))
STARTS = st.integers(0, len(Z_UM) - 1)


def lorentzian(peak_um: float, width_um: float = 2.0, height: float = 3.0) -> list[float]:
    return [height * width_um**2 / (width_um**2 + (z - peak_um) ** 2) for z in Z_UM]


def seen(curve: list[float]) -> tuple[list[int], object]:
    planes: list[int] = []

    def measure(plane: int) -> float:
        planes.append(plane)
        return curve[plane]

    return planes, measure


@settings(deadline=None)
@given(peak=st.floats(-8, 8), width=st.floats(1, 4), start=STARTS)
def test_the_fit_is_exact_where_the_figure_is_a_lorentzian(peak, width, start):
    found = fit(Z_UM, lorentzian(peak, width).__getitem__, start=start)
    assert found.z_um == pytest.approx(peak, abs=1e-6)  # um; floating point alone


@settings(deadline=None)
@given(peak=st.floats(-9, 9), width=st.floats(1, 4), start=STARTS)
def test_adaptive_ends_on_the_best_plane_with_fewer_captures_than_uniform_sampling(peak, width, start):
    curve = lorentzian(peak, width)
    found = adaptive(Z_UM, curve.__getitem__, start=start)
    assert curve[Z_UM.index(found.z_um)] == max(curve)
    assert found.captures < uniform(Z_UM, curve.__getitem__).captures


@settings(deadline=None)
@given(peak=st.floats(-9, 9), start=STARTS)
def test_uniform_sampling_ends_on_the_highest_plane_that_it_saw_wherever_the_stage_stood(peak, start):
    curve = lorentzian(peak)
    found = uniform(Z_UM, curve.__getitem__, start=start)
    assert found == uniform(Z_UM, curve.__getitem__)
    assert abs(found.z_um - peak) <= 0.5 + 1e-9  # half its step
    assert found.captures == 21
    assert found.direction_changes <= 1


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.floats(0, 1e6), min_size=len(Z_UM), max_size=len(Z_UM)), start=STARTS)
def test_a_plane_is_captured_once_and_the_answer_lies_in_the_stack_whatever_the_curve(search, values, start):
    planes, measure = seen(values)
    found = search(Z_UM, measure, start=start)
    assert len(planes) == len(set(planes)) == found.captures <= len(Z_UM)
    assert Z_UM[0] <= found.z_um <= Z_UM[-1]
    assert found.direction_changes <= max(0, found.moves - 1)


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_the_light_does_not_change_what_is_found(search):
    curve = lorentzian(1.3)
    brighter = [1000 * value for value in curve]
    assert search(Z_UM, curve.__getitem__, start=7) == search(Z_UM, brighter.__getitem__, start=7)


@pytest.mark.parametrize("search", [adaptive, fit])
def test_a_flat_wavering_start_does_not_turn_the_stage_back(search):
    curve = [0.1 + value + 0.001 * (-1) ** i for i, value in enumerate(lorentzian(6, width_um=0.8))]
    assert search(Z_UM, curve.__getitem__, start=2).z_um == pytest.approx(6, abs=0.5)  # one plane


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_an_even_curve_and_a_single_plane_have_an_answer(search):
    assert search(Z_UM, lambda plane: 0.0, start=5).z_um in Z_UM
    assert search((1.5,), lambda plane: 2.0).z_um == 1.5


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_peak_at_an_end_of_the_stack_is_found(search):
    rising = [1.1**i for i in range(len(Z_UM))]
    assert search(Z_UM, rising.__getitem__, start=20).z_um == Z_UM[-1]
    assert search(Z_UM, rising[::-1].__getitem__, start=20).z_um == Z_UM[0]


def test_moves_and_turns_are_counted_by_hand():
    curve = lorentzian(0.0)
    found = fit(Z_UM, curve.__getitem__, start=Z_UM.index(-3.0))  # -3, -1, +1, +3 (falls), then back to 0
    assert found.captures == 4
    assert found.moves == 4
    assert found.direction_changes == 1
    assert FIT_UM == 2


def false(curve, prominence=0.05, *, from_um=100.0):
    """False peaks of a curve that lies wholly away from best focus."""
    return false_peaks(from_um + np.arange(len(curve)), curve, 1.0, prominence)


def test_peaks_of_a_hand_made_curve_are_counted_highest_first():
    curve = [0, 1, 0, 10, 4, 6, 4, 4.2, 4, 0, 3, 3, 0, 8]
    #           x     *     x      .          x        end
    assert false(curve) == (3, 5, 10, 1)
    assert false(curve, 0.15) == (3, 5, 10)
    assert false(curve, 0) == (3, 5, 7, 10, 1)


def test_a_peak_is_false_only_further_away_from_zero_than_is_allowed():
    curve = [0, 2, 0, 3, 0, 1, 0]
    z_um = np.array([-3.0, -2, -1, 0, 0.5, 1, 1.5])
    assert false_peaks(z_um, curve, 1.0) == (1,)  # the highest is at 0, the lowest at 1 um
    assert false_peaks(z_um + 0.1, curve, 1.0) == (1, 5)
    assert false_peaks(z_um + 1.5, curve, 1.0) == (3, 5)  # the highest is false, too, and the second is at -0.5
    assert false_peaks(z_um + 1.5, curve, 9.0) == ()


def test_the_highest_value_is_a_false_peak_even_at_an_end():
    assert false_peaks(Z_UM, [1.1**i for i in range(len(Z_UM))], 1.0) == (len(Z_UM) - 1,)
    assert false_peaks((-0.5, 0, 0.5), (1.0, 2.0, 3.0), 1.0) == ()


def test_a_curve_whose_only_peak_is_at_focus_has_no_false_one():
    assert false_peaks(Z_UM, lorentzian(0), 1.0) == ()
    assert false([1.0] * 9) == ()
    assert false([3.0, 1.0, 2.0]) == (0,)
    assert false([1.0, 2.0, 1.0, 2.0, 1.0]) == (1, 3)


@settings(deadline=None)
@given(
    values=st.lists(st.integers(0, 50), min_size=3, max_size=40), factor=st.integers(1, 9), offset=st.integers(0, 99)
)
def test_neither_scale_nor_offset_makes_a_false_peak(values, factor, offset):
    assert false(values) == false([factor * value + offset for value in values])


@settings(deadline=None)
@given(values=st.lists(st.integers(0, 50), min_size=3, max_size=40))
def test_false_peaks_are_those_that_scipy_finds_and_the_highest_value(values):
    curve = np.array(values, float)
    _, about = find_peaks(curve, prominence=0, plateau_size=1)
    enough = about["prominences"] >= 0.05 * np.ptp(curve)
    highest = {int(curve.argmax())} if np.ptp(curve) > 0 else set()
    assert set(false(values)) == set(about["left_edges"][enough].tolist()) | highest


def test_a_search_from_everywhere_starts_once_at_every_plane_and_a_sweep_once():
    curve = lorentzian(1.5)
    assert everywhere("uniform", Z_UM, curve) == (uniform(Z_UM, curve.__getitem__),)
    found = everywhere("fit", Z_UM, curve)
    assert len(found) == len(Z_UM)
    assert found[7] == fit(Z_UM, curve.__getitem__, start=7)
    assert len({one.captures for one in found}) > 1
