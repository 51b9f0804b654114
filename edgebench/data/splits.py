"""Which training samples are kept for validation, which test splits there are, and the paper's sample numbers."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgebench.errors import UsageError
from edgebench.types import FocalStack

VALIDATION_SHARE = 0.2  # of the tiles: the paper's 25,739 of 128,699 (3.1)
SEED = 2019
PLANES = 41  # of a published stack; the paper counts them all (Tables 3 to 6)
PAPER = {  # number of the first sample, and the images of each in the paper's order
    "test-1": (1, (164, 82, 41, 246, 82, 82)),
    "test-2": (7, (41, 123, 205, 246, 246, 205, 246)),
}
TEST = tuple(PAPER)
SAME_PROTOCOL = ("s16", "s17", "s101", "s102", "s103", "s104")


def validation_samples(tiles: Mapping[str, int], *, seed: int = SEED) -> frozenset[str]:
    """Whole samples with about a fifth of the tiles (paper, 3.1), drawn by hash of the name.

    tiles: {sample: number of its tiles}. No order of the samples and no other sample's name moves the draw. One
    sample alone cannot be split: the result is empty.
    """
    wanted = VALIDATION_SHARE * sum(tiles.values())
    order = sorted(tiles, key=lambda sample: hashlib.sha256(f"{seed}:{sample}".encode()).digest())
    chosen: list[str] = []
    held = 0
    for sample in order:
        if abs(held + tiles[sample] - wanted) < abs(held - wanted):
            chosen.append(sample)
            held += tiles[sample]
    if not chosen and len(tiles) > 1:  # all are large: the smallest comes nearest
        chosen = [min(order, key=lambda sample: tiles[sample])]
    return frozenset(chosen)


def sample_numbers(stacks: Iterable[FocalStack], split: str) -> dict[str, str]:
    """{"s16": "Sample 1"} where the counts are the paper's; {} where they are not, so that nothing is misnamed.

    The paper counts 41 images a stack: all planes of the published stacks, all pairs of the simulated ones.
    """
    if split not in PAPER:
        return {}
    first, images = PAPER[split]
    counts: Counter[str] = Counter()
    for stack in stacks:
        if PLANES not in (len(stack.planes), sum(1 for _ in stack.pairs())):
            return {}
        counts[stack.sample] += PLANES
    order = SAME_PROTOCOL if split == "test-1" else sorted(counts, key=lambda sample: int(sample[1:]))
    if tuple(counts[sample] for sample in order) != images or len(order) != len(counts):
        return {}
    return {sample: f"Sample {first + i}" for i, sample in enumerate(order)}


def present_tests(root: Path, there: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """The test splits among those of a data set; UsageError where it has none, or not all that are wanted."""
    present = set(there)
    found = [split for split in TEST if split in present]
    unknown = [split for split in wanted if split not in found]
    if unknown or not found:
        what = f"no test split {unknown[0]!r}" if unknown else "no test split"
        raise UsageError(f"{root}: {what}. Test splits here: {', '.join(found) or 'none'}.")
    return found
