"""Networks whose latency on Raspberry Pis is published for TensorFlow Lite, from their papers and configurations.

Weights are random: time and counts hang on shapes alone. In inference mode and frozen: a batch normalisation that is
left in training mode computes means at every call, which no published network does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

_LITE = [  # EfficientNet-Lite: expansion, channels, repeats, stride, kernel
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
]  # fmt: skip
_V2 = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
_V3_LARGE = [  # tensorflow/models V3_LARGE_DETECTION: expanded, channels, kernel, stride, squeezed, hard swish
    (16, 16, 3, 1, 0, 0), (64, 24, 3, 2, 0, 0), (72, 24, 3, 1, 0, 0), (72, 40, 5, 2, 1, 0), (120, 40, 5, 1, 1, 0),
    (120, 40, 5, 1, 1, 0), (240, 80, 3, 2, 0, 1), (200, 80, 3, 1, 0, 1), (184, 80, 3, 1, 0, 1), (184, 80, 3, 1, 0, 1),
    (480, 112, 3, 1, 1, 1), (672, 112, 3, 1, 1, 1), (672, 80, 5, 2, 1, 1), (480, 80, 5, 1, 1, 1), (480, 80, 5, 1, 1, 1),
]  # fmt: skip
_V3_SMALL = [
    (16, 16, 3, 2, 1, 0), (72, 24, 3, 2, 0, 0), (88, 24, 3, 1, 0, 0), (96, 40, 5, 2, 1, 1), (240, 40, 5, 1, 1, 1),
    (240, 40, 5, 1, 1, 1), (120, 48, 5, 1, 1, 1), (144, 48, 5, 1, 1, 1), (288, 48, 5, 2, 1, 1), (288, 48, 5, 1, 1, 1),
    (288, 48, 5, 1, 1, 1),
]  # fmt: skip
_EFFICIENTDET = {  # google/automl: input px, width, depth, channels of the pyramid, its repeats, repeats of the heads
    0: (320, 1.0, 1.0, 64, 3, 3), 1: (384, 1.0, 1.1, 88, 4, 3), 2: (448, 1.1, 1.2, 112, 5, 3),
}  # fmt: skip
CLASSES = 90


def _relu6(x: Any) -> Any:
    from keras import layers

    return layers.ReLU(6.0)(x)


def _hard_swish(x: Any) -> Any:
    from keras import layers

    return layers.Activation("hard_swish")(x)


def _conv(x: Any, out: int, kernel: int, stride: int = 1, act: Callable[[Any], Any] | None = _relu6) -> Any:
    from keras import layers

    x = layers.BatchNormalization()(layers.Conv2D(out, kernel, stride, "same", use_bias=False)(x))
    return act(x) if act else x


def _depthwise(x: Any, kernel: int, stride: int = 1, act: Callable[[Any], Any] | None = _relu6) -> Any:
    from keras import layers

    x = layers.BatchNormalization()(layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False)(x))
    return act(x) if act else x


def _inverted(x: Any, expanded: int, out: int, stride: int, kernel: int) -> tuple[Any, Any]:
    """The block's output, and what its first convolution makes."""
    from keras import layers

    wide = _conv(x, expanded, 1) if expanded != x.shape[-1] else x
    y = _conv(_depthwise(wide, kernel, stride), out, 1, act=None)
    return (layers.Add()([x, y]) if stride == 1 and x.shape[-1] == out else y), wide


