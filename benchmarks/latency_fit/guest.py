"""Runs in the guest: a network on ncnn, on one thread, its second call between marks. Arguments: param file, side."""

from __future__ import annotations

import ctypes
import sys

import ncnn

MARK, BEGIN, END = 0x45444745, 1, 2  # emulation/edgecount.c

mark = ctypes.CDLL(None).prctl
ncnn.set_omp_num_threads(1)
net = ncnn.Net()
net.opt.lightmode, net.opt.num_threads, net.opt.use_vulkan_compute = True, 1, False
for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "int8_storage", "int8_arithmetic", "packing_layout"):
    setattr(net.opt, f"use_{name}", True)  # as benchncnn has them, which made the published latencies
for name in ("winograd_convolution", "sgemm_convolution", "int8_inference"):
    setattr(net.opt, f"use_{name}", True)
if net.load_param(sys.argv[1]):
    sys.exit(f"{sys.argv[1]}: ncnn refuses it")
net.load_model(ncnn.DataReaderFromEmpty())
image = ncnn.Mat(int(sys.argv[2]), int(sys.argv[2]), 3)
image.fill(0.01)


def call() -> None:
    extractor = net.create_extractor()
    extractor.input(net.input_names()[0], image)
    for output in net.output_names():
        extractor.extract(output)


call()
mark(MARK, BEGIN, 0, 0, 0)
call()
mark(MARK, END, 0, 0, 0)
