"""benchmarks/formats.py: what is lost is measured, sets with loss are refused, the page is the record's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import formats
import numpy as np
import pytest

from edgebench.errors import UsageError

ROOT = Path(__file__).parents[1]
LOSSLESS = {"BMP", "TIFF, not compressed", "TIFF, LZW", "PNG, level 1", "PNG, level 6"}


def plane():
    noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.5)


def test_only_formats_without_loss_give_the_plane_back():
    found = dict(formats._plane(plane(), Path("a.png"), 2))
    assert {name for name, one in found.items() if one["away"] == 0} == LOSSLESS
    assert found["JPEG 95"]["away"] < found["JPEG 75"]["away"]
    assert found["JPEG 95"]["bytes"] < found["PNG, level 6"]["bytes"] < found["BMP"]["bytes"]
    assert all(len(one["decode_ns"]) == 2 for one in found.values())


def options(monkeypatch, tmp_path, root):
    given = [
        "--data",
        root,
        "--planes",
        2,
        "--repeats",
        1,
        "--results",
        tmp_path / "results",
        "--page",
        tmp_path / "p.md",
    ]
    monkeypatch.setattr(sys, "argv", ["formats.py", *map(str, given)])
    monkeypatch.setattr(formats.host, "apply_threads", lambda threads: None)  # it would bind the tests that follow


def test_a_set_with_loss_is_refused(monkeypatch, tmp_path, tiny_dataset):
    options(monkeypatch, tmp_path, tiny_dataset)
    with pytest.raises(UsageError, match="a plane with loss says nothing"):
        formats.main()
    assert not (tmp_path / "p.md").exists()


def test_a_run_ends_with_record_and_page(monkeypatch, tmp_path, tiny_dataset):
    root = tmp_path / "png"
    for file in (tiny_dataset / "incoherent_RGBchannels").rglob("test*/s16_l1/*.jpg"):
        to = root / file.relative_to(tiny_dataset).with_suffix(".png")
        to.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(to), cv2.imread(str(file)))
    options(monkeypatch, tmp_path, root)
    formats.main()
    stored = json.loads((tmp_path / "results" / "formats" / "local.json").read_text())
    assert stored["settings"] == {"planes": 2, "repeats": 1}
    assert formats.document(stored) == (tmp_path / "p.md").read_text()


def test_the_committed_page_is_that_of_the_committed_record():
    stored = ROOT / "results" / "formats" / "local.json"
    if not stored.is_file():
        pytest.skip("no record of it is committed")
    assert formats.document(json.loads(stored.read_text())) == (ROOT / "docs" / "formats.md").read_text()