def _squeezed(x: Any) -> Any:
    from keras import layers

    narrow = int(max(8, (x.shape[-1] // 4 + 4) // 8 * 8))
    gate = layers.Conv2D(narrow, 1, activation="relu")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return layers.Multiply()([x, layers.Activation("hard_sigmoid")(layers.Conv2D(x.shape[-1], 1)(gate))])


def _v2(image: Any) -> tuple[Any, Any]:
    """Maps of stride 16 and 32 of MobileNetV2, as SSD takes them."""
    x, middle = _conv(image, 32, 3, 2), None
    for expansion, out, repeats, first_stride in _V2:
        for number in range(repeats):
            x, wide = _inverted(x, expansion * x.shape[-1], out, first_stride if number == 0 else 1, 3)
            middle = wide if (out, number) == (160, 0) else middle
    return middle, _conv(x, 1280, 1)


def _v3(image: Any, blocks: Sequence[tuple[int, ...]], first: int, last: int) -> tuple[Any, Any]:
    """Maps of stride 16 and 32 of MobileNetV3; `first` is the block whose expansion is the former."""
    from keras import layers

    x, middle = _conv(image, 16, 3, 2, _hard_swish), None
    for number, (expanded, out, kernel, stride, squeeze, swish) in enumerate(blocks):
        act = _hard_swish if swish else layers.ReLU()
        wide = _conv(x, expanded, 1, act=act) if expanded != x.shape[-1] else x
        middle = wide if number == first else middle
        y = _depthwise(wide, kernel, stride, act if swish else layers.ReLU())
        y = _conv(_squeezed(y) if squeeze else y, out, 1, act=None)
        x = layers.Add()([x, y]) if stride == 1 and x.shape[-1] == out else y
    return middle, _conv(x, last, 1, act=_hard_swish)


def ssd(side: int, backbone: Callable[[Any], tuple[Any, Any]], lite: bool) -> Any:
    """SSD with six maps and 3, 6, 6, 6, 6, 6 anchors; lite: its predictors are depthwise separable."""
    import keras
    from keras import layers

    image = keras.Input((side, side, 3), batch_size=1)
    maps = list(backbone(image))
    for out in (512, 256, 256, 128):
        maps.append(_conv(_depthwise(_conv(maps[-1], out // 2, 1), 3, 2), out, 1))

    def predicted(x: Any, out: int) -> Any:
        return layers.Conv2D(out, 1)(_depthwise(x, 3)) if lite else layers.Conv2D(out, 3, padding="same")(x)

    boxes, scores = [], []
    for x, anchors in zip(maps, (3, 6, 6, 6, 6, 6)):
        boxes.append(layers.Reshape((-1, 4))(predicted(x, anchors * 4)))
        scores.append(layers.Reshape((-1, CLASSES + 1))(predicted(x, anchors * (CLASSES + 1))))
    score = layers.Activation("sigmoid")(layers.Concatenate(axis=1)(scores))
    return keras.Model(image, [layers.Concatenate(axis=1)(boxes), score])


def efficientdet(version: int) -> Any:
    """EfficientDet-Lite: activation ReLU6, maps summed without weights."""
    import keras
    from keras import layers

    side, width, depth, channels, cells, repeats = _EFFICIENTDET[version]
    image = keras.Input((side, side, 3), batch_size=1)
    x, stages = _conv(image, 32, 3, 2), []
    for stage, (expansion, out, count, first_stride, kernel) in enumerate(_LITE):
        wide = max(8, int(out * width + 4) // 8 * 8)
        for number in range(count if stage in (0, 6) else math.ceil(count * depth)):
            x, _ = _inverted(x, expansion * x.shape[-1], wide, first_stride if number == 0 else 1, kernel)
        stages.append(x)

    def fitted(x: Any) -> Any:
        return x if x.shape[-1] == channels else _conv(x, channels, 1, act=None)

    def halved(x: Any) -> Any:
        return layers.MaxPooling2D(3, 2, "same")(x)

    def node(maps: list[Any]) -> Any:
        y = _relu6(layers.Add()(maps))
        return layers.BatchNormalization()(layers.SeparableConv2D(channels, 3, padding="same")(y))

    six = halved(fitted(stages[6]))
    pyramid = [stages[2], stages[4], stages[6], six, halved(six)]
    for _ in range(cells):
        given = [fitted(x) for x in pyramid]
        down = list(given)
        for i in (3, 2, 1, 0):
            size = given[i].shape[1:3]
            down[i] = node([given[i], layers.Resizing(*size, interpolation="nearest")(down[i + 1])])
        pyramid = [down[0]]
        for i in (1, 2, 3):
            pyramid.append(node([given[i], down[i], halved(pyramid[-1])]))
        pyramid.append(node([given[4], halved(pyramid[-1])]))

    def head(values: int) -> Any:
        shared = [layers.SeparableConv2D(channels, 3, padding="same") for _ in range(repeats)]
        last, made = layers.SeparableConv2D(9 * values, 3, padding="same"), []
        for x in pyramid:
            for layer in shared:
                x = _relu6(layers.BatchNormalization()(layer(x)))
            made.append(layers.Reshape((-1, values))(last(x)))
        return layers.Concatenate(axis=1)(made)

    return keras.Model(image, [head(4), layers.Activation("sigmoid")(head(CLASSES))])


def _application(name: str, side: int) -> Any:
    import keras

    return getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3))


_LITE_V2 = partial(ssd, 300, _v2, True)
NETWORKS: dict[str, Callable[[], Any]] = {
    "mobilenet_v1_1.0_224": partial(_application, "MobileNet", 224),
    "mobilenet_v2_1.0_224": partial(_application, "MobileNetV2", 224),
    **{f"efficientdet_lite{version}": partial(efficientdet, version) for version in _EFFICIENTDET},
    "ssdlite_mobilenet_v2_300": _LITE_V2,
    "ssd_mobilenet_v2_300": partial(ssd, 300, _v2, False),
    "ssdlite_mobilenet_v3_large_320": partial(ssd, 320, partial(_v3, blocks=_V3_LARGE, first=12, last=480), True),
    "ssdlite_mobilenet_v3_small_320": partial(ssd, 320, partial(_v3, blocks=_V3_SMALL, first=8, last=288), True),
}


def convert(name: str, int8: bool, seed: int = 0) -> bytes:
    """As its publishers did: batch 1, int8 in, and at the end of a detector the operator that makes detections."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model, rng = NETWORKS[name](), np.random.default_rng(seed)
    shape = (1, *model.input_shape[1:])
    found = tf.function(lambda image: model(image, training=False)).get_concrete_function(tf.TensorSpec(shape))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([convert_variables_to_constants_v2(found)], model)

    def samples() -> Iterator[list[np.ndarray]]:
        for _ in range(2):
            yield [rng.uniform(-1, 1, shape).astype(np.float32)]

    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = samples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
    made = bytes(converter.convert())
    return _detecting(made, rng) if "det" in name or "ssd" in name else made


def _detecting(data: bytes, rng: np.random.Generator) -> bytes:
    """With the operator that ends exported detectors; options by tensorflow/lite/kernels/detection_postprocess.cc."""
    from flatbuffers import flexbuffers
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(data))
    graph = model.subgraphs[0]
    boxes, scores = sorted(graph.outputs, key=lambda index: int(graph.tensors[index].shape[-1]))
    anchors = rng.uniform(0.1, 0.9, (int(graph.tensors[boxes].shape[1]), 4)).astype(np.float32)

    def tensor(name: str, shape: Sequence[int], contents: bytes = b"") -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(contents, np.uint8) if contents else None
        model.buffers.append(buffer)
        made = schema.TensorT()
        made.name, made.shape, made.type = name.encode(), np.array(shape, np.int32), schema.TensorType.FLOAT32
        made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode, code.version = b"TFLite_Detection_PostProcess", 1
    model.operatorCodes.append(code)
    options = flexbuffers.Builder()
    with options.Map():
        for key, count in (("max_detections", 100), ("max_classes_per_detection", 1), ("num_classes", CLASSES)):
            options.Int(key, count)
        options.Bool("use_regular_nms", False)
        scales = {f"{axis}_scale": 1.0 for axis in "yxhw"}
        for key, value in {"nms_score_threshold": 0.0, "nms_iou_threshold": 0.5, **scales}.items():
            options.Float(key, value)
    last = schema.OperatorT()
    last.opcodeIndex, last.builtinOptions = len(model.operatorCodes) - 1, None
    last.customOptions = np.frombuffer(bytes(options.Finish()), np.uint8)
    last.inputs = [boxes, scores, tensor("anchors", anchors.shape, anchors.tobytes())]
    shapes = {"boxes": (1, 100, 4), "classes": (1, 100), "found_scores": (1, 100), "count": (1,)}
    last.outputs = [tensor(name, shape) for name, shape in shapes.items()]
    graph.operators.append(last)
    graph.outputs = last.outputs
    model.signatureDefs = None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def write(name: str, int8: bool, folder: Path) -> Path:
    file = folder / f"{name}_{'int8' if int8 else 'float32'}.tflite"
    file.write_bytes(convert(name, int8))
    return file
