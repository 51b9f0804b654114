"""The same job as one writes it first: Pillow, SciPy's median, NumPy and Keras's predict, image after image.

python benchmarks/pipeline/straightforward.py < RunSpec (its artifact is the .keras file); prints one JSON object.
Nothing here is shared with edgebench's own pipeline, so that its answers check that one, too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter_ns

from edgebench.runner import feed, host, spec
from edgebench.types import RunSpec

TILE = 224


def main() -> None:
    run = spec.parse(sys.stdin.read())
    host.apply_threads(run.threads)
    print(json.dumps(measure(run)))


def measure(run: RunSpec) -> dict[str, object]:
    """Wall time of the loop over the images, ns, without imports and the loading of the model; and every answer."""
    import keras
    import numpy as np

    model = keras.models.load_model(run.artifact, compile=False)
    model.predict(np.zeros((run.batch_size, run.input_size, run.input_size, 3), np.float32), verbose=0)
    pairs = feed.pairs(run)
    feed.warm(run, pairs)
    root, images = Path(run.data_root), []
    begin = perf_counter_ns()
    for pair in pairs:
        x = patches(root / pair.stack.planes[pair.lower][0], root / pair.stack.planes[pair.upper][0], run.input_size)
        y = model.predict(x, batch_size=run.batch_size, verbose=0)[:, 0]
        z_nm = pair.stack.planes[pair.upper][1]
        images.append({"stack": pair.stack.id, "z_nm": z_nm, "patches_um": y.tolist(), "um": float(np.median(y))})
    return {"wall_ns": perf_counter_ns() - begin, "images": images}


def patches(lower: Path, upper: Path, input_size: int):  # type: ignore[no-untyped-def]
    """(N, S, S, 3) float32: median, difference, median, tiles, resize, standardise (paper, 3.4)."""
    import numpy as np
    from PIL import Image
    from scipy.ndimage import median_filter

    below, above = (
        median_filter(np.asarray(Image.open(file)), size=(3, 3, 1), mode="nearest").astype(np.int16)
        for file in (lower, upper)
    )
    difference = median_filter(above - below, size=(3, 3, 1), mode="nearest").astype(np.float32)
    made = []
    for top in range(0, difference.shape[0] - TILE + 1, TILE):
        for left in range(0, difference.shape[1] - TILE + 1, TILE):
            tile = difference[top : top + TILE, left : left + TILE]
            channels = [Image.fromarray(tile[..., i]).resize((input_size, input_size), Image.BOX) for i in range(3)]
            small = np.stack([np.asarray(channel) for channel in channels], axis=-1)
            made.append((small - small.mean((0, 1))) / small.std((0, 1)))
    return np.array(made, np.float32)


if __name__ == "__main__":
    main()
