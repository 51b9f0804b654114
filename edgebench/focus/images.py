"""Reading one microscope image, strictly: what is not an 8-bit RGB field is an error, never a guess."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgebench.errors import DatasetError

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")
CAMERA_SIZE = (2448, 2048)  # width, height as published; the paper works on 2x2 bins of it
if hasattr(cv2, "setLogLevel"):  # OpenCV 4
    cv2.setLogLevel(0)
else:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # an unreadable file gets our one line alone
_END_MARKS = {b"\xff\xd8": b"\xff\xd9", b"\x89P": b"IEND"}  # JPEG, PNG: OpenCV decodes cut files without a word


def read_image(path: Path) -> np.ndarray:
    """Read and decode one image.

    Returns (H, W, 3) uint8, RGB; the camera's full 2448x2048 is binned 2x2 to 1224x1024 (paper, 4.3).
    Raises DatasetError for a file that is missing, truncated, not an image, 16-bit or grey. Damage in the middle of a
    JPEG is not seen: OpenCV decodes what follows it, and says nothing.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}). Check the data folder.") from error
    return decode(data, path)


def decode(data: bytes, path: Path) -> np.ndarray:
    """Decode the bytes of one image file; see read_image, which reads them."""
    end_mark = _END_MARKS.get(data[:2])
    if end_mark is not None and end_mark not in data.rstrip(b"\0")[-64:]:
        raise DatasetError(f"{path}: truncated after {len(data)} bytes. Copy or download it again.")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    except cv2.error:  # a header with absurd sizes
        image = None
    if image is None:
        raise DatasetError(f"{path}: not a readable image ({len(data)} bytes). Copy or download it again.")
    if image.dtype != np.uint8:
        raise DatasetError(f"{path}: {image.dtype} pixels, expected 8 bits a colour. Convert it to 8-bit RGB.")
    if image.ndim != 3 or image.shape[2] != 3:
        colours = 1 if image.ndim == 2 else image.shape[2]
        raise DatasetError(f"{path}: {colours} colour channel(s), expected 3. Use the RGB images of the set.")
    if image.shape[1::-1] == CAMERA_SIZE:
        image = cv2.resize(image, (CAMERA_SIZE[0] // 2, CAMERA_SIZE[1] // 2), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
