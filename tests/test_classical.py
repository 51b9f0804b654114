"""Classical autofocus on a data set: record, figures, report, and the command that makes them."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from make_stacks import DIFFERENT, SAME, images, manifest

from edgebench.cli.main import main
from edgebench.errors import DatasetError, RecordError, UsageError
from edgebench.evaluation import classical
from edgebench.focus.measures import MEASURES
from edgebench.focus.search import SEARCHES
from edgebench.records import classical as records
from edgebench.records import classical_summary as summary
from edgebench.report import classical as report
from edgebench.report import figures

Z_NM = range(-5000, 5001, 500)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("set")
    images(root / "incoherent_RGBchannels" / SAME / "s16_l1", Z_NM, seed=1)
    images(root / "incoherent_RGBchannels" / DIFFERENT / "s201_l1", Z_NM, seed=2)
    manifest(root)
    return root


@pytest.fixture(scope="module")
def done(root, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    return classical.evaluate(root, ["test-1", "test-2"], results, ["all"]), results


def two_humps(record):
    """The record with a second, lower hump at +3 um in the Laplacian of its last stack."""
    changed = json.loads(json.dumps(record))
    stack = changed["stacks"][-1]
    stack["curves"]["laplacian"] = [max(3 / (1 + z**2), 2 / (1 + (z - 3) ** 2)) for z in stack["z_um"]]
    return changed


def test_every_stack_has_a_curve_of_each_figure_and_each_search_finds_the_sharp_plane(done):
    record, _ = done
    assert [stack["stack"] for stack in record["stacks"]] == ["s16_l1", "s201_l1"]
    for stack in record["stacks"]:
        assert list(stack["curves"]) == list(MEASURES)
        assert len(stack["searches"]) == len(MEASURES) * len(SEARCHES)
        assert all(len(curve) == len(Z_NM) for curve in stack["curves"].values())
        assert all(abs(found["z_um"]) <= 0.5 for found in stack["searches"])  # one plane
        assert all(found["start_um"] == -5 for found in stack["searches"] if found["search"] == "uniform")


def test_the_record_is_read_back_as_it_was_and_given_back_instead_of_measured_again(done, root):
    record, results = done
    assert records.load_all(results) == (record,)
    asked = []
    again = classical.evaluate(root, ["test-1", "test-2"], results, ["all"], lambda *step: asked.append(step))
    assert again == record
    assert asked == []


def test_a_record_of_other_settings_is_replaced_only_by_force(done, root, tmp_path):
    record, _ = done
    records.save(record, tmp_path)
    with pytest.raises(RecordError, match=r"already there.*--force"):
        classical.evaluate(root, ["test-1"], tmp_path, ["all"])
    forced = classical.evaluate(root, ["test-1"], tmp_path, ["fit", "brenner"], force=True)
    assert records.load_all(tmp_path) == (forced,)
    assert list(forced["stacks"][0]["curves"]) == ["brenner"]
    assert [found["search"] for found in forced["stacks"][0]["searches"]] == ["fit"]


def test_methods_are_measures_or_searches_and_a_missing_kind_means_all_of_it():
    assert classical.chosen(["fit"]) == (list(MEASURES), ["fit"])
    assert classical.chosen(["brenner", "adaptive", "fit"]) == (["brenner"], ["adaptive", "fit"])
    assert classical.chosen(["brenner", "all"]) == (list(MEASURES), list(SEARCHES))
    with pytest.raises(UsageError, match=r"no classical method 'sobel'.*tenengrad"):
        classical.chosen(["sobel"])


def test_a_random_start_depends_on_seed_and_stack_and_on_nothing_else():
    starts = {classical.start_plane(seed, stack, 41) for seed in range(20) for stack in ("s1_l1", "s1_l2")}
    assert len(starts) > 15
    assert starts <= set(range(41))
    assert classical.start_plane(3, "s1_l1", 41) == classical.start_plane(3, "s1_l1", 41)


def test_numbers_of_a_row_are_those_of_its_searches(done):
    record = json.loads(json.dumps(done[0]))
    for one in record["stacks"][0]["searches"]:
        one |= {"z_um": -1.5, "captures": 7, "direction_changes": 3}
    record["stacks"][1]["split"] = "test-1"
    for one in record["stacks"][1]["searches"]:
        one |= {"z_um": 0.5, "captures": 4, "direction_changes": 0}
    row = next(summary.rows(record, "test-1"))
    assert (row.stacks, row.mean_um, row.max_um, row.bias_um, row.success) == (2, 1.0, 1.5, -0.5, 0.5)
    assert (row.captures, row.most_captures, row.direction_changes) == (5.5, 7, 1.5)
    assert row.std_um == pytest.approx(np.std([1.5, 0.5], ddof=1))


def test_the_stack_with_false_peaks_is_shown_at_its_two_highest_peaks(done):
    record = two_humps(done[0])
    assert summary.peaks(record, "test-2")["laplacian"] == [1]
    assert summary.peaks(record, "test-1")["laplacian"] == [0]
    scene = summary.misleading(record)
    assert (scene.stack["stack"], scene.measure) == ("s201_l1", "laplacian")
    assert [scene.stack["z_um"][plane] for plane in scene.planes] == [0.0, 3.0]
    assert scene.false_peaks["laplacian"] == 1


def test_a_damaged_record_is_refused_with_its_place(done, tmp_path):
    for change, message in (
        ({"kind": "other"}, r"\$\.kind"),
        ({"stacks": [{**done[0]["stacks"][0], "z_um": [0.0]}]}, "s16_l1: curve and planes differ"),
    ):
        with pytest.raises(RecordError, match=message):
            records.validate({**done[0], **change}, "x.json")
    path = records.path_of(tmp_path, "a b/c")
    assert path.name == "classical_a-b-c.json"
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(RecordError, match="damaged"):
        records.load_all(tmp_path)


def test_the_report_says_simulated_in_title_section_and_figures(done):
    text = report.document([done[0]], [])
    assert text.startswith("# Classical autofocus beside the regressor (simulated slides)")
    assert "## simulated (simulated)" in text
    assert "No regressor was evaluated" in text
    assert text.count("| tenengrad") == 2 * len(SEARCHES)
    title, note = report.caption(done[0], summary.misleading(two_humps(done[0])))
    assert "SIMULATED" in title
    assert "laplacian 1" in note
    real = {**done[0], "data": {**done[0]["data"], "simulated": False, "seed": None, "name": "jiang2018"}}
    assert "imulated**" not in report.document([real], [])
    assert "SIMULATED" not in report.caption(real, summary.typical(real))[0]


def test_a_figure_has_the_same_bytes_for_the_same_input(done, root, tmp_path):
    scene = summary.typical(done[0])
    assert [scene.stack["z_um"][plane] for plane in scene.planes] == [-5, -3, 0, 3, 5]  # 8 um lies beyond the ends
    shown = classical.thumbnails(root, scene)
    assert all(image.shape == (224, 224, 3) for image in shown)
    for name in ("a.png", "b.png"):
        figures.draw(tmp_path / name, scene, shown, title="title", note="note")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_thumbnails_of_another_data_set_are_refused(done, root):
    scene = summary.typical(done[0])
    with pytest.raises(DatasetError, match="not the data of the record"):
        classical.thumbnails(root, summary.Scene({**scene.stack, "stack": "s99_l9"}, scene.planes))


def test_the_command_writes_record_report_and_figures(root, tmp_path, monkeypatch, capsys):
    def run(*options):
        arguments = ["evaluate", "--method", "fit", "--data", root, "--results", tmp_path / "results", *options]
        monkeypatch.setattr(sys, "argv", ["edgebench", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            main()
        return exit.value.code or 0, capsys.readouterr()

    code, said = run()
    assert code == 0, said.err
    assert "classical.md" in said.out
    names = {path.name for path in (tmp_path / "results" / "reports").iterdir()}
    assert names == {"classical.md", "figure-1.png", "figure-2.png"}
    assert (tmp_path / "results" / "evaluations" / "classical_simulated.json").is_file()
    code, said = run("--split", "test-9")
    assert code == 2
    assert "no test split 'test-9'. Test splits here: test-1, test-2." in said.err
