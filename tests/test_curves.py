"""The learning curve: a picture that opens, the same bytes for the same history."""

from __future__ import annotations

import cv2
import numpy as np

from edgebench.report import curves


def history(epochs=6, sides=None):
    entries = [{"epoch": i + 1, "loss": 5 / (i + 1), "validation_um": 4 / (i + 2), "seconds": i} for i in range(epochs)]
    return [entry | {"side": side} for entry, side in zip(entries, sides)] if sides else entries


def drawn(tmp_path, entries, name="m", simulated=True):
    file = tmp_path / curves.NAME
    curves.draw(file, name, entries, simulated=simulated)
    return file.read_bytes()


def test_a_picture_opens_and_nothing_else_is_left(tmp_path):
    data = drawn(tmp_path, history())
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    image = cv2.imread(str(tmp_path / curves.NAME))
    assert image.shape == (440, 770, 3)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 10
    assert [file.name for file in tmp_path.iterdir()] == [curves.NAME]


def test_the_same_history_gives_the_same_bytes(tmp_path):
    assert drawn(tmp_path, history()) == drawn(tmp_path, history())


def test_seconds_are_not_drawn_but_all_else_is(tmp_path):
    base = drawn(tmp_path, history())
    assert drawn(tmp_path, [entry | {"seconds": 99.0} for entry in history()]) == base
    changed = [
        drawn(tmp_path, history(5)),
        drawn(tmp_path, [entry | {"loss": entry["loss"] * 1.5} for entry in history()]),
        drawn(tmp_path, [entry | {"validation_um": 1.0} for entry in history()]),
        drawn(tmp_path, history(), name="other"),
        drawn(tmp_path, history(), simulated=False),  # the title says it where it is
        drawn(tmp_path, history(sides=[56] * 4 + [112] * 2)),
    ]
    assert len({base, *changed}) == 7


def test_a_stage_is_marked_between_its_epoch_and_the_one_before(tmp_path):
    marked = [drawn(tmp_path, history(sides=[56] * count + [112] * (6 - count))) for count in (2, 4, 6)]
    assert len(set(marked)) == 3
    assert marked[2] == drawn(tmp_path, history())  # one side alone is no stage


def test_one_epoch_is_enough(tmp_path):
    assert cv2.imdecode(np.frombuffer(drawn(tmp_path, history(1)), np.uint8), cv2.IMREAD_COLOR) is not None
