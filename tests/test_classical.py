"""Classical autofocus on a data set: record, figures, report, and the command that makes them."""

from __future__ import annotations

import sys
from dataclasses import asdict

import pytest
from make_evaluations import make_evaluation
from make_stacks import DIFFERENT, SAME, images, manifest

from edgebench.cli.main import main
from edgebench.data import datasets
from edgebench.errors import DatasetError, RecordError, UsageError
from edgebench.evaluation import classical
from edgebench.focus.measures import MEASURES
from edgebench.focus.search import SEARCHES
from edgebench.records import classical as records
from edgebench.records import classical_summary as summary
from edgebench.records import evaluation
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


def test_every_stack_has_a_curve_of_each_figure_and_every_search_finds_the_sharp_plane_from_everywhere(done):
    record, _ = done
    assert [stack["stack"] for stack in record["stacks"]] == ["s16_l1", "s201_l1"]
    for stack in record["stacks"]:
        assert list(stack["curves"]) == list(MEASURES)
        assert all(len(curve) == len(Z_NM) for curve in stack["curves"].values())
    found = list(summary.rows(record, "test-1"))
    assert [(row.measure, row.search) for row in found] == [(m, s) for m in MEASURES for s in SEARCHES]
    assert {row.starts for row in found} == {1, len(Z_NM)}
    assert all(row.max_um <= 0.5 for row in found)  # one plane


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
    assert [row.search for row in summary.rows(forced, "test-1")] == ["fit"]


def test_force_replaces_a_damaged_record(root, tmp_path):
    path = records.path_of(tmp_path, "simulated")
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(RecordError, match="damaged"):
        classical.evaluate(root, ["test-1"], tmp_path, ["brenner"])
    assert classical.evaluate(root, ["test-1"], tmp_path, ["brenner"], force=True)["set"] == "simulated"
    assert len(records.load_all(tmp_path)) == 1


def test_data_sets_of_one_name_keep_records_of_their_own_even_with_force(done, tmp_path):
    first = done[0]
    records.save(first, tmp_path)
    other = tmp_path / "other"
    images(other / "incoherent_RGBchannels" / SAME / "s16_l1", Z_NM, seed=3)
    manifest(other, seed=8)
    second = classical.evaluate(other, [], tmp_path, ["brenner"], force=True)
    assert second["data"]["name"] == first["data"]["name"] == first["set"] == "simulated"
    assert second["set"] == f"simulated-{second['data']['sha256'][:8]}"
    assert {record["set"]: record for record in records.load_all(tmp_path)} == {
        first["set"]: first,
        second["set"]: second,
    }
    assert classical.evaluate(other, [], tmp_path, ["brenner"]) == second


def test_a_set_that_models_were_evaluated_on_keeps_its_name(root, tmp_path):
    record = make_evaluation(set="another-name")
    about = asdict(datasets.describe(root))
    record["data"] |= {key: about[key] for key in ("name", "simulated", "seed", "splits")}
    if about["setup"]:
        record["data"]["setup"] = about["setup"]
    evaluation.save(record, tmp_path)
    assert classical.evaluate(root, [], tmp_path, ["brenner"])["set"] == "another-name"


def test_methods_are_measures_or_searches_and_a_missing_kind_means_all_of_it():
    assert classical.chosen(["fit"]) == (list(MEASURES), ["fit"])
    assert classical.chosen(["brenner", "adaptive", "fit"]) == (["brenner"], ["adaptive", "fit"])
    assert classical.chosen(["brenner", "all"]) == (list(MEASURES), list(SEARCHES))
    with pytest.raises(UsageError, match=r"no classical method 'sobel'.*tenengrad"):
        classical.chosen(["sobel"])


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
    assert run("--split", "train")[0] == 2
