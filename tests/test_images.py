"""Reading one image: every suffix and size of the data set, and one line for everything that is not such an image."""

from __future__ import annotations

import zlib

import cv2
import numpy as np
import pytest

from edgebench.errors import DatasetError
from edgebench.focus.images import SUFFIXES, decode, read_image


@pytest.fixture(scope="module")
def texture():
    """Smooth colours, (224, 224, 3) uint8 RGB: JPEG keeps them within a few grey values."""
    coarse = np.random.default_rng(0).integers(40, 220, (7, 7, 3), np.uint8)
    return cv2.resize(coarse, (224, 224), interpolation=cv2.INTER_CUBIC)


def encoded(rgb, suffix=".png"):
    return cv2.imencode(suffix, rgb[..., ::-1] if rgb.ndim == 3 else rgb)[1].tobytes()


def failure(data, path):
    path.write_bytes(data)
    with pytest.raises(DatasetError) as error:
        read_image(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".JPG"])
def test_every_suffix_gives_rgb_of_8_bits(tmp_path, texture, suffix):
    path = tmp_path / f"defocus150{suffix}"
    path.write_bytes(encoded(texture, suffix.lower()))
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    limit = 12 if suffix.lower() in (".jpg", ".jpeg") else 0  # grey values; the others are lossless
    assert np.abs(image.astype(int) - texture).max() <= limit


def test_the_cameras_full_size_is_binned_two_by_two(tmp_path):
    full = np.random.default_rng(1).integers(0, 256, (2048, 2448, 3), np.uint8)
    path = tmp_path / "defocus150.bmp"
    path.write_bytes(encoded(full, ".bmp"))
    image = read_image(path)
    assert image.shape == (1024, 1224, 3)
    mean = full.reshape(1024, 2, 1224, 2, 3).mean(axis=(1, 3))
    assert np.abs(image - mean).max() <= 0.5  # grey values; rounding


def test_the_papers_size_is_left_as_it_is(tmp_path):
    image = np.random.default_rng(2).integers(0, 256, (1024, 1224, 3), np.uint8)
    path = tmp_path / "defocus150.bmp"
    path.write_bytes(encoded(image, ".bmp"))
    np.testing.assert_array_equal(read_image(path), image)


def test_decoding_bytes_is_reading_without_the_file(tmp_path, texture):
    np.testing.assert_array_equal(decode(encoded(texture), tmp_path / "never-written.png"), texture)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.2, 0.9, 0.995])
def test_a_truncated_jpeg_or_png_is_refused_though_opencv_would_decode_it(tmp_path, texture, suffix, share):
    data = encoded(texture, suffix)
    assert "truncated" in failure(data[: int(share * len(data))], tmp_path / f"cut{suffix}")


def test_the_end_mark_of_an_embedded_thumbnail_does_not_pass_for_the_images_own(tmp_path, texture):
    data = encoded(texture, ".jpg")
    thumbnail = b"\xff\xfe\x00\x06\x00\x00\xff\xd9"  # a comment segment with an end mark in it
    whole = data[:2] + thumbnail + data[2:]
    np.testing.assert_array_equal(decode(whole, tmp_path / "whole.jpg"), decode(data, tmp_path / "plain.jpg"))
    assert "truncated" in failure(whole[: len(whole) // 2], tmp_path / "cut.jpg")


@pytest.mark.parametrize("suffix", [".tif", ".bmp"])
def test_a_truncated_tiff_or_bmp_is_refused(tmp_path, texture, suffix):
    data = encoded(texture, suffix)
    assert "not a readable image" in failure(data[: len(data) // 2], tmp_path / f"cut{suffix}")


def test_16_bits_are_refused(tmp_path, texture):
    assert "uint16" in failure(encoded(texture.astype(np.uint16) * 257, ".tif"), tmp_path / "deep.tif")


def test_grey_images_are_refused(tmp_path, texture):
    assert "1 colour channel" in failure(encoded(texture[..., 0], ".tif"), tmp_path / "grey.tif")


def test_images_with_an_alpha_channel_are_refused(tmp_path, texture):
    with_alpha = cv2.imencode(".png", cv2.cvtColor(texture, cv2.COLOR_RGB2BGRA))[1].tobytes()
    assert "4 colour channel" in failure(with_alpha, tmp_path / "alpha.png")


@pytest.mark.parametrize("data", [b"", b"This is no image.\n", bytes(1000)], ids=["empty", "text", "zeros"])
def test_what_is_no_image_is_refused_whatever_its_name(tmp_path, data):
    assert f"({len(data)} bytes)" in failure(data, tmp_path / "defocus150.jpg")


def test_a_header_with_absurd_sizes_is_refused(tmp_path):
    header = b"IHDR" + (10**6).to_bytes(4, "big") * 2 + bytes((8, 2, 0, 0, 0))
    chunks = [header, b"IDAT", b"IEND"]
    parts = [(len(c) - 4).to_bytes(4, "big") + c + zlib.crc32(c).to_bytes(4, "big") for c in chunks]
    assert "not a readable image" in failure(b"\x89PNG\r\n\x1a\n" + b"".join(parts), tmp_path / "huge.png")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "missing.jpg", tmp_path):
        with pytest.raises(DatasetError, match="cannot be read"):
            read_image(path)
