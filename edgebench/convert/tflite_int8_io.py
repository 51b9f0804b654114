"""tflite-int8 without its borders: takes and gives int8, so that preprocessing quantises while it standardises."""

from __future__ import annotations

from functools import partial

from edgebench.convert import tflite_int8

convert = partial(tflite_int8.convert, io="int8")
