"""Networks whose latency on Raspberry Pis ncnn publishes, as ncnn's param text, from their papers' architectures.

Weights are empty: time and counts hang on shapes alone. Right is what counts the instructions that ncnn's own files do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

Names = list[str]
_MOBILENET = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
_MOBILENET_V2 = [  # expansion, channels, repeats, stride, kernel
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 32, 3, 2, 3), (6, 64, 4, 2, 3), (6, 96, 3, 1, 3), (6, 160, 3, 2, 3),
    (6, 320, 1, 1, 3),
]  # fmt: skip
_MNASNET = [
    (1, 16, 1, 1, 3), (3, 24, 3, 2, 3), (3, 40, 3, 2, 5), (6, 80, 3, 2, 5), (6, 96, 2, 1, 3), (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
]  # fmt: skip
_EFFICIENTNET_B0 = [
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
]  # fmt: skip
_INCEPTION = [  # 1x1, 3x3 reduced, 3x3, 5x5 reduced, 5x5, pooled
    (64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64), (192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64), (112, 144, 288, 32, 64, 64), (256, 160, 320, 32, 128, 128),
    (256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128),
]  # fmt: skip


class Net:
    """A network under construction; blobs are handed on by their names."""

    def __init__(self, side: int, int8: bool = False, chained: bool = False) -> None:
        """chained: int8 convolutions hand on int8, and hold their ReLU."""
        self._lines: Names = []
        self._blobs = 0
        self._int8, self._chained = int8, chained
        self.channels: dict[str, int] = {}
        (self.input,) = self._add("Input", [], 1, f"0={side} 1={side} 2=3", 3)

    def conv(
        self, x: str, out: int, kernel: int, stride: int = 1, pad: int = -1, relu: bool = True, groups: int = 1
    ) -> str:
        """pad -1: half of the kernel."""
        pad = kernel // 2 if pad < 0 else pad
        weights = out * self.channels[x] * kernel * kernel // groups
        more = f" 7={groups}" if groups > 1 else ""
        if self._int8:
            more += f" 8={(1 if groups > 1 else 2) + 100 * self._chained}"
        inside = relu and (self._chained or not self._int8)
        kind = "Convolution" if groups == 1 else "ConvolutionDepthWise"
        shape = f"0={out} 1={kernel} 3={stride} 4={pad} 5=1 6={weights}{more}{' 9=1' if inside else ''}"
        (y,) = self._add(kind, [x], 1, shape, out)
        return self.relu(y) if relu and not inside else y

    def relu(self, x: str) -> str:
        return self._add("ReLU", [x], 1, "", self.channels[x])[0]

    def pool(self, x: str, kernel: int, stride: int, pad: int = 0) -> str:
        return self._add("Pooling", [x], 1, f"0=0 1={kernel} 2={stride} 3={pad}", self.channels[x])[0]

    def mean(self, x: str) -> str:
        return self._add("Pooling", [x], 1, "0=1 4=1", self.channels[x])[0]

    def split(self, x: str, count: int = 2) -> Names:
        return self._add("Split", [x], count, "", self.channels[x])

    def add(self, a: str, b: str) -> str:
        return self._add("Eltwise", [a, b], 1, "0=1 -23301=0", self.channels[a])[0]

    def concat(self, xs: Names) -> str:
        return self._add("Concat", xs, 1, "", sum(self.channels[x] for x in xs))[0]

    def norm(self, x: str) -> str:
        return self._add("LRN", [x], 1, "2=0.0001", self.channels[x])[0]

    def dense(self, x: str, out: int, inputs: int, relu: bool = False) -> str:
        more = f"{' 8=2' if self._int8 else ''}{' 9=1' if relu else ''}"
        return self._add("InnerProduct", [x], 1, f"0={out} 1=1 2={inputs * out}{more}", out)[0]

    def apply(self, kind: str, x: str, parameters: str = "") -> str:
        """A layer of one input that leaves the shape."""
        return self._add(kind, [x], 1, parameters, self.channels[x])[0]

    def multiply(self, a: str, b: str) -> str:
        return self._add("BinaryOp", [a, b], 1, "0=2", self.channels[a])[0]

    def halves(self, x: str) -> Names:
        """Of the channels."""
        half = self.channels[x] // 2
        return self._add("Slice", [x], 2, f"-23300=2,{half},-233", half)

    def padded(self, x: str, more: str, channels: int = 0) -> str:
        return self._add("Padding", [x], 1, more, self.channels[x] + channels)[0]

    def text(self, x: str) -> str:
        self._add("Softmax", [x], 1, "", self.channels[x])
        return f"7767517\n{len(self._lines)} {self._blobs}\n" + "\n".join(self._lines) + "\n"

    def _add(self, kind: str, inputs: Names, outputs: int, parameters: str, channels: int) -> Names:
        number = len(self._lines)
        names = [f"b{number}_{i}" for i in range(outputs)]
        words = [kind, f"l{number}", str(len(inputs)), str(outputs), *inputs, *names, parameters]
        self._lines.append(" ".join(word for word in words if word))
        self._blobs += outputs
        self.channels |= dict.fromkeys(names, channels)
        return names


def alexnet() -> str:
    net = Net(227)
    x = net.pool(net.norm(net.conv(net.input, 96, 11, 4, 0)), 3, 2)
    x = net.pool(net.norm(net.conv(x, 256, 5, groups=2)), 3, 2)
    x = net.conv(net.conv(net.conv(x, 384, 3), 384, 3, groups=2), 256, 3, groups=2)
    x = net.dense(net.pool(x, 3, 2), 4096, 9216, relu=True)
    return net.text(net.dense(net.dense(x, 4096, 4096, relu=True), 1000, 4096))


def squeezenet(int8: bool = False) -> str:
    net = Net(227, int8)
    x = net.conv(net.input, 64, 3, 2, 0)
    for number, narrow in enumerate((16, 16, 32, 32, 48, 48, 64, 64)):
        if number in (0, 2, 4):
            x = net.pool(x, 3, 2)
        a, b = net.split(net.conv(x, narrow, 1))
        x = net.concat([net.conv(b, 4 * narrow, 1), net.conv(a, 4 * narrow, 3)])
    return net.text(net.mean(net.conv(x, 1000, 1, 1, 1)))


def mobilenet(int8: bool = False) -> str:
    net = Net(224, int8, chained=True)
    x = net.conv(net.input, 32, 3, 2)
    for out, stride in _MOBILENET:
        x = net.conv(net.conv(x, net.channels[x], 3, stride, groups=net.channels[x]), out, 1)
    return net.text(net.dense(net.mean(x), 1000, 1024))


def inverted(blocks: Sequence[tuple[int, int, int, int, int]], expand_first: bool) -> str:
    """Of inverted residuals, as MobileNetV2 and MnasNet; expand_first: the first block has its 1x1 convolution, too."""
    net = Net(224)
    x = net.conv(net.input, 32, 3, 2)
    for expansion, out, repeats, first_stride, kernel in blocks:
        for number in range(repeats):
            stride = first_stride if number == 0 else 1
            skip, wide = "", expansion * net.channels[x]
            if stride == 1 and net.channels[x] == out:
                skip, x = net.split(x)
            y = net.conv(x, wide, 1) if expansion > 1 or expand_first else x
            y = net.conv(net.conv(y, wide, kernel, stride, groups=wide), out, 1, relu=False)
            x = net.add(skip, y) if skip else y
    return net.text(net.dense(net.mean(net.conv(x, 1280, 1)), 1000, 1280))


def resnet(repeats: Sequence[int], bottleneck: bool, int8: bool = False) -> str:
    net = Net(224, int8)
    x = net.pool(net.conv(net.input, 64, 7, 2), 3, 2)
    for stage, count in enumerate(repeats):
        narrow = 64 << stage
        out = 4 * narrow if bottleneck else narrow
        for number in range(count):
            stride = 2 if stage and number == 0 else 1
            a, b = net.split(x)
            short = net.conv(b, out, 1, stride, relu=False) if number == 0 else b
            y = net.conv(a, narrow, 1 if bottleneck else 3, stride)
            y = net.conv(net.conv(y, narrow, 3), out, 1, relu=False) if bottleneck else net.conv(y, out, 3, relu=False)
            x = net.relu(net.add(short, y))
    return net.text(net.dense(net.mean(x), 1000, net.channels[x]))


def googlenet(int8: bool = False) -> str:
    net = Net(224, int8)
    x = net.norm(net.pool(net.conv(net.input, 64, 7, 2), 3, 2))
    x = net.pool(net.norm(net.conv(net.conv(x, 64, 1), 192, 3)), 3, 2)
    for number, (one, narrow3, three, narrow5, five, pooled) in enumerate(_INCEPTION):
        if number in (2, 7):
            x = net.pool(x, 3, 2)
        a, b, c, d = net.split(x, 4)
        wide = [net.conv(a, one, 1), net.conv(net.conv(b, narrow3, 1), three, 3)]
        wide += [net.conv(net.conv(c, narrow5, 1), five, 5), net.conv(net.pool(d, 3, 1, 1), pooled, 1)]
        x = net.concat(wide)
    return net.text(net.dense(net.mean(x), 1000, 1024))


def vgg16(int8: bool = False) -> str:
    net = Net(224, int8)
    x = net.input
    for out, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            x = net.conv(x, out, 3)
        x = net.pool(x, 2, 2)
    x = net.dense(net.dense(x, 4096, 25088, relu=True), 4096, 4096, relu=True)
    return net.text(net.dense(x, 1000, 4096))


def shufflenet_v2() -> str:
    net = Net(224)
    x = net.pool(net.conv(net.input, 24, 3, 2), 3, 2)
    for out, count in ((58, 4), (116, 8), (232, 4)):
        for number in range(count):
            if number:
                kept, x = net.halves(x)
            else:
                a, x = net.split(x)
                kept = net.conv(net.conv(a, net.channels[a], 3, 2, relu=False, groups=net.channels[a]), out, 1)
            y = net.conv(net.conv(x, out, 1), out, 3, 1 if number else 2, relu=False, groups=out)
            x = net.apply("ShuffleChannel", net.concat([kept, net.conv(y, out, 1)]), "0=2")
    return net.text(net.dense(net.mean(net.conv(x, 1024, 1)), 1000, 1024))


def blazeface() -> str:
    net = Net(128)
    x = net.conv(net.padded(net.input, "0=1 1=2 2=1 3=2"), 24, 5, 2, 0)
    widths = (24, 28, 32, 36, 42, 48, 56, 64, 72, 80, 88, 96, 96, 96, 96, 96)
    for number, out in enumerate(widths):
        a, b = net.split(x)
        stride = 2 if number in (2, 5, 11) else 1
        if stride == 2:
            b, a = net.pool(b, 2, 2), net.padded(a, "0=0 1=2 2=0 3=2")
        grown = out - net.channels[b]
        if grown:
            b = net.padded(b, f"8={grown}", grown)
        y = net.conv(a, net.channels[a], 3, stride, 0 if stride == 2 else 1, relu=False, groups=net.channels[a])
        x = net.relu(net.add(net.conv(y, out, 1, relu=False), b))
    return net.text(x)


def efficientnet_b0() -> str:
    net = Net(224)
    x = net.apply("Swish", net.conv(net.input, 32, 3, 2, relu=False))
    for expansion, out, repeats, first_stride, kernel in _EFFICIENTNET_B0:
        for number in range(repeats):
            inputs, stride = net.channels[x], first_stride if number == 0 else 1
            skip, wide = "", expansion * inputs
            if stride == 1 and inputs == out:
                skip, x = net.split(x)
            y = net.apply("Swish", net.conv(x, wide, 1, relu=False)) if expansion > 1 else x
            y = net.apply("Swish", net.conv(y, wide, kernel, stride, relu=False, groups=wide))
            a, b = net.split(y)
            narrow = net.apply("Swish", net.dense(net.mean(b), inputs // 4, wide))
            y = net.multiply(a, net.apply("Sigmoid", net.dense(narrow, wide, inputs // 4)))
            y = net.conv(y, out, 1, relu=False)
            x = net.add(skip, y) if skip else y
    x = net.apply("Swish", net.conv(x, 1280, 1, relu=False))
    return net.text(net.dense(net.mean(x), 1000, 1280))


_RESNET18, _RESNET50 = partial(resnet, (2, 2, 2, 2), False), partial(resnet, (3, 4, 6, 3), True)
NETWORKS: dict[str, Callable[[], str]] = {  # by ncnn's names
    "squeezenet": squeezenet,
    "squeezenet_int8": partial(squeezenet, True),
    "mobilenet": mobilenet,
    "mobilenet_int8": partial(mobilenet, True),
    "mobilenet_v2": partial(inverted, _MOBILENET_V2, True),
    "mnasnet": partial(inverted, _MNASNET, False),
    "googlenet": googlenet,
    "googlenet_int8": partial(googlenet, True),
    "resnet18": _RESNET18,
    "resnet18_int8": partial(_RESNET18, True),
    "alexnet": alexnet,
    "resnet50": _RESNET50,
    "resnet50_int8": partial(_RESNET50, True),
    "shufflenet_v2": shufflenet_v2,
    "blazeface": blazeface,
    "efficientnet_b0": efficientnet_b0,
    "vgg16": vgg16,
    "vgg16_int8": partial(vgg16, True),
}
SIDES = {"squeezenet": 227, "squeezenet_int8": 227, "alexnet": 227, "blazeface": 128}  # px; the others 224
