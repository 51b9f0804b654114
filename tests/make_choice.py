"""Records to choose among: made-up ones of the shapes that tests/make_records.py knows, as summaries."""

from __future__ import annotations

from make_records import SHA, make_record

from edgebench.records.summary import summarise

COUNT = {
    "calls": 1,
    "instructions": [{"total": 80_000_000, "f32_mul_add": 80_000_000, "l1_misses": 1_000_000, "l2_misses": 100_000}],
    "caches": [[32, 2], [1024, 16]],
}
FIELD = {"patches": 20, "preprocessing": [{"total": 90_000_000, "l1_misses": 300_000, "l2_misses": 200_000}]}
BEFORE_MS = 21.0  # preprocessing and median of an image in a made record


def record(name="a", **changes):
    """One record whose artifact is its own; `name` stands in its target's place among cells."""
    made = make_record(**changes)
    made["artifact"] = made["artifact"] | {"sha256": f"{name}{SHA['artifact']}"[:64]}
    return made


def emulated(name="a", *, board="pi4", images=0, field=True, **changes):
    """Of a board that qemu emulates: no times, instructions counted; of `images` images of each split, 0: all.
    field: those of preprocessing, too, which old records lack."""
    made = record(name, device=board, emulated=True, threads=1, **changes)
    if images:
        for part in made["accuracy"].values():
            part["images"] = part["images"][:images]
    made["device"]["host"]["cpu"] = f"Raspberry Pi {board[2:]} Model B Rev 1.5 (EMULATED)"
    return made | {"latency": [], "count": COUNT | (FIELD if field else {})}


def summaries(*records):
    return tuple(map(summarise, records))
