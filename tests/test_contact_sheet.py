"""The contact sheet: a PNG of even layout whatever the stack; zero difference is mid-grey."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from make_stacks import SAME, images

from edgebench.data import contact_sheet as sheets
from edgebench.data import jiang2018
from edgebench.errors import DatasetError

FULL = range(-9850, 10151, 1000)


@pytest.fixture
def stack(tmp_path):
    def make(z_nm=FULL, size=(448, 448)):
        images(tmp_path / SAME / "s16_l1", z_nm, size=size)
        return jiang2018.stacks(tmp_path, "test-1")[0]

    return make


@pytest.fixture
def captions(monkeypatch):
    """Every text that is drawn, still drawn."""
    drawn, draw = [], cv2.putText

    def put(image, text, *how):
        drawn.append(text)
        return draw(image, text, *how)

    monkeypatch.setattr(sheets.cv2, "putText", put)
    return drawn


def test_a_field_shows_planes_both_pairs_and_the_network_input(stack, tmp_path, captions):
    out = tmp_path / "sheet.png"
    sheets.contact_sheet(stack(), out, title="simulated, stack s16_l1")
    assert cv2.imread(str(out)).shape[1] == sheets.WIDTH
    assert "simulated, stack s16_l1" in captions
    assert {"-8.85 um", "+0.15 um", "+9.15 um", "I1 at -4.85 um", "I2 at -2.85 um", "I2 at +4.15 um"} <= set(captions)
    assert captions.count("I2 - I1, stretched") == 4
    assert captions.count("Network input, 112 px, standardised") == 2
    assert not list(tmp_path.glob("*.part"))


def test_a_training_tile_is_shown_once_not_as_field_and_as_tile(stack, tmp_path, captions):
    sheets.contact_sheet(stack(size=(224, 224)), tmp_path / "sheet.png", title="t")
    assert captions.count("I2 - I1, stretched") == 2
    assert not any("whole field" in caption for caption in captions)


def test_a_short_stack_shows_each_plane_and_each_pair_once(stack, tmp_path, captions):
    sheets.contact_sheet(stack((150, 2150)), tmp_path / "sheet.png", title="t")
    assert captions.count("+0.15 um") == captions.count("+2.15 um") == 1
    assert captions.count("I2 - I1, stretched") == 2  # whole field, tile
    assert any("above focus" in caption for caption in captions)
    assert not any("below focus" in caption for caption in captions)


def test_zero_difference_is_mid_grey_and_the_sign_is_kept():
    shown = sheets._shown(np.array([[-3, 0, 3]], np.int16))
    assert shown[0, 1] == 128
    assert shown[0, 0] < 128 < shown[0, 2]
    assert (sheets._shown(np.zeros((2, 2), np.int16)) == 128).all()


def test_the_tile_with_most_detail_is_shown(stack, tmp_path, captions):
    made = stack()
    for plane in made.planes:
        image = cv2.imread(str(plane.path))
        image[:224], image[224:, :224] = 180, 180  # detail is left in the last of the four tiles
        cv2.imwrite(str(plane.path), image)
    sheets.contact_sheet(made, tmp_path / "sheet.png", title="t")
    assert any("tile 4 of 4" in caption for caption in captions)


def test_no_text_leaves_the_sheet(stack, tmp_path, monkeypatch):
    right = []
    draw = cv2.putText

    def put(image, text, at, font, size, ink, *how):
        right.append(at[0] + cv2.getTextSize(text, font, size, 1)[0][0])
        return draw(image, text, at, font, size, ink, *how)

    monkeypatch.setattr(sheets.cv2, "putText", put)
    sheets.contact_sheet(
        stack(), tmp_path / "sheet.png", title="simulated, test-1, stack s16_l1 (SIMULATED, seed 2019)"
    )
    assert max(right) <= sheets.WIDTH - sheets.MARGIN


def test_a_folder_that_is_not_there_is_one_line(stack, tmp_path):
    with pytest.raises(DatasetError, match="cannot be written"):
        sheets.contact_sheet(stack(), tmp_path / "no" / "sheet.png", title="t")
