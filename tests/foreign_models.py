"""Two regressors of other architecture than the paper's, with patches that they answer: one of Keras, one of ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from fixtures_models import SIZE, patch_set, sign_pattern

from edgebench.focus.preprocess import model_input


def residual() -> Any:
    """A small residual network with batch normalisation, average pooling and two dense layers; Keras."""
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    image = keras.Input((SIZE, SIZE, 3), name="picture")
    x = layers.Conv2D(8, 3, 2, "same", use_bias=False, name="stem")(image)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.ReLU(name="stem_relu")(x)
    y = layers.SeparableConv2D(8, 3, padding="same", name="separable")(x)
    y = layers.LeakyReLU(name="leaky")(y)
    x = layers.Add(name="join")([x, y])
    x = layers.AveragePooling2D(4, name="pool")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(8, "relu", name="hidden")(x)
    return keras.Model(image, layers.Dense(1, name="distance")(x))


def trained() -> Any:
    """residual(), fitted to patch_set by a few steps of its last layer: least squares on its features."""
    import keras

    model = residual()
    x, z_um = inputs(400, 0)
    model.get_layer("stem").kernel.assign(np.repeat(_edges(), 8, 3))
    features = keras.Model(model.input, model.get_layer("hidden").output).predict(x, verbose=0)
    one = np.c_[features, np.ones(len(x))]
    weights = np.linalg.lstsq(one, z_um, rcond=None)[0]
    model.get_layer("distance").set_weights([weights[:-1, None].astype(np.float32), weights[-1:].astype(np.float32)])
    return model


def _edges() -> np.ndarray:
    kernel = np.zeros((3, 3, 3, 1), np.float32)
    kernel[1, 1] = 1
    return kernel


def inputs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    patches = patch_set(count, seed)
    return model_input(patches.tiles, SIZE), patches.z_um


def npz(path: Path, count: int, seed: int) -> Path:
    """Patches as a user brings them; eight images of one stack."""
    x, y = inputs(count, seed)
    np.savez(path, x=x, y=y, stack=np.arange(count) // 8)
    return path


def nchw_onnx(path: Path, *, scale: float = 12 / 128) -> Path:
    """The label of patch_set as PyTorch would export it, channels first: two convolutions, a subtraction, a product."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernel = np.full((2, 3, 4, 4), 1 / 48, np.float32)
    pattern = np.tile(sign_pattern(8).ravel(), 2).astype(np.float32) * scale
    weights = {"k_plus": kernel, "k_minus": -kernel, "w": pattern[:, None], "b": np.zeros(1, np.float32)}
    nodes = [
        helper.make_node("Conv", ["input", "k_plus"], ["p0"], "plus", strides=[4, 4]),
        helper.make_node("Relu", ["p0"], ["p"], "plus_relu"),
        helper.make_node("Conv", ["input", "k_minus"], ["m0"], "minus", strides=[4, 4]),
        helper.make_node("Relu", ["m0"], ["m"], "minus_relu"),
        helper.make_node("Sub", ["p", "m"], ["d"], "both"),
        helper.make_node("Flatten", ["d"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "w", "b"], ["z"], "head"),
    ]
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 1])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path
