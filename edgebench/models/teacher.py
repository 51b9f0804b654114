"""A teacher's answers to training patches, kept beside them: a student learns them as a second, calmer label."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgebench.data.patches import PatchSet
from edgebench.files import whole
from edgebench.focus.preprocess import model_input
from edgebench.models import store

if TYPE_CHECKING:
    import keras

BATCH = 128


def answers(
    teacher: Path, sets: Sequence[PatchSet], cache: Path, progress: Callable[[int, int], None]
) -> list[np.ndarray]:
    """(N,) float32 um for each set, computed once for each teacher and set of tiles."""
    identity = store.identity(teacher)
    total, done, found = sum(map(len, sets)), 0, []
    for part in sets:
        labels = hashlib.sha256(part.z_um.tobytes() + part.contrast.tobytes()).hexdigest()
        file = cache / f"teacher-{identity[:16]}-{labels[:16]}.npy"
        if not file.is_file():
            model, _ = store.load(teacher)
            answer = ask(model, part, lambda here, before=done: progress(before + here, total))  # type: ignore[misc]
            with whole(file) as writing, writing.open("wb") as opened:
                np.save(opened, answer)
        found.append(np.load(file, allow_pickle=False))
        done += len(part)
    return found


def ask(model: keras.Model, part: PatchSet, progress: Callable[[int], None] = lambda done: None) -> np.ndarray:
    """A model's answers to all patches of a set: (N,) float32 um."""
    import tensorflow as tf

    call = tf.function(lambda x: model(x, training=False))
    out = np.empty(len(part), np.float32)
    for i in range(0, len(part), BATCH):
        x = model_input(part.tiles[i : i + BATCH], model.input_shape[1])
        out[i : i + BATCH] = call(tf.constant(x)).numpy()[:, 0]
        progress(min(i + BATCH, len(part)))
    return out
