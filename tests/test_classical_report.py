"""Records of classical autofocus: what is refused, what is derived, and the page made of them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from make_classical import Z_UM, changed, lorentzian, make_classical, two_humps
from make_evaluations import make_evaluation

from edgebench.errors import RecordError, ReportError
from edgebench.focus.search import SEARCHES, everywhere
from edgebench.records import classical as records
from edgebench.records import classical_summary as summary
from edgebench.records import evaluation
from edgebench.records.evaluation_summary import summarise
from edgebench.report import classical as report
from edgebench.report import write


def test_numbers_of_a_row_are_of_all_starts_and_its_intervals_draw_whole_stacks():
    record = changed(changed(make_classical(), 0, brenner=lorentzian(-1.5)), 1, brenner=lorentzian(0.5))
    record["stacks"][1]["split"] = "test-1"
    row = next(row for row in summary.rows(record, "test-1") if (row.measure, row.search) == ("brenner", "fit"))
    assert (row.stacks, row.starts) == (2, 2 * len(Z_UM))
    assert row.error_um.value == pytest.approx(1.0)
    assert (row.error_um.interval.low, row.error_um.interval.high) == pytest.approx((0.5, 1.5))
    assert row.max_um == pytest.approx(1.5)
    assert row.bias_um.value == pytest.approx(-0.5)
    assert (row.success.value, row.success.interval.low, row.success.interval.high) == (0.5, 0, 1)
    costs = [one for stack in record["stacks"] for one in everywhere("fit", stack["z_um"], stack["curves"]["brenner"])]
    captures = [one.captures for one in costs]
    assert (row.captures, row.median_captures, row.most_captures) == (
        np.mean(captures),
        np.median(captures),
        max(captures),
    )
    assert len(set(captures)) > 2


def test_a_p95_is_given_of_72_starts_and_said_to_have_no_interval():
    stack = make_classical()["stacks"][0]
    record = {**make_classical(), "stacks": [{**stack, "stack": f"s1_l{n}"} for n in range(72)]}
    assert all(row.p95_um is not None for row in summary.rows(record, "test-1"))
    few = {**record, "stacks": record["stacks"][:1]}
    starts = {row.search: row.starts for row in summary.rows(few, "test-1")}
    assert {row.search for row in summary.rows(few, "test-1") if row.p95_um is None} == {
        search for search, count in starts.items() if count < 72
    }
    assert "p95 without an interval" in report.document([record], [])


def test_the_stack_with_false_peaks_is_shown_at_its_highest_one_and_at_focus():
    record = two_humps(make_classical())
    assert summary.peaks(record, "test-2")["laplacian"] == [1]
    assert summary.peaks(record, "test-1")["laplacian"] == [0]
    scene = summary.misleading(record)
    assert (scene.stack["stack"], scene.measure) == ("s201_l1", "laplacian")
    assert [scene.stack["z_um"][plane] for plane in scene.planes] == [0.0, 3.0]
    assert scene.false_peaks["laplacian"] == 1


def test_a_curve_whose_one_peak_is_elsewhere_has_a_false_peak_and_is_shown():
    record = changed(make_classical(), 0, tenengrad=lorentzian(-3.0))
    assert summary.peaks(record, "test-1")["tenengrad"] == [1]
    scene = summary.misleading(record)
    assert (scene.stack["stack"], scene.measure) == ("s16_l1", "tenengrad")
    assert [scene.stack["z_um"][plane] for plane in scene.planes] == [-3.0, 0.0]
    assert "tenengrad 1" in report.caption(record, scene)[1]
    beside = changed(make_classical(), 0, tenengrad=lorentzian(-0.5))
    assert summary.peaks(beside, "test-1")["tenengrad"] == [0]


def test_a_damaged_record_is_refused_with_its_place(tmp_path):
    def stack(**parts):
        return {"stacks": [{**make_classical()["stacks"][0], **parts}]}

    curves = make_classical()["stacks"][0]["curves"]
    for change, message in (
        ({"kind": "other"}, r"\$\.kind"),
        (stack(z_um=[0.0]), "s16_l1: curve and planes differ"),
        (stack(z_um=[0.0] * len(Z_UM)), "s16_l1: its planes do not rise"),
        (stack(curves={**curves, "brenner": [float("nan")] * len(Z_UM)}), "s16_l1: a number is not finite"),
        (stack(curves={**curves, "brenner": [float("inf")] * len(Z_UM)}), "s16_l1: a number is not finite"),
        (stack(curves={**curves, "brenner": [10**400] * len(Z_UM)}), "s16_l1: a number is not finite"),
        (stack(curves={"brenner": curves["brenner"]}), "s16_l1: its curves are brenner, the record's boddeke, brenner"),
        (stack(curves={}), "s16_l1: its curves are none"),
        (
            {"settings": {**make_classical()["settings"], "searches": ["golden"]}},
            r"\$\.settings\.searches\[0\]: 'golden'",
        ),
        ({"set": "../x"}, r"\$\.set"),
    ):
        with pytest.raises(RecordError, match=message):
            records.validate({**make_classical(), **change}, "x.json")
    path = records.path_of(tmp_path, "x")
    path.parent.mkdir()
    for text, message in (("{", "damaged"), (json.dumps(make_classical()), "holds the record of simulated")):
        path.write_text(text)
        with pytest.raises(RecordError, match=message):
            records.load_all(tmp_path)


def test_the_report_says_simulated_in_title_section_and_figures():
    text = report.document([make_classical()], [])
    assert text.startswith("# Classical autofocus beside the regressor (simulated slides)")
    assert "## simulated (simulated)" in text
    assert "No regressor was evaluated" in text
    assert text.count("| tenengrad") == 2 * len(SEARCHES)
    title, note = report.caption(make_classical(), summary.misleading(two_humps(make_classical())))
    assert "SIMULATED" in title
    assert "laplacian 1" in note
    real = {
        **make_classical(),
        "data": {**make_classical()["data"], "simulated": False, "seed": None, "name": "jiang2018"},
    }
    assert "imulated**" not in report.document([real], [])
    assert "SIMULATED" not in report.caption(real, summary.typical(real))[0]


def test_simulated_errors_are_not_offered_for_comparison_with_a_regressors():
    text = " ".join(report.document([make_classical()], []).split())
    assert "Compare captures and moves with a regressor's, not errors" in text
    note = re.search(r"\[\^(\d+)\]: Errors of figures of merit are not to be compared .* the gradient energy", text)
    head = next(
        line for line in report.document([make_classical()], []).splitlines() if line.startswith("| Figure of merit")
    )
    assert f"Error (um) [95 %][^{note[1]}]" in head
    real = make_classical(simulated=False, seed=None, name="jiang2018")
    assert "gradient energy" not in report.document([real], [])
    assert "the figure of merit of the data set's authors" in report.document([real], [])


@pytest.mark.parametrize(
    ("data", "headings"),
    [
        ({}, ["Set 1, same protocol", "Set 2, different protocol"]),
        ({"setup": {"optics": "linear", "field": "full"}}, ["Set 1, same protocol", "Set 2, different protocol"]),
        ({"simulated": False, "name": "jiang2018"}, ["Set 1, same protocol", "Set 2, different protocol"]),
        ({"setup": {"optics": "linear", "objects": {"a.png": "0" * 64}}}, ["simulated, test-1", "simulated, test-2"]),
        ({"setup": {"optics": "linear", "microscope": "outside"}}, ["simulated, test-1", "simulated, test-2"]),
        ({"setup": {"optics": "exact"}}, ["simulated, test-1", "simulated, test-2"]),
        ({"name": "simulated-objects"}, ["simulated, test-1", "simulated, test-2"]),
    ],
)
def test_the_papers_names_of_the_sets_are_for_its_data_and_their_simulation(data, headings):
    record = make_classical(**data)
    assert re.findall(r"^### (.*)$", report.document([record], []), re.M) == headings


def test_a_regressor_has_one_row_that_of_its_newest_and_largest_evaluation():
    def rows(*made):
        text = report.document([make_classical()], [summarise(record) for record in made])
        return [line for line in text.split("### Set 2")[0].splitlines() if "| regressor[" in line]

    quick = make_evaluation("reduced", limit=3, created="2026-01-01T00:00:00Z")
    (row,) = rows(make_evaluation("reduced"), quick, make_evaluation("reduced", quality=75))
    assert row.startswith("| reduced ")
    quick["splits"] = {split: of[:5] for split, of in quick["splits"].items()}
    (row,) = rows(quick)
    assert row.startswith("| reduced[^")
    assert "A quick look: 5 of 85 images" in report.document([make_classical()], [summarise(quick)])


def test_a_regressor_of_single_images_needs_one_capture_and_one_move():
    evaluations = [summarise(make_evaluation("pair")), summarise(make_evaluation("alone", kind="single"))]
    text = report.document([make_classical()], evaluations)
    costs = {cells[1]: cells[-6:-1] for line in text.splitlines() if "| regressor[" in line for cells in [_cells(line)]}
    assert costs["pair"][:3] == ["2 (2.0)", "2", "2.0"]
    assert costs["alone"] == ["1 (1.0)", "1", "1.0", "0.0", "-"]
    assert "One capture, one move to focus" in text


def _cells(line):
    return [cell.strip() for cell in line.split("|")]


def test_a_regressor_on_other_data_is_not_beside_the_searches():
    other = make_evaluation("original", set="elsewhere")
    other["data"] |= {"sha256": "f" * 64}
    assert "No regressor was evaluated on exactly these data" in report.document([make_classical()], [summarise(other)])


def test_the_page_is_made_and_checked_with_the_other_reports(tmp_path):
    reports = tmp_path / "reports"
    assert write.evaluations(tmp_path, reports) == []
    assert not reports.exists()
    records.save(make_classical(), tmp_path)
    with pytest.raises(ReportError, match=r"classical\.md: missing"):
        write.check_evaluations(tmp_path, reports)
    assert write.evaluations(tmp_path, reports) == [reports / "classical.md"]
    assert write.check_evaluations(tmp_path, reports) == [reports / "classical.md"]
    record = make_evaluation("reduced")
    evaluation.save({**record, "data": {**record["data"], "sha256": make_classical()["data"]["sha256"]}}, tmp_path)
    write.tables(tmp_path, reports)
    assert "| reduced" in (reports / "classical.md").read_text()
    records.save(changed(make_classical(), brenner=lorentzian(2.0)), tmp_path)
    with pytest.raises(ReportError, match=r"classical\.md: out of date"):
        write.check_evaluations(tmp_path, reports)
