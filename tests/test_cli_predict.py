"""edgebench predict: one answer for one field, its direction and its warnings; a mistake is one line, exit code 2."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_stacks import images

from edgebench.cli.main import main
from edgebench.cli.predict import _lines
from edgebench.evaluation import field
from edgebench.evaluation.subjects import Subject
from edgebench.focus import preprocess
from edgebench.focus.images import read_image

SUBJECT = Subject("x", "litert", None, None, {"name": "m", "kind": "difference"})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def planes(tmp_path_factory):
    """Two planes 2 um apart, of 448x672 px: 6 tiles."""
    folder = images(tmp_path_factory.mktemp("stack"), (2000, 4000), size=(672, 448))
    return folder / "defocus2000.png", folder / "defocus4000.png"


@pytest.fixture
def predict(monkeypatch, capfd, planes, tiny_models):
    def run(*options, lower=planes[0], upper=planes[1], model=tiny_models / "tiny"):
        arguments = ["predict", "--lower", lower, "--upper", upper, "--model", model, *options]
        monkeypatch.setattr(sys, "argv", ["edgebench", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            main()
        said = capfd.readouterr()
        return exit.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def refused(predict):
    def run(*options, **files):
        code, out, err = predict(*options, **files)
        assert (code, out, len(err.splitlines())) == (2, "", 1)
        return err

    return run


def test_the_answer_says_distance_direction_spread_and_model(predict):
    code, out, _ = predict()
    assert code == 0
    first, second, third = out.splitlines()
    assert "um: the upper image was taken" in first
    assert "of 6 tiles with contrast" in second
    assert third.startswith("tiny/tflite-float32 (litert), which looks at the difference")


@pytest.mark.parametrize("file", ["tflite-float32.tflite", "onnx-float32.onnx", "openvino-float32.xml"])
def test_every_artifact_gives_the_answer_of_its_own_backend(predict, tiny_models, planes, file):
    _, out, _ = predict("--json", model=tiny_models / "tiny" / file)
    answer = json.loads(out)
    assert answer["model"] == f"tiny/{file.split('.')[0]}"
    lower, upper = map(read_image, planes)
    assert answer["tiles"] == len(preprocess.pair_tiles(lower, upper)) == 6
    _, of_folder, _ = predict("--json")
    assert answer["z_um"] == pytest.approx(json.loads(of_folder)["z_um"], abs=1e-3)  # um, between runtimes


def test_one_json_object_holds_move_and_warnings(predict):
    code, out, _ = predict("--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["move_um"] == -answer["z_um"]
    assert answer["direction"] == ("down" if answer["z_um"] > 0 else "up")
    assert {"median_um", "spread_um", "tiles_with_contrast", "warnings", "delta_um", "backend"} <= answer.keys()
    assert answer["images"] == ["lower", "upper"]


def test_a_folder_without_an_artifact_falls_to_its_keras_model(tiny_models, tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    for name in ("model.keras", "card.json"):
        shutil.copy(tiny_models / "tiny" / name, folder)
    assert field.find(str(folder), tmp_path).backend == "keras"
    assert field.find("tiny", tiny_models).path.name == "tflite-float32.tflite"
    assert field.find(str(tiny_models / "tiny" / "model.keras"), tmp_path).backend == "keras"


def test_a_model_of_single_images_looks_at_the_upper_one_and_says_so(predict, tiny_models, tmp_path, planes):
    folder = shutil.copytree(tiny_models / "tiny", tmp_path / "single")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "kind": "single"}))
    _, out, _ = predict(model=folder)
    assert "looks at the upper image alone" in out
    _, out, _ = predict("--json", model=folder)
    other = tmp_path / "other.png"
    cv2.imwrite(str(other), cv2.imread(str(planes[0]))[::-1])
    _, same, _ = predict("--json", model=folder, lower=other)
    assert json.loads(out)["images"] == ["upper"]
    assert json.loads(same)["median_um"] == json.loads(out)["median_um"]


def test_shading_is_no_contrast_for_a_model_of_single_images(predict, tiny_models, tmp_path):
    """What counts is what changes between the planes: an empty field that is lit unevenly is empty."""
    folder = shutil.copytree(tiny_models / "tiny", tmp_path / "single")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "kind": "single"}))
    rng = np.random.default_rng(0)
    shading = np.linspace(60, 220, 448)[:, None, None]
    for name in ("lower.png", "upper.png"):
        cv2.imwrite(str(tmp_path / name), (shading + rng.normal(0, 0.5, (448, 448, 3))).astype(np.uint8))
    _, _, err = predict("--json", model=folder, lower=tmp_path / "lower.png", upper=tmp_path / "upper.png")
    assert err.startswith("edgebench: warning: no tile of 4 has contrast")


def test_an_artifact_of_an_older_model_is_refused_with_the_command_that_makes_it_anew(refused, tiny_models, tmp_path):
    folder = shutil.copytree(tiny_models / "tiny", tmp_path / "tiny")
    card = json.loads((folder / "card.json").read_text())
    (folder / "model.keras").write_bytes(b"trained again")
    sha256 = hashlib.sha256(b"trained again").hexdigest()
    (folder / "card.json").write_text(json.dumps(card | {"sha256": sha256}))
    assert f"edgebench convert {folder} --to tflite-float32 --force" in refused(model=folder)


def test_an_empty_field_is_warned_of_on_standard_error_and_exits_with_0(predict, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("lower.png", "upper.png"):
        noise = rng.normal(200, 0.5, (448, 448, 3)).clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(tmp_path / name), noise)
    code, _, err = predict("--json", lower=tmp_path / "lower.png", upper=tmp_path / "upper.png")
    assert code == 0
    assert err.startswith("edgebench: warning: no tile of 4 has contrast")


def test_bad_input_is_one_line(refused, planes, tmp_path):
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((224, 224, 3), np.uint8))
    (tmp_path / "text.png").write_text("no image")
    assert "differ in size: 672x448 and 224x224 px" in refused(upper=tmp_path / "small.png")
    assert "not a readable image" in refused(upper=tmp_path / "text.png")
    assert "cannot be read" in refused(lower=tmp_path / "missing.png")
    assert "the same pixels" in refused(upper=planes[0])
    assert "no model" in refused(model="nothing")
    assert "no backend for '.png'" in refused(model=planes[0])


def test_a_distance_that_the_network_does_not_know_is_refused(refused, predict):
    assert "2 um apart" in refused("--delta-um", "3")
    assert predict("--delta-um", "2.0")[0] == 0


@settings(deadline=None)
@given(z=st.floats(-10, 10), tiles=st.integers(1, 20))
def test_the_move_undoes_the_defocus_of_the_upper_image(z, tiles):
    answer = field.judge(np.full(tiles, z), np.full(tiles, 20.0))
    assert answer.warnings == ()
    assert answer.spread_um == (0 if tiles > 1 else None)
    words = _lines(answer, SUBJECT)[0]
    if answer.direction == "down":
        assert z > 0
        assert "above focus: move the stage down" in words
    elif answer.direction == "up":
        assert z < 0
        assert "below focus: move the stage up" in words
    else:
        assert abs(z) < 0.005
        assert "in focus: stay" in words


@settings(deadline=None)
@given(far=st.floats(4, 10))
def test_tiles_without_contrast_have_no_vote_but_a_warning(far):
    patches, contrast = np.array([1.0, 1.0, 1.0, -far, -far, -far, -far]), np.array([30.0, 30, 30, 0.5, 0.5, 0.5, 0.5])
    answer = field.judge(patches, contrast)
    assert (answer.z_um, answer.median_um, answer.tiles_with_contrast) == (1.0, -far, 3)
    assert len(answer.warnings) == 1
    assert "the tiles disagree: +1.00 um weighted by contrast" in answer.warnings[0]


def test_nearly_empty_fields_and_answers_outside_the_training_range_are_warned_of():
    few = field.judge(np.zeros(20), np.array([9.0] * 4 + [0.5] * 16))
    assert "only 4 of 20 tiles have contrast" in few.warnings[0]
    enough = field.judge(np.zeros(20), np.array([9.0] * 5 + [0.5] * 15))
    assert enough.warnings == ()
    outside = field.judge(np.full(4, -10.6), np.full(4, 9.0))
    assert "outside the range that was tested" in outside.warnings[0]


def test_an_empty_field_has_no_spread():
    """A spread of 0.00 um over no tile would be taken for certainty."""
    answer = field.judge(np.array([1.0, 4.0, -3.0]), np.array([0.8, 0.9, 0.7]))
    assert answer.spread_um is None
    assert "cannot be told from 0 of 3 tiles with contrast" in _lines(answer, SUBJECT)[1]
