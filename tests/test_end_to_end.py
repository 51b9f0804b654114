"""benchmarks/end_to_end.py: parts are those of the whole, the plain pipeline agrees, ratios are those of the record."""

from __future__ import annotations

import json
import sys

import end_to_end
import numpy as np
import pytest
from end_to_end import SCHEMA
from pipeline import page, parts, straightforward
from pipeline.record import PARTS

from edgebench.errors import DeviceError
from edgebench.focus import images, preprocess
from edgebench.runner import feed
from edgebench.types import RunSpec, StackFiles

SIZE = 32
FOLDER = "incoherent_RGBchannels/testRawData_incoherent_sameProtocol"
MS, MIB = 10**6, 2**20


@pytest.fixture
def spec(tiny_dataset, tiny_artifacts):
    def stack(name):
        files = sorted((tiny_dataset / FOLDER / name).iterdir(), key=lambda file: int(file.stem[7:]))
        return StackFiles(name, name[:3], tuple((f"{FOLDER}/{name}/{f.name}", int(f.stem[7:])) for f in files))

    artifact = str(tiny_artifacts["tflite-int8-io"])
    return RunSpec("accuracy", artifact, "litert", 8, 1, SIZE, str(tiny_dataset), (stack("s16_l1"), stack("s17_l1")))


def test_the_parts_are_all_measured_and_only_once_each(spec, monkeypatch):
    read = []
    original = images.read_image
    monkeypatch.setattr(images, "read_image", lambda path: read.append(path) or original(path))
    found = parts.measure(spec)
    assert set(found) == set(PARTS)
    assert all(ns > 0 for ns in found.values())
    assert len(read) == len(set(read))


def test_the_straightforward_pipeline_makes_the_same_patches(spec):
    """Written with other libraries on purpose: another median, another resize, another order of sums."""
    from pathlib import Path

    pair = feed.pairs(spec)[0]
    lower, upper = (Path(spec.data_root) / pair.stack.planes[index][0] for index in (pair.lower, pair.upper))
    expected = preprocess.patches(images.read_image(lower), images.read_image(upper), SIZE)
    np.testing.assert_allclose(straightforward.patches(lower, upper, SIZE), expected, rtol=0, atol=1e-4)


def test_images_of_a_spec_are_its_pairs(spec):
    assert end_to_end._images(spec) == len(feed.pairs(spec))


def test_a_child_that_fails_is_one_line_with_its_last_words(monkeypatch, tmp_path, spec):
    (tmp_path / "broken.py").write_text("import sys; sys.exit('no such thing')")
    monkeypatch.setattr(end_to_end, "CHILDREN", tmp_path)
    with pytest.raises(DeviceError, match=r"broken.py ended with status 1.*no such thing"):
        end_to_end._child("broken.py", spec)


def record(whole_ms=(20, 20, 20, 20), plain_ms=1000, peaks=(100, 100)):
    """4 rounds; parts of 18 ms an image; the straightforward pipeline takes plain_ms."""
    ns = dict.fromkeys(PARTS, 3 * 10 * MS)
    once = {"load": 0.1, "images": 10}
    whole = [
        {"round": i, **once, "stacks": stacks, "wall_ns": 10 * ms * MS, "cpu_ns": 1, "peak_rss_bytes": peak * MIB}
        for i, ms in enumerate(whole_ms)
        for stacks, peak in zip((1, 8), peaks)
    ]
    away = {"mean_away_um": 0.001, "max_away_um": 0.01}
    return {
        "schema": 1,
        "kind": "end-to-end",
        "created": "2026-11-22",
        "edgebench": "1",
        "code_sha256": "0" * 64,
        "settings": {"rounds": 4, "stacks": 8, "plain_images": 3, "batch_size": 8, "seed": 0},
        "host": {"cpu": "a", "cores": 2, "python": "3.11", "versions": {"numpy": "2"}},
        "data": {
            "name": "s",
            "simulated": True,
            "sha256": "0" * 64,
            "splits": {"test-2": {"patches": 20, "images": 1}},
        },
        "model": "reduced",
        "artifacts": {
            "tflite-int8": {
                "sha256": "0" * 64,
                "parts": [{"round": i, **once, "ns": ns} for i in range(4)],
                "whole": {"1": whole, "2": [{**one, "wall_ns": one["wall_ns"] // 2} for one in whole]},
            }
        },
        "straightforward": {
            "1": [{"round": i, "load": 0.1, "images": 3, "wall_ns": 3 * plain_ms * MS, **away} for i in range(4)]
        },
    }


def test_the_ratios_are_whole_over_parts_by_threads_and_plain_over_whole():
    one, two = page.ratios(record()).splitlines()[2:]
    assert [cell.strip() for cell in one.split("|")[2:7]] == [
        "1",
        "20.0",
        "1,000",
        "1.11 [1.11, 1.11]",
        "50.0 [50.0, 50.0]",
    ]
    assert [cell.strip() for cell in two.split("|")[2:6]] == ["2", "10.0", "2,000", "1.11 [1.11, 1.11]"]


def test_the_peak_is_the_highest_of_its_number_of_stacks():
    assert [cell.strip() for cell in page.ratios(record(peaks=(90, 140))).splitlines()[2].split("|")[7:9]] == [
        "90",
        "140",
    ]


def test_a_run_from_the_command_line_ends_with_record_page_and_ratios(
    tiny_dataset, tiny_models, tmp_path, monkeypatch, capsys
):
    options = ["--data", tiny_dataset, "--models", tiny_models, "--model", "tiny", "--target", "tflite-int8-io"]
    options += ["--rounds", 1, "--stacks", 2, "--plain-images", 1, "--threads", "1", "--results", tmp_path / "results"]
    options += ["--page", tmp_path / "page.md"]
    monkeypatch.setattr(sys, "argv", ["end_to_end.py", *map(str, options)])
    monkeypatch.setattr(end_to_end, "SPLIT", "test-1")
    end_to_end.main()
    stored = json.loads((tmp_path / "results" / "end-to-end" / "local.json").read_text())
    assert stored["straightforward"]["1"][0]["max_away_um"] < 1e-2
    assert page.document(stored) == (tmp_path / "page.md").read_text()
    assert "tflite-int8-io" in capsys.readouterr().out


def test_the_record_is_checked():
    import jsonschema

    jsonschema.validate(record(), SCHEMA)


def test_the_committed_page_is_that_of_the_committed_record():
    from pathlib import Path

    root = Path(__file__).parents[1]
    stored = root / "results" / "end-to-end" / "local.json"
    if not stored.is_file():
        pytest.skip("no record of it is committed")
    assert page.document(json.loads(stored.read_text())) == (root / "docs" / "end-to-end.md").read_text()
