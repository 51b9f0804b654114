"""Error against JPEG quality: only answers to the same images are compared."""

from __future__ import annotations

import re

import pytest
from make_evaluations import images, make_evaluation
from pages import cells, document, exact, row, section


def swept(*made):
    return section(document(*made), "Sensitivity to JPEG compression")


def test_jpeg_qualities_stand_beside_one_another_only_where_there_are_several():
    text = swept(make_evaluation("reduced"), make_evaluation("reduced", quality=75), make_evaluation())
    assert cells(row(text, "Model")) == ["Model", "Answer", "Stacks", "as stored", "75"]
    assert not re.search(r"^\| original", text, re.M)
    assert "4:2:0" in text
    assert "Sensitivity" not in document(make_evaluation())
    assert "Sensitivity" not in document(make_evaluation(quality=75))


@pytest.mark.parametrize(("kept", "said"), [("png", "as stored (PNG, lossless)"), ("jpeg", "as stored (JPEG)")])
def test_the_first_quality_is_that_of_the_stored_files(kept, said):
    made = [make_evaluation(), make_evaluation(errors_um=(0.4, 0.6), quality=75)]
    for record in made:
        record["data"]["setup"] = {"format": kept}
    assert cells(row(swept(*made), "Model"))[3] == said


def test_the_cost_of_compression_is_paired_image_by_image():
    made = [make_evaluation(of=exact), make_evaluation(errors_um=(0.3, 0.5), quality=75, of=exact)]
    errors, minus = (part for part in swept(*made).split("### ")[1].split("Minus the error as stored"))
    assert cells(row(errors, "original"))[1:] == ["median", "17", "0.20 [0.20, 0.20]", "0.30 [0.30, 0.30]"]
    assert cells(row(minus, "original"))[1:] == ["median", "17", "+0.100 [+0.100, +0.100]"]


def growing(split, error_um):
    """Every stack errs by more than the one before it."""
    names = sorted({image["stack"] for image in images(split, 0)})
    return [
        one | {"patches_um": [one["z_nm"] / 1000 + error_um + names.index(one["stack"])] * 5}
        for one in images(split, 0)
    ]


def growing_first(split, error_um):
    return [one for one in growing(split, error_um) if one["stack"] in ("s101_l1", "s201_l1")]


def test_answers_as_stored_count_only_for_the_images_that_were_compressed():
    whole = make_evaluation(errors_um=(0.2, 0.3), of=growing)
    quick = make_evaluation(errors_um=(0.3, 0.4), quality=75, limit=1, of=growing_first)
    better = make_evaluation(errors_um=(0.25, 0.35), quality=95, of=growing)
    text = swept(whole, quick, better).split("### ")[1]
    found = [cells(line) for line in text.splitlines() if line.startswith("| original")]
    one = next(line for line in found if line[1:3] == ["median", "1"])
    assert one[3:] == ["0.20", "-", "0.30"]
    every = next(line for line in found if line[1:3] == ["median", "17"])
    assert every[3].startswith("8.20 [")
    assert every[4].startswith("8.25 [")
    assert every[5] == "-"
    minus = text.split("Minus the error as stored")[1]
    assert "+0.100" in minus
    assert "+8" not in minus
