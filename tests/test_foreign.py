"""Anybody's regressor, from its own file to quantised artifacts: another architecture in Keras, SavedModel and ONNX."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from foreign_models import inputs, nchw_onnx, npz, trained

from edgebench.cli.main import main
from edgebench.convert import source
from edgebench.errors import ModelError
from edgebench.files import sha256

KERAS_TARGETS = ("tflite-float32", "tflite-int8", "onnx-int8", "openvino-int8", "openvino-int8-qdq")
ONNX_TARGETS = ("onnx-float32", "onnx-int8", "openvino-float32", "openvino-int8")


@pytest.fixture
def edgebench(monkeypatch, capfd, tmp_path):
    def run(*options):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["edgebench", *map(str, options)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capfd.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run


def only_progress(err: str) -> bool:
    """Nothing of what the converters say."""
    return all(line.startswith("converting ") for line in err.splitlines())


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with the Keras file, the SavedModel, and patches."""
    folder = tmp_path_factory.mktemp("foreign")
    model = trained()
    model.save(folder / "residual.keras")
    model.export(folder / "exported", verbose=False)
    npz(folder / "calibration.npz", 128, 1)
    npz(folder / "test.npz", 320, 2)
    return folder


def convert(edgebench, model, saved, targets):
    to = [word for target in targets for word in ("--to", target)]
    patches = ("--calibration", saved / "calibration.npz", "--data", saved / "test.npz")
    return edgebench("convert", model, *to, *patches)


@pytest.mark.parametrize("name", ["residual.keras", "exported"])
def test_a_foreign_keras_network_becomes_int8_in_three_runtimes(edgebench, saved, tmp_path, name):
    code, out, err = convert(edgebench, saved / name, saved, KERAS_TARGETS)
    assert code == 0, out
    assert only_progress(err)
    folder = tmp_path / "models" / name.split(".")[0]
    for target in KERAS_TARGETS:
        about = json.loads((folder / f"{target}.json").read_text())
        assert about["parity"]["unseen"]["patches"] == 320
    about = json.loads((folder / "tflite-int8.json").read_text())
    assert about["stability"]["mean_um"] < 0.2
    assert not [kind for kind in about["options"]["operators"] if kind.startswith("CONV_2D float")]


def test_layers_of_a_foreign_network_keep_their_names(edgebench, saved, tmp_path):
    recipe = tmp_path / "mixed.toml"
    recipe.write_text('keep = ["hidden", "distance"]\n')
    code, out, err = edgebench(
        "convert", saved / "residual.keras", "--to", "tflite-int8", "--to", "onnx-int8", "--to", "openvino-int8",
        "--recipe", recipe, "--calibration", saved / "calibration.npz", "--data", saved / "test.npz",
    )  # fmt: skip
    assert code == 0, out
    assert only_progress(err)
    for target in ("tflite-int8", "onnx-int8", "openvino-int8"):
        about = json.loads((tmp_path / "models" / "residual" / f"{target}-mixed.json").read_text())
        kept = {layer for unit in about["units"] if unit["float"] for layer in unit["layers"]}
        assert {"hidden", "distance"} <= kept
        assert "stem" not in kept
        assert (about["base"], about["recipe"]) == (target, {"keep": ["hidden", "distance"]})


def test_an_onnx_file_with_channels_first_is_the_same_function(edgebench, saved, tmp_path):
    file = nchw_onnx(tmp_path / "torch-like.onnx")
    given = source.load(file)
    x, z_um = inputs(40, 5)
    assert np.abs(given.predict(x) - z_um).mean() < 0.2  # its answer is nearly the label
    assert given.card.macs == 2 * 64 * 2 * 48 + 128
    code, out, err = convert(edgebench, file, saved, ONNX_TARGETS)
    assert code == 0, out
    assert only_progress(err)
    for target in ONNX_TARGETS:
        assert (tmp_path / "models" / "torch-like" / f"{target}.json").is_file()


def test_an_onnx_file_cannot_become_tflite_and_says_what_can(edgebench, saved, tmp_path):
    file = nchw_onnx(tmp_path / "torch-like.onnx")
    code, _, err = convert(edgebench, file, saved, ["tflite-int8"])
    assert code == 2
    assert "cannot become TFLite" in err
    assert only_progress(err.rpartition("edgebench: error: ")[0])


def test_one_refused_target_does_not_stop_the_others(edgebench, saved, tmp_path):
    file = nchw_onnx(tmp_path / "torch-like.onnx")
    code, out, err = convert(edgebench, file, saved, ["tflite-float32", "onnx-float32"])
    assert code == 2
    assert "1 of 2 targets refused: tflite-float32" in err
    assert "refused: torch-like: an ONNX file cannot become TFLite" in err
    assert "onnx-float32" in out
    assert (tmp_path / "models" / "torch-like" / "onnx-float32.onnx").is_file()


