"""edgebench data: what the user sees; every mistake is one line and exit code 2."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from make_stacks import SAME, TRAIN, images, manifest, names

from edgebench.data import simulator
from edgebench.errors import DatasetError

Z_NM = (-1850, -850, 150, 1150)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "set"
    images(root / "incoherent_RGBchannels" / SAME / "s16_l1", Z_NM, size=(448, 224))
    for sample in (1, 2):
        images(root / "incoherent_RGBchannels" / TRAIN / f"s{sample}_l1", Z_NM, prefix="Seg1_", seed=sample)
    manifest(root, validation_samples=["s2"])
    return root


@pytest.fixture
def data(command):
    return partial(command, "data")


@pytest.fixture
def refused(data):
    """Run it, and give the one line that it must print."""

    def run(*arguments):
        code, _, err = data(*arguments)
        lines = [line for line in err.splitlines() if line.startswith("edgebench: error: ")]
        assert code == 2
        assert len(lines) == 1
        assert "Traceback" not in err
        return lines[0]

    return run


def words(text):
    return " ".join(text.replace("│", " ").split())


def test_check_prints_counts_rule_and_hash(root, data):
    code, out, _ = data("check", root)
    assert code == 0
    assert "simulated, seed 7" in out
    assert "test-1 1 2 4" in words(out)
    assert "train 1 2 2" in words(out)
    assert "exactly 2 um apart" in out
    assert "No finding." in out


def test_check_fast_says_that_it_did_not_decode_all(root, data):
    assert "one image a stack" in data("check", root, "--fast")[1]


def test_check_lists_every_finding_and_ends_with_2(root, data):
    stack = root / "incoherent_RGBchannels" / SAME / "s16_l1"
    for z_nm in (-850, 1150):
        (stack / f"defocus{z_nm}.png").write_bytes(b"")
    code, out, err = data("check", root)
    assert code == 2
    assert "defocus-850.png" in out
    assert "defocus1150.png" in out
    assert err.splitlines()[-1].startswith("edgebench: error: ")


def test_list_has_one_row_a_stack(root, data):
    code, out, _ = data("list", root)
    assert code == 0
    assert "test-1 s16_l1 s16 4 -1.85 to +1.15 2" in words(out)
    assert "validation s2_l1_Seg1 s2 4" in words(out)
    assert "s16" not in data("list", root, "--split", "train")[1]


def test_list_gives_the_papers_sample_numbers_where_counts_agree(tmp_path, data):
    for sample, fields in {"s16": 4, "s17": 2, "s101": 1, "s102": 6, "s103": 2, "s104": 2}.items():
        for field in range(1, fields + 1):
            names(tmp_path / "incoherent_RGBchannels" / SAME / f"{sample}_l{field}")
    assert "s102_l6 Sample 4 41" in words(data("list", tmp_path)[1])


def test_show_writes_a_sheet_that_says_simulated(root, data, tmp_path, monkeypatch):
    titles = []
    monkeypatch.setattr(
        "edgebench.data.contact_sheet.contact_sheet", lambda stack, out, *, title: titles.append((stack.id, title))
    )
    assert data("show", root, "--out", tmp_path / "a.png")[0] == 0
    assert data("show", root, "--stack", "s2_l1_Seg1", "--out", tmp_path / "b.png")[0] == 0
    assert [stack for stack, _ in titles] == ["s16_l1", "s2_l1_Seg1"]
    assert all("SIMULATED, seed 7" in title for _, title in titles)


def test_show_replaces_a_sheet_only_by_force(root, data, refused, tmp_path):
    out = tmp_path / "a.png"
    out.write_bytes(b"mine")
    assert "--force" in refused("show", root, "--out", out)
    assert out.read_bytes() == b"mine"
    assert data("show", root, "--out", out, "--force")[0] == 0
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "{tmp}/nowhere"), "no such folder"),
        (("check", "{tmp}"), "not the published layout"),
        (("list", "{root}", "--split", "test"), "train, validation, test-1, test-2"),
        (("list", "{root}", "--split", "test-2"), "there are: train, test-1"),
        (("show", "{root}", "--stack", "s99_l1", "--out", "{tmp}/a.png"), "There are: s16_l1, s1_l1_Seg1, s2_l1_Seg1."),
        (("show", "{root}", "--out", "{tmp}/a.jpg"), "does not end in .png"),
        (("show", "{root}", "--out", "{tmp}/no/a.png"), "cannot be written"),
        (("simulate", "{tmp}/new", "--split", "test"), "'test'"),
        (("simulate", "{tmp}/set/incoherent_RGBchannels", "--stacks", "1"), "not empty"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(root, tmp_path, refused, arguments, said):
    assert said in refused(*(argument.format(root=root, tmp=tmp_path) for argument in arguments))


@pytest.mark.parametrize("option", [("--stacks", "0"), ("--jobs", "0"), ("--seed", "-1")])
def test_numbers_out_of_range_are_usage_errors(tmp_path, data, option):
    assert data("simulate", tmp_path / "new", *option)[0] == 2
    assert not (tmp_path / "new").exists()


def test_simulate_hands_over_its_options_and_counts_the_result(root, data, monkeypatch):
    calls = []

    def simulate(root, splits, *, progress, **options):
        progress("test-1", 1, 1)
        calls.append((root, tuple(splits), options))

    monkeypatch.setattr(simulator, "simulate", simulate)
    code, out, _ = data("simulate", root, "--seed", "7", "--jobs", "2", "--stacks", "3", "--objects", root)
    assert code == 0
    (call,) = calls
    assert call[:2] == (root, ("test-1", "test-2"))
    plain = {"microscope": None, "optics": "linear", "source_points": None, "field": "full", "file_format": "jpeg"}
    assert call[2] == {"seed": 7, "jobs": 2, "stacks": 3, "objects": root, **plain}
    assert "test-1 1 2 4" in words(out)
    data("simulate", root, "--split", "train", "--split", "test-1")
    assert calls[1][1] == ("train", "test-1")


def test_an_error_while_simulating_is_one_line(tmp_path, refused, monkeypatch):
    def simulate(root: Path, splits, **options):
        raise DatasetError(f"{root} cannot be written (No space left on device). Choose another folder.")

    monkeypatch.setattr(simulator, "simulate", simulate)
    assert "No space left" in refused("simulate", tmp_path / "new")