def test_a_model_of_two_inputs_is_refused(tmp_path):
    import keras

    first, second = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
    both = keras.layers.Concatenate()([first, second])
    model = keras.Model([first, second], keras.layers.Dense(1)(keras.layers.Flatten()(both)))
    model.export(tmp_path / "two", verbose=False)
    with pytest.raises(ModelError, match="2 inputs and 1 outputs, expected one of each"):
        source.load(tmp_path / "two")


def test_an_onnx_file_with_weights_that_are_not_finite_is_refused(tmp_path):
    with pytest.raises(ModelError, match="weights are not finite"):
        source.load(nchw_onnx(tmp_path / "bad.onnx", scale=float("nan")))


def test_a_file_that_is_no_onnx_model_is_one_line(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"\x00\x01 nothing")
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        source.load(tmp_path / "bad.onnx")


def test_explain_ranks_the_layers_and_its_recipe_is_proven(edgebench, saved, tmp_path):
    convert(edgebench, saved / "residual.keras", saved, ["tflite-int8"])
    recipe = tmp_path / "kept.toml"
    code, out, err = edgebench(
        "explain", "residual/tflite-int8", "--model", saved / "residual.keras", "--data", saved / "test.npz",
        "--calibration", saved / "calibration.npz", "--recipe", recipe, "--all", "--results", tmp_path / "results",
    )  # fmt: skip
    assert code == 0, err
    for layer in ("stem", "join", "hidden", "distance"):
        assert f"\n{layer} " in out
    assert "predicted" in out
    assert recipe.read_text().count("keep") == 1
    kept = json.loads((tmp_path / "results" / "explain" / "residual_tflite-int8.json").read_text())
    file = tmp_path / "models" / "residual" / "tflite-int8.tflite"
    assert kept["artifact"] == {"model": "residual", "target": "tflite-int8", "sha256": sha256(file)}
    by_layer = {share["layer"]: share for share in kept["shares"]}
    hidden = by_layer["hidden"]
    assert abs(hidden["bytes"]) < 0.2 * file.stat().st_size  # its weights stay int8, as a kept layer's do
    middle, low, high = hidden["time_ratio"]
    assert 0 < low <= middle <= high


def test_explain_takes_what_convert_would_refuse_by_its_recipe(edgebench, saved, tmp_path):
    (tmp_path / "floats.toml").write_text('kept_weights = "float32"\nkeep = ["hidden"]\n')
    code, _, err = edgebench(
        "explain", saved / "residual.keras" / "tflite-int8", "--by", tmp_path / "floats.toml", "--data",
        saved / "test.npz", "--calibration", saved / "calibration.npz", "--all", "--results", tmp_path / "results",
    )  # fmt: skip
    assert code == 0, err
    assert not (tmp_path / "models").exists()  # nothing is converted
    kept = json.loads((tmp_path / "results" / "explain" / "residual_tflite-int8-floats.json").read_text())
    assert "hidden" not in {share["layer"] for share in kept["shares"]}  # it is in float already
    assert kept["whole_um"] > 0


def test_the_search_finds_what_keeps_the_margin(edgebench, saved, tmp_path):
    code, out, err = edgebench(
        "quantise", saved / "residual.keras", "--target", "onnx-int8", "--max-increase", "50nm", "--search",
        "--data", saved / "test.npz", "--calibration", saved / "calibration.npz", "--plot", tmp_path / "front.png",
    )  # fmt: skip
    assert code == 0, out + err
    folder = tmp_path / "models" / "residual"
    assert (folder / "onnx-int8-searched.onnx").is_file()
    assert (folder / "onnx-int8-searched.toml").read_text().startswith("#")
    assert (tmp_path / "front.png").stat().st_size > 5000
    assert "in margin" in out
    assert "best" in out


def test_a_margin_that_nothing_keeps_is_exit_code_1_and_leaves_nothing(edgebench, saved, tmp_path):
    code, out, _ = edgebench(
        "quantise", saved / "residual.keras", "--max-increase", "0.00001um", "--max-size", "1KB",
        "--data", saved / "test.npz", "--calibration", saved / "calibration.npz",
    )  # fmt: skip
    assert code == 1
    assert "too large" in out
    assert not list((tmp_path / "models").glob("*/*searched*"))


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--max-increase", "0.02 mm", "no length"),
        ("--max-increase", "0um", "no length"),
        ("--max-size", "small", "no size"),
        ("--target", "tflite-float16", "only int8 and int16x8 have layers to choose"),
        ("--target", "tflite-int4", "no target 'tflite-int4'"),
    ],
)
def test_bad_options_of_the_search_are_one_line(edgebench, saved, option, value, words):
    patches = ("--data", saved / "test.npz", "--calibration", saved / "calibration.npz")
    code, _, err = edgebench("quantise", saved / "residual.keras", option, value, *patches)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
